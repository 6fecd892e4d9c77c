package dev.bulwark.cli;

import dev.bulwark.bounds.Claim;
import dev.bulwark.bounds.RealNetwork;
import dev.bulwark.data.DataException;
import dev.bulwark.files.AtomicFile;
import dev.bulwark.model.Graph;
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
import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;
import picocli.CommandLine;
import picocli.CommandLine.Model.OptionSpec;

/** {@code bulwark verify MODEL --vnnlib P}: one property of a network, as the verification competition asks for it. */
final class PropertyAnswer {

    private static final Set<String> OPTIONS = Set.of("--vnnlib", "--claim", "--timeout", "--max-domains", "--out", "--overwrite",
            "--device", "--quiet", "--debug");
    /** An answer's first line. */
    private static final Set<String> WORDS = Set.of("unsat", "sat", "unknown", "timeout");
    private static final int LONGEST_WORD = WORDS.stream().mapToInt(String::length).max().orElseThrow();
    /** What a file says of a counterexample that rounding may have made, as a comment. */
    private static final String UNCONFIRMED = "; exact arithmetic does not confirm this counterexample";
    /** Of the search's starting points: the same property has the same answer. */
    private static final long SEED = 0;

    private final Path model;
    private final Path file;
    /** Null for none. */
    private final Double timeout;
    private final Long mostDomains;
    private final Claim claim;
    private final long start = System.nanoTime();

    PropertyAnswer(Path model, Path file, Double timeout, Long mostDomains, Claim claim) {
        this.model = model;
        this.file = file;
        this.timeout = timeout;
        this.mostDomains = mostDomains;
        this.claim = claim;
    }

    /** Prints the answer, and writes it to {@code out} unless that is null. */
    int run(CommandLine line, DeviceOptions device, Path out, Existing existing) throws Exception {
        check(line);
        if (out != null) {
            requireUsable(out, existing);
        }
        PrintWriter err = line.getErr();
        Answer answer = inTime(() -> answer(device, err)).orElseGet(() -> new Answer(new Decision.Timeout(), () -> true));
        StringBuilder text = new StringBuilder(answer.decision.word()).append('\n');
        if (answer.decision instanceof Decision.Sat sat) {
            text.append(sat.witness()).append('\n');
        }
        if (answer.decision instanceof Decision.Unknown unknown) {
            say(err, "unknown: " + unknown.reason());
        }
        write(out, text);
        line.getOut().print(text);
        line.getOut().flush();
        if (answer.decision instanceof Decision.Sat && claim == Claim.REAL) {
            confirm(answer.exactly, out, text, err);
        }
        return ExitCode.DONE.code();
    }

    /**
     * What is known of the property.
     *
     * @param exactly of a counterexample: whether it is one in exact arithmetic too
     */
    private record Answer(Decision decision, Supplier<Boolean> exactly) {
    }

    /** All that takes time: a network and a property can be large. */
    private Answer answer(DeviceOptions device, PrintWriter err) {
        StoredNetwork network = ModelFile.read(model);
        network.notes().forEach(note -> say(err, "note: " + note));
        DeployedClaim.requireFit(claim, network);
        Property property = PropertyFile.read(file);
        requireFit(network, property);
        Decision decision = decide(network, property, device);
        return new Answer(decision, () -> decision instanceof Decision.Sat sat
                && isReal(network.graph(), property, sat.witness().inputs()));
    }

    private static boolean isReal(Graph network, Property property, List<BigDecimal> inputs) {
        return new RealNetwork(network).surely(inputs, (lower, upper) -> property.isUnsafe(inputs, lower, upper));
    }

    /** Empty where the time is up before; what runs then is left behind, and ends with the process. */
    private <T> Optional<T> inTime(Supplier<T> call) {
        return timeout == null ? Optional.of(call.get()) : new TimeLimit(remaining()).on(call);
    }

    /** The answer stands, for a float pass decides; it is out before this, which may take its time. */
    private void confirm(Supplier<Boolean> exactly, Path out, StringBuilder text, PrintWriter err) throws IOException {
        Optional<Boolean> confirmed = inTime(exactly);
        if (confirmed.isEmpty()) {
            say(err, "note: there was no time left to look at the counterexample in exact arithmetic");
        } else if (!confirmed.get()) {
            say(err, "note: a float forward pass breaks the property at this input, and exact arithmetic does not confirm it: "
                    + "rounding may be all that breaks it");
            write(out, text.append(UNCONFIRMED).append('\n'));
        }
    }

    private static void write(Path out, CharSequence text) throws IOException {
        if (out != null) {
            AtomicFile.replace(out, text.toString().getBytes(StandardCharsets.UTF_8));
        }
    }

    private void check(CommandLine line) {
        if (model == null) {
            throw new ExperimentException("--vnnlib is about a network: name its file, as in verify MODEL --vnnlib " + file);
        }
        if (timeout != null && !(timeout > 0 && timeout <= 1e9)) {
            throw new ExperimentException("--timeout must be a number of seconds above 0: " + timeout);
        }
        if (mostDomains != null && mostDomains < 1) {
            throw new ExperimentException("--max-domains must be at least 1: " + mostDomains);
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
        try (Fleet fleet = device.openFirst(); Plan plan = Plan.load(fleet.first(), network.graph(), claim.arithmetic())) {
            return new PropertyChecker(plan, property, late).decide(SEED, mostDomains == null ? Long.MAX_VALUE : mostDomains);
        }
    }

    private double remaining() {
        return timeout - (System.nanoTime() - start) / 1e9;
    }

    private static void say(PrintWriter err, String text) {
        err.println(Paragraph.wrapped(text, Terminal.columns(System.getenv())));
    }
}
