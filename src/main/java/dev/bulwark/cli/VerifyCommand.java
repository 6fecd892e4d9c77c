package dev.bulwark.cli;

import dev.bulwark.bounds.Method;
import dev.bulwark.data.Dataset;
import dev.bulwark.data.Split;
import dev.bulwark.device.Backend;
import dev.bulwark.experiment.ExperimentException;
import dev.bulwark.experiment.Subject;
import dev.bulwark.experiment.Verify;
import dev.bulwark.nn.ModelFile;
import dev.bulwark.nn.StoredNetwork;
import dev.bulwark.report.BoundsRow;
import dev.bulwark.report.RowFile;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.ParentCommand;
import picocli.CommandLine.Spec;

/** {@code bulwark verify}: deterministic bounds, a row an image. */
@Command(name = "verify", description = "Certify L-infinity balls by bounds on the logits.")
final class VerifyCommand implements Callable<Integer> {

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
    private RowOptions earlier;

    @Parameters(index = "0", paramLabel = "MODEL", description = "The network, a safetensors file.")
    private Path model;

    @Option(names = "--epsilon", required = true, description = "Radius of the L-infinity ball, in input units.")
    private double epsilon;

    @Option(names = "--method", paramLabel = "ibp|crown|alpha-crown", defaultValue = "ibp",
            description = "How to bound (default: ${DEFAULT-VALUE}).")
    private String method;

    @Option(names = "--out", required = true, paramLabel = "F.jsonl", description = "A line an image.")
    private Path out;

    @Override
    public Integer call() throws Exception {
        Method how = method();
        Verify.radius(epsilon);
        StoredNetwork network = ModelFile.read(model);
        try (Backend backend = device.open()) {
            Dataset test = data.source(Set.of(Split.TEST)).dataset(Split.TEST);
            Subject subject = new Subject(network.network(), test, selection.selection().of(test.size()));
            RowsRun run = new RowsRun("verify", out, earlier.existing()).on(network, test, backend)
                    .with("epsilon", epsilon).with("method", how.toString());
            run.run(bulwark.commandLine(), backend, test, () -> {
                try (RowFile<BoundsRow> rows = run.open(out, BoundsRow.FORMAT)) {
                    Verify.run(backend, subject, epsilon, how, rows, general.monitor(spec.commandLine().getErr()));
                }
            });
        }
        if (!general.quiet()) {
            List<BoundsRow> rows = RowFile.read(out, BoundsRow.FORMAT);
            spec.commandLine().getOut().println(rows.size() + " images, "
                    + rows.stream().filter(BoundsRow::cleanCorrect).count() + " clean correct, "
                    + rows.stream().filter(BoundsRow::certified).count() + " certified, "
                    + rows.stream().filter(BoundsRow::certifiedByBox).count() + " certified by box");
        }
        return ExitCode.DONE.code();
    }

    private Method method() {
        return Arrays.stream(Method.values()).filter(known -> known.toString().equals(method)).findFirst()
                .orElseThrow(() -> new ExperimentException("--method is one of "
                        + Arrays.stream(Method.values()).map(Method::toString).collect(Collectors.joining(", "))
                        + ", not " + method));
    }
}
