package dev.bulwark.cli;

import dev.bulwark.attack.AttackKind;
import dev.bulwark.attack.PgdSettings;
import dev.bulwark.data.Epsilon;
import dev.bulwark.data.Split;
import dev.bulwark.device.NoiseLaw;
import dev.bulwark.device.ProductPrecision;
import dev.bulwark.lab.Reproduction;
import dev.bulwark.lab.ReproductionPlan;
import dev.bulwark.report.Paragraph;
import dev.bulwark.report.ResultTable;
import dev.bulwark.report.RunReport;
import dev.bulwark.results.RunLayout;
import dev.bulwark.runs.AttackChoice;
import dev.bulwark.runs.DataSource;
import dev.bulwark.runs.Existing;
import dev.bulwark.runs.ExperimentException;
import dev.bulwark.runs.Fleet;
import dev.bulwark.runs.Monitor;
import dev.bulwark.runs.RunRecord;
import dev.bulwark.runs.Selection;
import dev.bulwark.smoothing.SmoothedClassifier;
import dev.bulwark.stats.Sampling;
import dev.bulwark.training.Preset;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDateTime;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParentCommand;
import picocli.CommandLine.Spec;

/** {@code bulwark reproduce}: both tables of the lab report from raw images. */
@Command(name = "reproduce", description = "Both tables of the lab report, from raw images to the finished report.")
final class ReproduceCommand implements Callable<Integer> {

    /** How much of the report's protocol. */
    enum Effort {
        /** A sample of the images for what is costly. */
        QUICK,
        /** The report's protocol: all images. */
        FULL
    }

    /** Of the test images, in a quick run: 500 of MNIST's, locuslab's customary subset. */
    private static final int QUICK_SKIP = 20;
    /** Training images of a quick run on generated digits, so that seven networks take minutes. */
    private static final int QUICK_DIGITS = 15_000;
    /** A minute and a half's work on two cores, with a million samples each. */
    private static final int DEEP_IMAGES = 20;
    private static final int DEEP_N = 1_000_000;
    /** Of branch and bound, in seconds: of one image, and of a quick run at one epsilon. */
    private static final double EXACT_TIMEOUT = 60;
    /** With it, both tables take less than five minutes on two cores. */
    private static final double QUICK_EXACT_BUDGET = 10;
    private static final Path RUNS = Path.of("runs");

    @ParentCommand
    private BulwarkCommand bulwark;
    @Spec
    private CommandSpec spec;
    @Mixin
    private GeneralOptions general;
    @Mixin
    private NoisyDeviceOptions device;
    @Mixin
    private TrainingOptions training;
    @Mixin
    private DataOptions data;
    @Mixin
    private SelectionOptions selection;
    @Mixin
    private RowOptions earlier;

    @Option(names = "--effort", paramLabel = "quick|full",
            description = "full: the report's protocol, all images; quick: less branch and bound, and with --sampling fixed every 20th "
                    + "image for smoothing (default on a CPU).")
    private Effort effort;

    @Option(names = "--from-scratch", description = "Train all networks, even where some are shipped.")
    private boolean fromScratch;

    @Option(names = "--preset", paramLabel = "report|best|dense|quick",
            description = "How networks are trained; implies --from-scratch (default: quick, where none are shipped).")
    private Preset preset;

    @Option(names = "--models", paramLabel = "DIR", description = "Folder of networks to use instead of the shipped ones.")
    private Path models;

    @Option(names = "--train-limit", paramLabel = "N", description = "Train on the first N images only.")
    private Integer trainLimit;

    @Option(names = "--sigma", paramLabel = "S,S,…", split = ",", defaultValue = "0.25,0.5,1",
            converter = SigmaConverter.class, description =
            "Noise levels of Table 1: decimals, or fractions as 1/2 (default: ${DEFAULT-VALUE}).")
    private List<Double> sigmas;

    @Option(names = "--epsilon", paramLabel = "E,E,…", split = ",", defaultValue = "0.05,0.1,0.2,0.3",
            converter = EpsilonConverter.class,
            description = "Radii of Table 2: decimals, or fractions as 8/255 (default: ${DEFAULT-VALUE}).")
    private List<Epsilon> epsilons;

    @Option(names = "--n0", defaultValue = "" + SmoothedClassifier.DEFAULT_SELECTION,
            description = "Selection samples (default: ${DEFAULT-VALUE}).")
    private int n0;

    @Option(names = "--n", defaultValue = "" + SmoothedClassifier.DEFAULT_SAMPLES,
            description = "Estimation samples, at most (default: ${DEFAULT-VALUE}).")
    private int n;

    @Option(names = "--sampling", paramLabel = "fixed|sequential", defaultValue = "sequential",
            description = "sequential: sample an image until it is settled at all radii of Table 1, --n samples at most, at the "
                    + "same --alpha; fixed: --n samples of every image (default: ${DEFAULT-VALUE}).")
    private Sampling sampling;

