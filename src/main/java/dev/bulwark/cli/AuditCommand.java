package dev.bulwark.cli;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.bulwark.audit.AuditException;
import dev.bulwark.audit.CertificateFile;
import dev.bulwark.audit.CertificateText;
import dev.bulwark.audit.Checker;
import dev.bulwark.audit.Network;
import dev.bulwark.audit.NetworkFile;
import dev.bulwark.audit.SmoothingCertificate;
import dev.bulwark.data.DataException;
import dev.bulwark.data.Dataset;
import dev.bulwark.data.Split;
import dev.bulwark.model.ChannelsLast;
import dev.bulwark.model.Graph;
import dev.bulwark.model.io.ModelFile;
import dev.bulwark.model.io.StoredNetwork;
import dev.bulwark.plan.Plan;
import dev.bulwark.runs.BoundsAudit;
import dev.bulwark.runs.ExperimentException;
import dev.bulwark.runs.Fleet;
import dev.bulwark.runs.SmoothingAudit;
import dev.bulwark.runs.Subject;
import dev.bulwark.shapes.Shape;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.Writer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code bulwark audit}: certificates, proven again. */
@Command(name = "audit",
        description = "Check certificates that verify or certify wrote with --certificates. Those of bounds are proven "
        + "again by a checker that shares no code with the verifier; of those of smoothing the statistics are derived again, and some "
        + "rows' noise is drawn again. Ends with 0 if all that rows claim was proven, else with 1.")
final class AuditCommand implements Callable<Integer> {

    private static final ObjectMapper JSON = new ObjectMapper();

    @Spec
    private CommandSpec spec;
    @Mixin
    private GeneralOptions general;
    @Mixin
    private DataOptions data;
    @Mixin
    private NoisyDeviceOptions device;

    @Parameters(index = "0", paramLabel = "CERTIFICATES", description = "JSON lines, plain or .gz.")
    private Path certificates;

    @Option(names = "--model", required = true, paramLabel = "M.safetensors",
            description = "The network that they speak of.")
    private Path model;

    @Option(names = "--out", paramLabel = "F.jsonl", description = "What became of each row.")
    private Path out;

    @Option(names = "--redraw", paramLabel = "N", defaultValue = "3",
            description = "Of smoothing: rows whose noise is drawn again "
            + "(default: ${DEFAULT-VALUE}).")
    private int redraw;

    @Option(names = "--overwrite", description = "Throw away what --out's file holds.")
    private boolean overwrite;

    @Override
    public Integer call() throws Exception {
        if (out != null) {
            checkOut();
        }
        try (CertificateFile file = new CertificateFile(certificates)) {
            String first = file.next().orElseThrow(() -> new AuditException(certificates + ": it is empty"));
            if (SmoothingCertificate.isOne(first)) {
                return smoothing(first, file);
            }
            if (!CertificateText.isOne(first)) {
                throw new AuditException(certificates + ": line 1 is no certificate: it does not begin with "
                        + CertificateText.START);
            }
            Network network = NetworkFile.read(model);
            Shape input = Shape.of(network.input().stream().mapToInt(Integer::intValue).toArray());
            Dataset images = data.images(Set.of(Split.TEST), input).dataset(Split.TEST);
            if (images.imageSize() != network.inputs()) {
                throw new DataException("the network takes " + network.inputs() + " elements, and images of "
                        + images.name() + " have "
                        + images.imageSize() + ": name the data that the certificates are of");
            }
            return bounds(first, file, new BoundsAudit(network, images));
        }
    }

    private void checkOut() throws IOException {
        OutputPaths.requireFile("--out", out);
        Map<String, Path> inputs = new LinkedHashMap<>(data.inputs());
        inputs.put("CERTIFICATES", certificates);
        inputs.put("--model", model);
        OutputPaths.requireNoInput("--out", out, inputs);
        if (Files.exists(out) && !overwrite) {
            throw new ExperimentException(out + " exists: name another file, or throw it away with --overwrite");
        }
    }

