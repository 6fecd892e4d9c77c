package dev.bulwark.cli;

import dev.bulwark.data.Dataset;
import dev.bulwark.data.Epsilon;
import dev.bulwark.data.Split;
import dev.bulwark.model.io.ModelFile;
import dev.bulwark.runs.DataSource;
import dev.bulwark.runs.ExperimentException;
import dev.bulwark.runs.Fleet;
import dev.bulwark.runs.Monitor;
import dev.bulwark.runs.Train;
import dev.bulwark.training.Preset;
import dev.bulwark.training.Recipe;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.EnumSet;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code bulwark train}: a network for either certificate. */
@Command(name = "train", description = "Train a network.",
        subcommands = {TrainCommand.Smoothing.class, TrainCommand.Ibp.class})
final class TrainCommand implements Runnable {

    @Spec
    private CommandSpec spec;
    @Mixin
    private GeneralOptions general;

    @Override
    public void run() {
        throw new ParameterException(spec.commandLine(), "train needs to know what for: smoothing or ibp");
    }

    /** With Gaussian noise on the images. */
    @Command(name = "smoothing", description = "Train a base classifier for randomized smoothing.")
    static final class Smoothing extends Training {

        @Option(names = "--sigma", required = true, converter = SigmaConverter.class,
                description = "Standard deviation of the noise, in input units: a decimal or a fraction, as 1/2.")
        private double sigma;

        @Override
        Recipe recipe(Preset preset) {
            return preset.smoothing(sigma);
        }
    }

    /** With interval bounds. */
    @Command(name = "ibp", description = "Train a network that interval bounds can certify.")
    static final class Ibp extends Training {

        @Option(names = "--epsilon", required = true, converter = EpsilonConverter.class,
                description = "L-infinity radius to certify, in input units: a decimal or a fraction, as 8/255.")
        private Epsilon epsilon;

        @Option(names = "--final-kappa", paramLabel = "K",
                description = "Weight of the natural loss from the end of the ramp on, 0 to 1 (default: the preset's).")
        private Double finalKappa;

        @Mixin
        private RobustLossOptions losses;

        @Override
        Recipe recipe(Preset preset) {
            Recipe recipe = losses.of(preset.ibp(epsilon.nearest()));
            return finalKappa == null ? recipe : recipe.withFinalKappa(finalKappa);
        }

        @Override
        void warn(PrintWriter err) {
            EpsilonConverter.warnOfLarge(epsilon, err);
        }

        @Override
        String source(String preset) {
            return preset + losses.words() + (finalKappa == null ? "" : ", final kappa " + finalKappa);
        }
    }

    /** What both have in common. */
    abstract static class Training implements Callable<Integer> {

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

        @Option(names = "--preset", paramLabel = "report|best|dense|quick", defaultValue = "quick",
                description = "The recipe: plain published schedules, the best known, the best of dense layers, or minutes "
                        + "on two cores (default: ${DEFAULT-VALUE}).")
        private Preset preset;

        @Mixin
        private LayerOptions layers;

        @Option(names = "--epochs", paramLabel = "N",
                description = "Passes over the training images, the recipe's schedules drawn out or compressed with them "
                        + "(default: the preset's).")
        private Integer epochs;

        @Option(names = "--limit", paramLabel = "N", description = "Train on the first N images only.")
        private Integer limit;

        @Option(names = "--seed", defaultValue = "0",
                description = "Seed of weights, order and noise (default: ${DEFAULT-VALUE}).")
        private long seed;

        @Option(names = "--out", paramLabel = "F.safetensors|F.onnx",
                description = "The model file; only .onnx holds residual blocks (default: .safetensors, named after the "
                        + "network).")
        private Path out;

        @Option(names = "--resume", description = "Go on from the checkpoint beside the model file.")
        private boolean resume;

        @Option(names = "--overwrite", description = "Replace a model file or a checkpoint that is there.")
        private boolean overwrite;

