package dev.bulwark.cli;

import dev.bulwark.device.DeviceInfo;
import dev.bulwark.results.CertificateRow;
import dev.bulwark.results.RowFile;
import dev.bulwark.results.SmoothingRow;
import dev.bulwark.runs.Certify;
import dev.bulwark.runs.ExperimentException;
import dev.bulwark.runs.Fleet;
import dev.bulwark.runs.Monitor;
import dev.bulwark.runs.Subject;
import dev.bulwark.runs.TrainedFor;
import dev.bulwark.settings.Message;
import dev.bulwark.smoothing.SmoothedClassifier;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code bulwark certify}: CERTIFY of Cohen et al. 2019, a row an image. */
@Command(name = "certify", description = "Certify L2 radii by randomized smoothing.")
final class CertifyCommand extends ModelCommand {

    @Mixin
    private NoisyDeviceOptions device;
    @Mixin
    private SmoothingOptions smoothing;

    @Option(names = "--n0", defaultValue = "" + SmoothedClassifier.DEFAULT_SELECTION,
            description = "Samples to guess the class from (default: ${DEFAULT-VALUE}).")
    private int n0;

    @Option(names = "--certificates", paramLabel = "F.jsonl", description = "Also every certificate with all its votes.")
    private Path certificates;

    @Override
    void check() {
        smoothing.settings(n0);
        if (certificates != null && certificates.toAbsolutePath().normalize().equals(out().toAbsolutePath().normalize())) {
            throw new ExperimentException("--out and --certificates name one file: name two");
        }
    }

    @Override
    Map<String, Path> outputs() {
        return certificates == null ? super.outputs() : Map.of("--out", out(), "--certificates", certificates);
    }

    @Override
    DeviceOptions device() {
        return device;
    }

    @Override
    Optional<Message> warning(TrainedFor trained) {
        return trained.warningForNoise(smoothing.sigma());
    }

    @Override
    RowsRun identify(RowsRun run, Subject subject, DeviceInfo device) {
        return smoothing.identify(run, subject.network(), device).with("n0", n0);
    }

    @Override
    void write(Fleet fleet, Subject subject, RowsRun run, Monitor monitor) throws IOException {
        try (RowFile<SmoothingRow> rows = run.open(out(), SmoothingRow.FORMAT);
             RowFile<CertificateRow> votes = certificates == null ? null
                     : run.open(certificates, CertificateRow.FORMAT)) {
            Certify.certify(fleet, subject, smoothing.settings(n0), rows, Optional.ofNullable(votes), monitor);
        }
    }

    @Override
    void summarise(PrintWriter text) throws IOException {
        List<SmoothingRow> rows = RowFile.read(out(), SmoothingRow.FORMAT);
        text.printf(Locale.ROOT, "%d images, %d abstained; certified %s", rows.size(),
                rows.stream().filter(row -> row.predict().isEmpty()).count(),
                labelled() ? "and correct" : "as the network's own class");
        for (double r : new double[] {0, 0.25, 0.5, 1}) {
            long certified = rows.stream().filter(row -> row.certifiedAt(r)).count();
            // Rounded down: what is certified is never more than it says.
            text.printf(Locale.ROOT, "%s %.1f%% at r = %.2f", r == 0 ? "" : ",", 1000 * certified / rows.size() / 10.0, r);
        }
        text.println();
    }
}