    private int bounds(String first, CertificateFile file, BoundsAudit audit) throws IOException {
        PrintWriter text = spec.commandLine().getOut();
        try (Writer rows = out == null ? Writer.nullWriter() : Files.newBufferedWriter(out)) {
            audit.run(first, file, row -> {
                rows.write(JSON.writeValueAsString(said(row)) + "\n");
                rows.flush();
                if (!row.result().reason().isEmpty()) {
                    text.println(row.name() + ": " + words(row.result().outcome()) + ": " + plain(row.result().reason()));
                }
            });
        } catch (AuditException e) {
            String said = e.getMessage();
            throw said.startsWith(certificates + ": ") ? e : new AuditException(certificates + ": " + said);
        }
        audit.claims().forEach((claim, count) -> text.println(count + (count == 1 ? " row: " : " rows: ") + plain(claim)));
        StringBuilder summary = new StringBuilder(audit.count(Checker.Outcome.PROVEN) + " of " + audit.rows()
                + " rows proven again");
        for (Checker.Outcome outcome : Checker.Outcome.values()) {
            if (outcome != Checker.Outcome.PROVEN && audit.count(outcome) > 0) {
                summary.append(", ").append(audit.count(outcome)).append(' ').append(words(outcome));
            }
        }
        text.printf(Locale.ROOT, "%s; %,d bytes and %.2f s a row%n", summary, audit.bytesARow(), audit.secondsARow());
        return (audit.allProven() ? ExitCode.DONE : ExitCode.OTHER).code();
    }

    private int smoothing(String first, CertificateFile file) throws IOException {
        if (out != null) {
            throw new ExperimentException("--out takes what became of certificates of bounds: drop it for those of smoothing");
        }
        PrintWriter text = spec.commandLine().getOut();
        StoredNetwork network = ModelFile.read(model);
        Dataset images = data.images(Set.of(Split.TEST), network.graph().input()).dataset(Split.TEST);
        Graph graph = ChannelsLast.taking(images.shape(), network.graph());
        new Subject(graph, images, new int[0]); // throws if they don't fit
        SmoothingAudit audit = new SmoothingAudit(images);
        for (Optional<String> line = Optional.of(first); line.isPresent(); line = file.next()) {
            if (!SmoothingCertificate.isOne(line.get())) {
                throw new AuditException(certificates + ": line " + file.number() + " is no certificate of smoothing");
            }
            audit.statistics(line.get()).ifPresent(problem ->
                    text.println("line " + file.number() + ": differs: " + plain(problem)));
        }
        Map<SmoothingAudit.Redrawn, Integer> redrawn = new EnumMap<>(SmoothingAudit.Redrawn.class);
        if (redraw > 0) {
            try (Fleet fleet = device.openFirst()) {
                device.requireFit(graph, Plan.isTakenWhole(graph, fleet.info()));
                audit.redraw(redraw, fleet, graph, SmoothingAudit.record(certificates), (row, what) -> {
                    redrawn.merge(what, 1, Integer::sum);
                    if (what != SmoothingAudit.Redrawn.SAME) {
                        text.println("index " + row.index() + ": " + (what == SmoothingAudit.Redrawn.DIFFERS
                                ? "differs: its noise, drawn again from seed " + row.seed() + ", gives other votes"
                                : "not reproducible on this arithmetic: its votes were counted in another one, and differ in a few"));
                    }
                });
            }
        }
        int drawn = redrawn.values().stream().mapToInt(Integer::intValue).sum();
        int same = redrawn.getOrDefault(SmoothingAudit.Redrawn.SAME, 0);
        text.println(audit.supported() + " of " + audit.rows() + " rows supported by their votes; noise of " + drawn
                + " drawn again, with the same votes for " + same);
        return (audit.supported() == audit.rows() && same == drawn ? ExitCode.DONE : ExitCode.OTHER).code();
    }

    private static String words(Checker.Outcome outcome) {
        return outcome.name().toLowerCase(Locale.ROOT).replace('_', ' ');
    }

    /** What a file says is no command to a terminal. */
    private static String plain(String text) {
        return text.replaceAll("[^ -~]", "?");
    }

    private static ObjectNode said(BoundsAudit.Row row) {
        ObjectNode object = JSON.createObjectNode();
        object.put("line", row.line());
        row.index().ifPresentOrElse(index -> object.put("index", index), () -> object.putNull("index"));
        object.put("outcome", words(row.result().outcome())).put("reason", row.result().reason());
        ArrayNode margins = object.putArray("margin_lower");
        for (double margin : row.result().margins()) {
            margins.add(margin);
        }
        return object.put("bytes", row.bytes()).put("seconds", row.seconds());
    }
}
