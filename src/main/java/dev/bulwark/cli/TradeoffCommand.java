package dev.bulwark.cli;

import dev.bulwark.data.Epsilon;
import dev.bulwark.data.Split;
import dev.bulwark.device.ProductPrecision;
import dev.bulwark.lab.LabReport;
import dev.bulwark.report.Paragraph;
import dev.bulwark.report.TradeoffReport;
import dev.bulwark.results.RunLayout;
import dev.bulwark.runs.DataSource;
import dev.bulwark.runs.Existing;
import dev.bulwark.runs.ExperimentException;
import dev.bulwark.runs.Fleet;
import dev.bulwark.runs.Monitor;
import dev.bulwark.runs.RunRecord;
import dev.bulwark.runs.Tradeoff;
import dev.bulwark.training.Preset;
import dev.bulwark.training.Recipe;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParentCommand;
import picocli.CommandLine.Spec;

/** {@code bulwark tradeoff}: clean against certified accuracy over the final weight of the natural loss. */
@Command(name = "tradeoff", description = "Train networks for one epsilon with several final weights of the natural loss, "
        + "and draw certified against clean accuracy.")
final class TradeoffCommand implements Callable<Integer> {

    @ParentCommand
    private BulwarkCommand bulwark;
    @Spec
    private CommandSpec spec;
    @Mixin
    private GeneralOptions general;
    @Mixin
    private RoundingDeviceOptions device;
    @Mixin
    private TrainingOptions arithmetic;
    @Mixin
    private DataOptions data;
    @Mixin
    private SelectionOptions selection;
    @Mixin
    private RowOptions earlier;

    @Option(names = "--epsilon", required = true, converter = EpsilonConverter.class,
            description = "L-infinity radius to train for and to certify, in input units: a decimal or a fraction, as "
                    + "8/255.")
    private Epsilon epsilon;

    @Option(names = "--kappas", paramLabel = "K,K,…", split = ",", defaultValue = "0,0.1,0.25,0.5,0.75,1",
            description = "Weights of the natural loss from the end of the ramp on (default: ${DEFAULT-VALUE}).")
    private List<Double> kappas;

    @Option(names = "--preset", paramLabel = "report|best|dense|quick", defaultValue = "quick",
            description = "How networks are trained, but for that weight (default: ${DEFAULT-VALUE}).")
    private Preset preset;

    @Mixin
    private LayerOptions layers;

    @Option(names = "--train-limit", paramLabel = "N", description = "Train on the first N images only.")
    private Integer trainLimit;

    @Option(names = "--seed", defaultValue = "0", description = "Seed of weights and order (default: ${DEFAULT-VALUE}).")
    private long seed;

    @Option(names = "--out", required = true, paramLabel = "DIR",
            description = "Folder for networks, rows, tables and figure.")
    private Path out;

    @Override
    public Integer call() throws Exception {
        Existing existing = earlier.existing();
        OutputPaths.requireFolder("--out", out);
        OutputPaths.requireApart("--out", out, data.inputs());
        RunRecord.requireResumable(new RunLayout(out).record(), existing);
        Recipe base = recipe();
        EpsilonConverter.warnOfLarge(epsilon, spec.commandLine().getErr());
        Monitor monitor = general.monitor(spec.commandLine().getErr());
        try (Fleet fleet = device.open();
             ResumeHint hint = ResumeHint.of(spec.commandLine().getErr(), bulwark.arguments())) {
            DataSource source = data.source(EnumSet.allOf(Split.class));
            layers.requireFit(source.shape());
            Tradeoff.Plan plan = new Tradeoff.Plan(base, preset.name().toLowerCase(Locale.ROOT), kappas, epsilon,
                    new Tradeoff.Images(trainLimit == null ? source.size(Split.TRAIN) : trainLimit, selection.selection()));
            run(fleet, plan, source, existing, monitor);
            print(TradeoffReport.rebuild(out, LabReport.INSTANCE), out, spec.commandLine().getOut());
        }
        return ExitCode.DONE.code();
    }

    /** Training may round otherwise than bounds; then it has devices of its own. */
    private void run(Fleet fleet, Tradeoff.Plan plan, DataSource source, Existing existing, Monitor monitor)
            throws IOException {
        if (arithmetic.products() == ProductPrecision.FLOAT32) {
            new Tradeoff(fleet, fleet, plan, source, out, existing, monitor).run(bulwark.commandLine(), Version.all());
            return;
        }
        try (Fleet trainers = device.open(arithmetic.products())) {
            new Tradeoff(fleet, trainers, plan, source, out, existing, monitor).run(bulwark.commandLine(), Version.all());
        }
    }

    private Recipe recipe() {
        if (trainLimit != null && trainLimit < 1) {
            throw new ExperimentException("--train-limit must be at least 1: " + trainLimit);
        }
        try {
            Recipe recipe = preset.ibp(epsilon.nearest()).withSeed(seed);
            kappas.forEach(recipe::withFinalKappa);
            return layers.of(recipe);
        } catch (IllegalArgumentException e) {
            throw new ExperimentException(e.getMessage());
        }
    }

    /** The table, what is missing, and where the rest lies. */
    static void print(TradeoffReport report, Path folder, PrintWriter text) {
        int width = Terminal.resultColumns(System.getenv());
        text.println(report.table().text(Terminal.paint(System.getenv()), width));
        report.missing().forEach(line -> text.println(Paragraph.wrapped(line, width)));
        text.println("Tables and figure: " + folder);
    }
}