        @Option(names = "--checkpoint-seconds", paramLabel = "S",
                description = "Least time between two checkpoints, which are written at the ends of epochs (default: 15).")
        private Integer checkpointSeconds;

        abstract Recipe recipe(Preset preset);

        /** Remarks on options that make sense, but are probably a slip. */
        void warn(PrintWriter err) {
            // Most have none.
        }

        /** The recipe in brief, for the provenance. */
        String source(String preset) {
            return preset;
        }

        @Override
        public Integer call() throws Exception {
            Recipe recipe = chosen();
            warn(spec.commandLine().getErr());
            String name = Train.name(recipe.objective());
            Path model = out == null ? Path.of(name + ".safetensors") : out;
            OutputPaths.requireFile("--out", model);
            if (resume && !overwrite && ModelFile.mayBeReplaced(model)) {
                Map<String, String> provenance = ModelFile.read(model).metadata();
                if (Train.made(provenance, recipe, training(data.source(EnumSet.of(Split.TRAIN))))) {
                    spec.commandLine().getOut().println(model + " is finished" + Train.words(Train.accuracies(provenance)));
                    return ExitCode.DONE.code();
                }
            }
            if (Files.exists(model) && !overwrite) {
                throw new ExperimentException(model + " is there already: name another --out, or replace it with "
                        + "--overwrite");
            }
            if (Files.exists(model) && !ModelFile.mayBeReplaced(model)) {
                throw new ExperimentException(model + " is no model file: it stays as it is, so name another --out");
            }
            if (resume && !Files.exists(Train.checkpoint(model))) {
                throw new ExperimentException("nothing to resume: there is no " + Train.checkpoint(model)
                        + "; drop --resume to start");
            }
            if (Files.exists(Train.checkpoint(model)) && !resume && !overwrite) {
                throw new ExperimentException(Train.checkpoint(model) + " is there from a run that was stopped: go on with "
                        + "--resume, or throw it away with --overwrite");
            }
            try (Fleet fleet = device.openFirst(arithmetic.products())) {
                Monitor monitor = general.monitor(spec.commandLine().getErr());
                DataSource source = data.source(EnumSet.allOf(Split.class));
                layers.requireFit(source.shape());
                Dataset training = training(source);
                monitor.note(fleet.choice());
                try (ResumeHint hint = ResumeHint.of(spec.commandLine().getErr(), BulwarkCommand.above(spec).arguments())) {
                    Map<String, Double> accuracies = Train.run(fleet.first(), recipe,
                            source(preset.name().toLowerCase(Locale.ROOT)) + (epochs == null ? "" : ", epochs " + epochs),
                            training, source.dataset(Split.TEST), model,
                            resume, checkpoints(), monitor);
                    spec.commandLine().getOut().println(model + Train.words(accuracies));
                }
            }
            return ExitCode.DONE.code();
        }

        private Dataset training(DataSource source) {
            return limit == null ? source.dataset(Split.TRAIN) : source.dataset(Split.TRAIN, limit);
        }

        private Duration checkpoints() {
            if (checkpointSeconds != null && checkpointSeconds < 0) {
                throw new ExperimentException("--checkpoint-seconds must not be negative: " + checkpointSeconds);
            }
            return checkpointSeconds == null ? Train.CHECKPOINTS : Duration.ofSeconds(checkpointSeconds);
        }

        private Recipe chosen() {
            if (epochs != null && epochs < 1) {
                throw new ExperimentException("--epochs must be at least 1: " + epochs);
            }
            if (limit != null && limit < 1) {
                throw new ExperimentException("--limit must be at least 1: " + limit);
            }
            try {
                Recipe recipe = layers.of(recipe(preset).withSeed(seed));
                return epochs == null ? recipe : recipe.stretched(epochs);
            } catch (IllegalArgumentException e) {
                throw new ExperimentException(e.getMessage());
            }
        }
    }
}
