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
import dev.bulwark.data.DataException;
import dev.bulwark.data.Dataset;
import dev.bulwark.data.Split;
import dev.bulwark.runs.BoundsAudit;
import dev.bulwark.runs.ExperimentException;
import dev.bulwark.shapes.Shape;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.Writer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code bulwark audit}: certificates, proven again. */
@Command(name = "audit", description = "Prove certificates again that verify wrote with --certificates, by a checker that shares no code "
        + "with it. Ends with 0 if all that rows claim was proven, else with 1.")
final class AuditCommand implements Callable<Integer> {

    private static final ObjectMapper JSON = new ObjectMapper();

    @Spec
    private CommandSpec spec;
    @Mixin
    private GeneralOptions general;
    @Mixin
    private DataOptions data;

    @Parameters(index = "0", paramLabel = "CERTIFICATES", description = "JSON lines, plain or .gz.")
    private Path certificates;

    @Option(names = "--model", required = true, paramLabel = "M.safetensors", description = "The network that they speak of.")
    private Path model;

    @Option(names = "--out", paramLabel = "F.jsonl", description = "What became of each row.")
    private Path out;

    @Option(names = "--overwrite", description = "Throw away what --out's file holds.")
    private boolean overwrite;

    @Override
    public Integer call() throws Exception {
        if (out != null) {
            checkOut();
        }
        try (CertificateFile file = new CertificateFile(certificates)) {
            String first = file.next().orElseThrow(() -> new AuditException(certificates + ": it is empty"));
            if (!CertificateText.isOne(first)) {
                throw new AuditException(certificates + ": line 1 is no certificate: it does not begin with " + CertificateText.START);
            }
            Network network = NetworkFile.read(model);
            Shape input = Shape.of(network.input().stream().mapToInt(Integer::intValue).toArray());
            Dataset images = data.images(Set.of(Split.TEST), input).dataset(Split.TEST);
            if (images.imageSize() != network.inputs()) {
                throw new DataException("the network takes " + network.inputs() + " elements, and images of " + images.name() + " have "
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
            throw new AuditException(certificates + ": " + e.getMessage());
        }
        StringBuilder summary = new StringBuilder(audit.count(Checker.Outcome.PROVEN) + " of " + audit.rows() + " rows proven again");
        for (Checker.Outcome outcome : Checker.Outcome.values()) {
            if (outcome != Checker.Outcome.PROVEN && audit.count(outcome) > 0) {
                summary.append(", ").append(audit.count(outcome)).append(' ').append(words(outcome));
            }
        }
        text.printf(Locale.ROOT, "%s; %,d bytes and %.2f s a row%n", summary, audit.bytesARow(), audit.secondsARow());
        return (audit.allProven() ? ExitCode.DONE : ExitCode.OTHER).code();
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
