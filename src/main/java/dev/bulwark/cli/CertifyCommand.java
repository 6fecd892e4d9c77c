package dev.bulwark.cli;

import dev.bulwark.device.DeviceInfo;
import dev.bulwark.results.CertificateRow;
import dev.bulwark.results.RowFile;
import dev.bulwark.results.RunLayout;
import dev.bulwark.results.SmoothingRow;
import dev.bulwark.results.Words;
import dev.bulwark.runs.Certify;
import dev.bulwark.runs.ExperimentException;
import dev.bulwark.runs.Fleet;
import dev.bulwark.runs.Monitor;
import dev.bulwark.runs.Subject;
import dev.bulwark.runs.TrainedFor;
import dev.bulwark.settings.Message;
import dev.bulwark.smoothing.SmoothedClassifier;
import dev.bulwark.stats.Sampling;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code bulwark certify}: CERTIFY of Cohen et al. 2019, a row an image. */
@Command(name = "certify", description = "Certify L2 radii by randomized smoothing.")
final class CertifyCommand extends ModelCommand {

    /** Those of the summary, and of sequential sampling where none are named. */
    private static final List<Double> RADII = List.of(0.25, 0.5, 1.0);

    @Mixin
    private NoisyDeviceOptions device;
    @Mixin
    private SmoothingOptions smoothing;

    @Option(names = "--n0", defaultValue = "" + SmoothedClassifier.DEFAULT_SELECTION,
            description = "Samples to guess the class from (default: ${DEFAULT-VALUE}).")
    private int n0;

    @Option(names = "--sampling", paramLabel = "fixed|sequential", defaultValue = "fixed",
            description = "fixed: --n samples of every image; sequential: until every --radius is certified or out of the "
                    + "image's reach, --n at most, at the same --alpha (default: ${DEFAULT-VALUE}).")
    private Sampling sampling;

    @Option(names = "--radius", paramLabel = "R,R,…", split = ",", converter = SigmaConverter.class,
            description = "L2 radii that --sampling sequential is to settle (default: 0.25,0.5,1).")
    private List<Double> radii;

    @Option(names = "--certificates", paramLabel = "F.jsonl", description = "Also every certificate with all its votes.")
    private Path certificates;

    @Override
    void check() {
        settings();
        if (radii != null && sampling == Sampling.FIXED) {
            throw new ExperimentException("--radius says what --sampling sequential settles: add that, or drop it");
        }
        if (certificates != null && certificates.toAbsolutePath().normalize().equals(out().toAbsolutePath().normalize())) {
            throw new ExperimentException("--out and --certificates name one file: name two");
        }
    }

    private Certify.Settings settings() {
        Certify.Settings fixed = smoothing.settings(n0);
        return sampling == Sampling.FIXED ? fixed : fixed.sequentially(asked());
    }

    private List<Double> asked() {
        return radii == null ? RADII : radii;
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
        smoothing.identify(run, subject.network(), device).with("n0", n0);
        return sampling == Sampling.FIXED ? run : run.with("sampling", Words.of(sampling)).with("radii", asked());
    }

    @Override
    void write(Fleet fleet, Subject subject, RowsRun run, Monitor monitor) throws IOException {
        smoothing.require(subject);
        try (RowFile<SmoothingRow> rows = run.open(out(), SmoothingRow.FORMAT);
             RowFile<CertificateRow> votes = certificates == null ? null
                     : run.open(certificates, CertificateRow.FORMAT)) {
            Certify.certify(fleet, subject, settings(), rows, Optional.ofNullable(votes), monitor);
        }
    }

    @Override
    void summarise(PrintWriter text) throws IOException {
        List<SmoothingRow> rows = RowFile.read(out(), SmoothingRow.FORMAT);
        text.printf(Locale.ROOT, "%d images, %d abstained; certified %s", rows.size(),
                rows.stream().filter(row -> row.predict().isEmpty()).count(),
                labelled() ? "and correct" : "as the network's own class");
        for (double r : Stream.concat(Stream.of(0.0), asked().stream()).distinct().toList()) {
            long certified = rows.stream().filter(row -> row.certifiedAt(r)).count();
            // Rounded down: what is certified is never more than it says.
            text.printf(Locale.ROOT, "%s %.1f%% at r = %s", r == 0 ? "" : ",", 1000 * certified / rows.size() / 10.0,
                    RunLayout.decimals(r));
        }
        text.println();
        if (sampling == Sampling.SEQUENTIAL && certificates != null) {
            text.printf(Locale.ROOT, "%.0f samples an image on average, --n0 not counted%n", RowFile.read(certificates,
                    CertificateRow.FORMAT).stream().mapToLong(CertificateRow::drawn).average().orElse(0));
        }
    }
}
