package dev.bulwark.cli;

import dev.bulwark.data.Dataset;
import dev.bulwark.data.Split;
import dev.bulwark.device.Backend;
import dev.bulwark.experiment.Certify;
import dev.bulwark.experiment.Subject;
import dev.bulwark.nn.ModelFile;
import dev.bulwark.nn.StoredNetwork;
import dev.bulwark.report.PredictionRow;
import dev.bulwark.report.RowFile;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.ParentCommand;
import picocli.CommandLine.Spec;

/** {@code bulwark predict}: PREDICT of Cohen et al. 2019, a row an image. */
@Command(name = "predict", description = "Predict by the smoothed classifier, abstaining where its votes don't tell.")
final class PredictCommand implements Callable<Integer> {

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

    @Option(names = "--out", required = true, paramLabel = "F.tsv", description = "Rows idx, label, predict, correct, time.")
    private Path out;

    @Override
    public Integer call() throws Exception {
        StoredNetwork network = ModelFile.read(model);
        Certify.Settings settings = smoothing.settings(1);
        try (Backend backend = device.open()) {
            Dataset test = data.source(Set.of(Split.TEST)).dataset(Split.TEST);
            Subject subject = new Subject(network.network(), test, selection.selection().of(test.size()));
            RowsRun run = smoothing.identify(new RowsRun("predict", out, earlier.existing()).on(network, test, backend))
                    .with("precision", backend.info().libraries().get("noisy forward passes"));
            run.run(bulwark.commandLine(), backend, test, () -> {
                try (RowFile<PredictionRow> rows = run.open(out, PredictionRow.FORMAT)) {
                    Certify.predict(backend, subject, settings, rows, general.monitor(spec.commandLine().getErr()));
                }
            });
        }
        if (!general.quiet()) {
            List<PredictionRow> rows = RowFile.read(out, PredictionRow.FORMAT);
            spec.commandLine().getOut().println(rows.size() + " images, "
                    + rows.stream().filter(PredictionRow::correct).count() + " correct, "
                    + rows.stream().filter(row -> row.predict().isEmpty()).count() + " abstained");
        }
        return ExitCode.DONE.code();
    }
}
