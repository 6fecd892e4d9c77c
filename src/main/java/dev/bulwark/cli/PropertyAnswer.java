package dev.bulwark.cli;

import dev.bulwark.data.DataException;
import dev.bulwark.files.AtomicFile;
import dev.bulwark.model.io.ModelFile;
import dev.bulwark.model.io.PropertyFile;
import dev.bulwark.model.io.StoredNetwork;
import dev.bulwark.model.io.vnnlib.Property;
import dev.bulwark.plan.Plan;
import dev.bulwark.properties.Decision;
import dev.bulwark.properties.PropertyChecker;
import dev.bulwark.report.Paragraph;
import dev.bulwark.runs.Existing;
import dev.bulwark.runs.ExperimentException;
import dev.bulwark.runs.Fleet;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.BooleanSupplier;
import picocli.CommandLine;
import picocli.CommandLine.Model.OptionSpec;

/** {@code bulwark verify MODEL --vnnlib P}: one property of a network, as the verification competition asks for it. */
final class PropertyAnswer {

    private static final Set<String> OPTIONS = Set.of("--vnnlib", "--timeout", "--out", "--overwrite", "--device", "--quiet",
            "--debug");
    /** An answer's first line. */
    private static final Set<String> WORDS = Set.of("unsat", "sat", "unknown", "timeout");
    private static final int LONGEST_WORD = WORDS.stream().mapToInt(String::length).max().orElseThrow();
    /** Of the search's starting points: the same property has the same answer. */
    private static final long SEED = 0;

    private final Path model;
    private final Path file;
    /** Null for none. */
    private final Double timeout;
    private final long start = System.nanoTime();

    PropertyAnswer(Path model, Path file, Double timeout) {
        this.model = model;
        this.file = file;
        this.timeout = timeout;
    }

    /** Prints the answer, and writes it to {@code out} unless that is null. */
    int run(CommandLine line, DeviceOptions device, Path out, Existing existing) throws Exception {
        check(line);
        if (out != null) {
            requireUsable(out, existing);
        }
        PrintWriter err = line.getErr();
        StoredNetwork network = ModelFile.read(model);
        network.notes().forEach(note -> say(err, "note: " + note));
        Property property = PropertyFile.read(file);
        requireFit(network, property);
        Decision decision = timeout == null ? decide(network, property, device) : new TimeLimit(remaining())
                .on(() -> decide(network, property, device)).orElseGet(Decision.Timeout::new);
        StringBuilder answer = new StringBuilder(decision.word()).append('\n');
        if (decision instanceof Decision.Sat sat) {
            answer.append(sat.witness()).append('\n');
        }
        if (decision instanceof Decision.Unknown unknown) {
            say(err, "unknown: " + unknown.reason());
        }
        if (out != null) {
            AtomicFile.replace(out, answer.toString().getBytes(StandardCharsets.UTF_8));
        }
        line.getOut().print(answer);
        line.getOut().flush();
        return ExitCode.DONE.code();
    }

    private void check(CommandLine line) {
        if (model == null) {
            throw new ExperimentException("--vnnlib is about a network: name its file, as in verify MODEL --vnnlib " + file);
        }
        if (timeout != null && !(timeout > 0 && timeout <= 1e9)) {
            throw new ExperimentException("--timeout must be a number of seconds above 0: " + timeout);
        }
        Set<String> others = new TreeSet<>();
        for (OptionSpec option : line.getParseResult().matchedOptions()) {
            if (!OPTIONS.contains(option.longestName())) {
                others.add(option.longestName());
            }
        }
        if (!others.isEmpty()) {
            throw new ExperimentException("--vnnlib says all that is asked, and takes no " + String.join(", ", others)
                    + ": drop " + (others.size() == 1 ? "it" : "them"));
        }
    }

    private void requireUsable(Path out, Existing existing) throws IOException {
        OutputPaths.requireFile("--out", out);
        OutputPaths.requireNoInput("--out", out, Map.of("MODEL", model, "--vnnlib", file));
        if (Files.exists(out) && !isAnswer(out)) {
            throw new ExperimentException("--out " + out + " is not an earlier answer: it stays as it is, so name another file");
        }
        if (Files.exists(out) && existing != Existing.REPLACE) {
            throw new ExperimentException("--out " + out + " exists: name another file, or throw it away with --overwrite");
        }
    }

    /** Whether a file is empty or has an answer in its first line, so that it may be replaced. */
    private static boolean isAnswer(Path path) throws IOException {
        if (!Files.isRegularFile(path)) {
            return false;
        }
        try (InputStream in = Files.newInputStream(path)) {
            String start = new String(in.readNBytes(LONGEST_WORD + 1), StandardCharsets.UTF_8);
            return start.isEmpty() || WORDS.stream().anyMatch(word -> start.equals(word) || start.startsWith(word + "\n"));
        }
    }

    private void requireFit(StoredNetwork network, Property property) {
        if (network.logitsOnly()) {
            throw new DataException(model + ": the file ends in a softmax, of which properties speak, and bounds know its logits "
                    + "alone: export the network without its last softmax, and a property of logits with it");
        }
        if (property.inputs() != network.graph().input().size() || property.outputs() != network.graph().classes()) {
            throw new DataException(file + ": it declares " + property.inputs() + " inputs and " + property.outputs()
                    + " outputs, but " + model + " takes " + network.graph().input().size() + " and makes "
                    + network.graph().classes());
        }
    }

    /** In its own fleet, which a call that outlives its time can keep. */
    private Decision decide(StoredNetwork network, Property property, DeviceOptions device) {
        BooleanSupplier late = () -> timeout != null && remaining() <= 0;
        try (Fleet fleet = device.openFirst(); Plan plan = Plan.load(fleet.first(), network.graph())) {
            return new PropertyChecker(plan, property, late).decide(SEED);
        }
    }

    private double remaining() {
        return timeout - (System.nanoTime() - start) / 1e9;
    }

    private static void say(PrintWriter err, String text) {
        err.println(Paragraph.wrapped(text, Terminal.columns(System.getenv())));
    }
}
