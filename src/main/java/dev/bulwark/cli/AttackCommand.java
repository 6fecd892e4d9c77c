package dev.bulwark.cli;

import dev.bulwark.attack.PgdSettings;
import dev.bulwark.data.Dataset;
import dev.bulwark.data.Split;
import dev.bulwark.device.Backend;
import dev.bulwark.experiment.Attack;
import dev.bulwark.experiment.Subject;
import dev.bulwark.nn.ModelFile;
import dev.bulwark.nn.StoredNetwork;
import dev.bulwark.report.AttackRow;
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

/** {@code bulwark attack}: PGD, a row an image. */
@Command(name = "attack", description = "Attack by projected gradient descent: an upper bound on robust accuracy, no guarantee.")
final class AttackCommand implements Callable<Integer> {

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

    @Option(names = "--steps", defaultValue = "50", description = "Steps of each restart (default: ${DEFAULT-VALUE}).")
    private int steps;

    @Option(names = "--step-size", description = "Length of a step (default: epsilon / 10).")
    private Double stepSize;

    @Option(names = "--restarts", defaultValue = "10", description = "Random starting points (default: ${DEFAULT-VALUE}).")
    private int restarts;

    @Option(names = "--seed", defaultValue = "0", description = "Seed of the starting points (default: ${DEFAULT-VALUE}).")
    private long seed;

    @Option(names = "--out", required = true, paramLabel = "F.jsonl", description = "A line an image.")
    private Path out;

    @Override
    public Integer call() throws Exception {
        double step = stepSize == null ? epsilon / 10 : stepSize;
        PgdSettings settings = Attack.settings(epsilon, steps, step, restarts, seed);
        StoredNetwork network = ModelFile.read(model);
        try (Backend backend = device.open()) {
            Dataset test = data.source(Set.of(Split.TEST)).dataset(Split.TEST);
            Subject subject = new Subject(network.network(), test, selection.selection().of(test.size()));
            RowsRun run = new RowsRun("attack", out, earlier.existing()).on(network, test, backend)
                    .with("epsilon", epsilon).with("steps", steps).with("step_size", step)
                    .with("restarts", restarts).with("seed", seed);
            run.run(bulwark.commandLine(), backend, test, () -> {
                try (RowFile<AttackRow> rows = run.open(out, AttackRow.FORMAT)) {
                    Attack.run(backend, subject, settings, rows, general.monitor(spec.commandLine().getErr()));
                }
            });
        }
        if (!general.quiet()) {
            List<AttackRow> rows = RowFile.read(out, AttackRow.FORMAT);
            spec.commandLine().getOut().println(rows.size() + " images, "
                    + rows.stream().filter(AttackRow::cleanCorrect).count() + " clean correct, "
                    + rows.stream().filter(AttackRow::survived).count() + " not broken");
        }
        return ExitCode.DONE.code();
    }
}
