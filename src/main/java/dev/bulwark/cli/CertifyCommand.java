package dev.bulwark.cli;

import dev.bulwark.data.Dataset;
import dev.bulwark.data.Split;
import dev.bulwark.device.Backend;
import dev.bulwark.experiment.Certify;
import dev.bulwark.experiment.Subject;
import dev.bulwark.nn.ModelFile;
import dev.bulwark.nn.StoredNetwork;
import dev.bulwark.report.CertificateRow;
import dev.bulwark.report.RowFile;
import dev.bulwark.report.SmoothingRow;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.ParentCommand;
import picocli.CommandLine.Spec;

/** {@code bulwark certify}: CERTIFY of Cohen et al. 2019, a row an image. */
@Command(name = "certify", description = "Certify L2 radii by randomized smoothing.")
final class CertifyCommand implements Callable<Integer> {

    @ParentCommand
    private BulwarkCommand bulwark;
    @Spec
    private CommandSpec spec;
    @Mixin
    private GeneralOptions general;
    @Mixin
    private DeviceOptions device;
    @Mixin
    private DataOptions data;
    @Mixin
    private SelectionOptions selection;
    @Mixin
    private SmoothingOptions smoothing;
    @Mixin
    private RowOptions earlier;

    @Parameters(index = "0", paramLabel = "MODEL", description = "The network, a safetensors file.")
    private Path model;

    @Option(names = "--n0", defaultValue = "100", description = "Samples to guess the class from (default: ${DEFAULT-VALUE}).")
    private int n0;

    @Option(names = "--out", required = true, paramLabel = "F.tsv",
            description = "Rows idx, label, predict, radius, correct, time, as locuslab's scripts read them.")
    private Path out;

    @Option(names = "--certificates", paramLabel = "F.jsonl", description = "Also every certificate with all its votes.")
    private Path certificates;

    @Override
    public Integer call() throws Exception {
        PrintWriter err = spec.commandLine().getErr();
        StoredNetwork network = ModelFile.read(model);
        Certify.Settings settings = smoothing.settings(n0);
        try (Backend backend = device.open()) {
            Dataset test = data.source(Set.of(Split.TEST)).dataset(Split.TEST);
            Subject subject = new Subject(network.network(), test, selection.selection().of(test.size()));
            RowsRun run = smoothing.identify(new RowsRun("certify", out, earlier.existing()).on(network, test, backend))
                    .with("n0", n0)
                    .with("precision", backend.info().libraries().get("noisy forward passes"));
            run.run(bulwark.commandLine(), backend, test, () -> {
                try (RowFile<SmoothingRow> rows = run.open(out, SmoothingRow.FORMAT);
                     RowFile<CertificateRow> votes = certificates == null ? null
                             : run.open(certificates, CertificateRow.FORMAT)) {
                    Certify.certify(backend, subject, settings, rows, Optional.ofNullable(votes), general.monitor(err));
                }
            });
        }
        if (!general.quiet()) {
            summarise(RowFile.read(out, SmoothingRow.FORMAT));
        }
        return ExitCode.DONE.code();
    }

    private void summarise(List<SmoothingRow> rows) {
        PrintWriter text = spec.commandLine().getOut();
        text.printf(Locale.ROOT, "%d images, %d abstained; certified and correct", rows.size(),
                rows.stream().filter(row -> row.predict().isEmpty()).count());
        for (double r : new double[] {0, 0.25, 0.5, 1}) {
            long certified = rows.stream().filter(row -> row.certifiedAt(r)).count();
            // Rounded down: what is certified is never more than it says.
            text.printf(Locale.ROOT, "%s %.1f%% at r = %.2f", r == 0 ? "" : ",", Math.floor(1000.0 * certified / rows.size()) / 10, r);
        }
        text.println();
    }
}