    @Option(names = "--noise", paramLabel = "gaussian|discrete", defaultValue = "gaussian",
            description = "Of smoothing: normal numbers in float, or rounded to bytes exactly, for images of bytes "
                    + "(default: ${DEFAULT-VALUE}).")
    private NoiseLaw noise;

    @Option(names = "--alpha", defaultValue = "" + SmoothedClassifier.DEFAULT_ALPHA,
            description = "Failure probability (default: ${DEFAULT-VALUE}).")
    private double alpha;

    @Option(names = "--deep-n", paramLabel = "N",
            description = "Also certify some images with N samples at the noise levels at which --n can't reach r = 1.00, "
                    + "as further rows of Table 1; at sigma 0.25, 1000000 can (default: " + DEEP_N + " with --sampling "
                    + "sequential, where an image needs a quarter of it, else none; 0 for none).")
    private Integer deepN;

    @Option(names = "--deep-images", paramLabel = "N", description = "How many images --deep-n takes (default: one in 100, "
            + "with --sampling fixed " + DEEP_IMAGES + ").")
    private Integer deepImages;

    @Option(names = "--steps", defaultValue = "" + PgdSettings.DEFAULT_STEPS,
            description = "Steps of PGD (default: ${DEFAULT-VALUE}).")
    private int steps;

    @Option(names = "--restarts", defaultValue = "" + PgdSettings.DEFAULT_RESTARTS,
            description = "Restarts of PGD (default: ${DEFAULT-VALUE}).")
    private int restarts;

    @Option(names = "--attack", paramLabel = "pgd|apgd|apgd-t|fab-t|square|autoattack", defaultValue = "autoattack",
            description = "What attacks images, beside PGD, that stand against it and that no bound certifies, and some certified ones as "
                    + "a check, each as 'attack' does by default: the table's strongest attack. pgd: nothing (default: ${DEFAULT-VALUE}).")
    private AttackKind beyond;

    @Option(names = "--attack-all", description = "Attack every image. Otherwise PGD attacks those that are right and not "
            + "certified, and a sample of the certified ones as a check; the table's figures are the same.")
    private boolean attackAll;

    @Option(names = "--no-exact", description = "Leave it at IBP: no CROWN, alpha-CROWN and branch and bound on what it leaves open.")
    private boolean noExact;

    @Option(names = "--exact-timeout", paramLabel = "SECONDS", description = "Of branch and bound on each image "
            + "(default: 60, or the whole budget where that is less).")
    private Double exactTimeout;

    @Option(names = "--exact-budget", paramLabel = "SECONDS", description = "Of branch and bound at each epsilon in all; images that "
            + "are open then stay undecided (default: 10 with --effort quick, else no limit).")
    private Double exactBudget;

    @Option(names = "--seed", defaultValue = "0", description = "Seed of everything random (default: ${DEFAULT-VALUE}).")
    private long seed;

    /** Known only to be refused with the reason. */
    @Option(names = {"--mean", "--std"}, hidden = true)
    private List<String> normalisation;

    @Option(names = "--out", paramLabel = "DIR", description = "The run's folder (default: a new one under runs/).")
    private Path out;

    @Override
    public Integer call() throws Exception {
        if (normalisation != null) {
            throw new ExperimentException("reproduce takes no --mean and --std: its networks are trained on images in [0, 1], without "
                    + "a normalisation; for one of your own use certify, verify and attack");
        }
        Existing existing = earlier.existing();
        epsilons.forEach(epsilon -> EpsilonConverter.warnOfLarge(epsilon, spec.commandLine().getErr()));
        Optional<Path> given = folder(existing);
        Monitor monitor = general.monitor(spec.commandLine().getErr());
        try (Fleet fleet = device.open()) {
            DataSource source = data.sourceOrDigits(EnumSet.allOf(Split.class), monitor);
            Effort chosen = effort != null ? effort : fleet.info().onGpu() ? Effort.FULL : Effort.QUICK;
            ReproductionPlan plan = plan(source, chosen);
            Path folder = given.isPresent() ? given.get() : RunLayout.newUnder(RUNS, LocalDateTime.now());
            try {
                monitor.note("run folder: " + folder);
                PrintWriter err = spec.commandLine().getErr();
                try (ResumeHint hint = ResumeHint.of(err, bulwark.arguments(), out == null
                        ? new String[] {"--out", folder.toString()} : new String[0])) {
                    print(reproduce(new Reproduction(fleet, plan, source, folder, existing, monitor), plan), folder,
                            spec.commandLine().getOut());
                }
            } finally {
                if (given.isEmpty()) {
                    deleteIfEmpty(folder);
                }
            }
        }
        return ExitCode.DONE.code();
    }

    /** Training may round otherwise than what follows it; then it has devices of its own. */
    private RunReport reproduce(Reproduction reproduction, ReproductionPlan plan) throws IOException {
        if (plan.networks().folder().isPresent()) {
            training.requireUnused();
        }
        if (training.products() == ProductPrecision.FLOAT32) {
            return reproduction.run(bulwark.commandLine(), Version.all());
        }
        try (Fleet trainers = device.open(training.products())) {
            return reproduction.trainingOn(trainers).run(bulwark.commandLine(), Version.all());
        }
    }

    private ReproductionPlan plan(DataSource source, Effort chosen) {
        boolean quick = chosen == Effort.QUICK;
        int training = trainLimit != null ? trainLimit
                : quick && source.generated() ? QUICK_DIGITS : source.size(Split.TRAIN);
        Selection sampled = selection.orElse(quick && sampling == Sampling.FIXED ? Selection.every(QUICK_SKIP)
                : Selection.all());
        return new ReproductionPlan(new ReproductionPlan.Smoothing(sigmas,
                        new ReproductionPlan.Samples(n0, n, sampling, noise), alpha, deep()),
                new ReproductionPlan.Bounds(epsilons, new ReproductionPlan.Attacks(steps, restarts,
                        attackAll ? AttackChoice.ALL : AttackChoice.OPEN, beyond), cascade(quick)),
                new ReproductionPlan.Images(sampled, selection.selection(), training),
                new ReproductionPlan.NetworkSource(preset == null ? Preset.QUICK : preset, networks(source)), seed);
    }

    private Optional<ReproductionPlan.Cascade> cascade(boolean quick) {
        if (noExact) {
            if (exactTimeout != null || exactBudget != null) {
                throw new ExperimentException("--exact-timeout and --exact-budget limit what --no-exact leaves out: drop one");
            }
            return Optional.empty();
        }
        double budget = exactBudget != null ? exactBudget : quick ? QUICK_EXACT_BUDGET : Double.POSITIVE_INFINITY;
        return Optional.of(new ReproductionPlan.Cascade(exactTimeout != null ? exactTimeout : Math.min(EXACT_TIMEOUT, budget), budget));
    }

    private Optional<ReproductionPlan.Deep> deep() {
        boolean none = deepN == null ? sampling == Sampling.FIXED || n >= DEEP_N : deepN == 0;
        if (none && deepImages != null) {
            throw new ExperimentException("--deep-images counts the images of --deep-n: add that, or drop it");
        }
        OptionalInt images = deepImages != null ? OptionalInt.of(deepImages)
                : sampling == Sampling.FIXED ? OptionalInt.of(DEEP_IMAGES) : OptionalInt.empty();
        return none ? Optional.empty() : Optional.of(new ReproductionPlan.Deep(deepN == null ? DEEP_N : deepN, images,
                deepN != null || deepImages != null));
    }

    /** Shipped networks were trained on MNIST, and say nothing of other images. */
    private Optional<Path> networks(DataSource source) {
        boolean train = fromScratch || preset != null;
        if (models != null) {
            if (train) {
                throw new ExperimentException("--models names networks, --from-scratch and --preset train others: drop one");
            }
            return Optional.of(models);
        }
        return train || !source.isMnist() ? Optional.empty() : Optional.of(shippedModels());
    }

    /** The launcher says where this program lies. */
    private static Path shippedModels() {
        String home = System.getenv("BULWARK_HOME");
        return Path.of(home == null ? "." : home).resolve("models");
    }

    /** The run's folder; empty for a new one, which is made when everything else is known to make sense. */
    private Optional<Path> folder(Existing existing) throws IOException {
        if (out != null) {
            OutputPaths.requireFolder("--out", out);
            OutputPaths.requireApart("--out", out, inputs());
            RunRecord.requireResumable(new RunLayout(out).record(), existing);
            return Optional.of(out);
        }
        if (existing == Existing.RESUME) {
            return Optional.of(RunLayout.latestUnder(RUNS).orElseThrow(() ->
                    new ExperimentException("nothing to resume under " + RUNS + ": name the run's folder with --out")));
        }
        return Optional.empty();
    }

    private Map<String, Path> inputs() {
        Map<String, Path> inputs = data.inputs();
        if (models != null) {
            inputs.put("--models", models);
        }
        return inputs;
    }

    /** A run that could not start leaves nothing. */
    private static void deleteIfEmpty(Path folder) throws IOException {
        try {
            Files.deleteIfExists(folder);
        } catch (DirectoryNotEmptyException e) {
            // It has started.
        }
    }

    /** The tables, what is missing, and where the rest lies. */
    static void print(RunReport report, Path folder, PrintWriter text) {
        report.table1().ifPresent(table -> print(table, text));
        report.table2().ifPresent(table -> print(table, text));
        report.further().forEach(table -> print(table, text));
        report.missing().forEach(line ->
                text.println(Paragraph.wrapped(line, Terminal.resultColumns(System.getenv()))));
        text.println("Tables, figures and report.html: " + folder);
    }

    private static void print(ResultTable table, PrintWriter text) {
        text.println(table.text(Terminal.paint(System.getenv()), Terminal.resultColumns(System.getenv())));
    }
}
