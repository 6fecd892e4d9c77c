package dev.bulwark.runs;

import dev.bulwark.data.DataException;
import dev.bulwark.data.Dataset;
import dev.bulwark.data.Epsilon;
import dev.bulwark.device.Backend;
import dev.bulwark.device.DeviceInfo;
import dev.bulwark.files.OneWriter;
import dev.bulwark.model.Graph;
import dev.bulwark.model.Op;
import dev.bulwark.model.io.ModelFile;
import dev.bulwark.model.io.Precision;
import dev.bulwark.results.RunLayout;
import dev.bulwark.training.CheckpointPolicy;
import dev.bulwark.training.Objective;
import dev.bulwark.training.Progress;
import dev.bulwark.training.Recipe;
import dev.bulwark.training.Trained;
import dev.bulwark.training.Trainer;
import dev.bulwark.training.TrainingSet;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** From a recipe to a model file: trained, rounded to half precision once, measured, written with its provenance. */
public final class Train {

    /** A checkpoint takes a tenth of a second. */
    public static final Duration CHECKPOINTS = Duration.ofSeconds(15);

    private static final String RECIPE = "recipe_sha256";
    private static final String TRAINING_DATA = "training_data_sha256";
    private static final String CLEAN = "clean_accuracy";
    private static final String CERTIFIED = "ibp_certified";
    private static final String NOISY = "noisy_accuracy";

    private Train() {
    }

    /**
     * What networks are trained on and measured on; one of these serves any number of them.
     *
     * @param set the training images as {@link Trainer} takes them: four bytes a pixel
     */
    record Images(Dataset training, Dataset test, TrainingSet set) {

        /** Most elements of an array on every virtual machine. */
        private static final int MOST_ELEMENTS = Integer.MAX_VALUE - 8;

        static Images of(Dataset training, Dataset test) {
            if (training.classes() < 2) {
                throw new DataException("the labels of " + training
                        + " are all 0, and a classifier needs at least 2 classes");
            }
            long elements = (long) training.size() * training.imageSize();
            if (elements > MOST_ELEMENTS) {
                throw new DataException("training on " + training + " takes " + elements + " numbers, " + MOST_ELEMENTS
                        + " at most fit: train on fewer images");
            }
            float[] pixels = new float[(int) elements];
            training.pixels(0, training.size(), pixels);
            return new Images(training, test,
                    new TrainingSet(pixels, training.shape(), training.labels(), training.classes(), training.digest()));
        }
    }

    /** What a network is called in files: {@code ibp-epsilon-0.10}, {@code smoothing-sigma-0.50}. */
    public static String name(Objective objective) {
        return objective instanceof Objective.IntervalBounds ibp
                ? "ibp-epsilon-" + RunLayout.decimals(ibp.epsilon())
                : "smoothing-sigma-" + RunLayout.decimals(objective.sigma());
    }

    /** What a network is called on the screen: after its file. */
    static String title(Path model) {
        return model.getFileName().toString().replaceFirst("\\.(safetensors|onnx)$", "");
    }

    /** Where a run that was stopped left off. */
    public static Path checkpoint(Path model) {
        return model.resolveSibling(model.getFileName() + ".checkpoint");
    }

    /**
     * Trains and writes {@code model}, as ONNX where its name ends so, else as safetensors; a checkpoint beside it is taken up, and removed at the end.
     *
     * @param source  the preset's name, for the provenance
     * @param resume  whether a checkpoint that is there is this run's; otherwise it is thrown away
     * @param checkpoints least time between two; they are written at the ends of epochs
     * @param test    what the accuracies in the provenance are measured on
     * @return the measured accuracies, percentages by name
     */
    public static Map<String, Double> run(Backend backend, Recipe recipe, String source, Dataset training, Dataset test,
                                          Path model, boolean resume, Duration checkpoints, Monitor monitor)
            throws IOException {
        return run(backend, recipe, source, Images.of(training, test), model, resume, checkpoints, monitor);
    }

    /** As above, with images that may be shared with other networks' training. */
    static Map<String, Double> run(Backend backend, Recipe recipe, String source, Images images, Path model,
                                   boolean resume, Duration checkpoints, Monitor monitor) throws IOException {
        requireFit(recipe, images.training, model);
        CheckpointPolicy policy = new CheckpointPolicy(checkpoint(model), checkpoints);
        try (OneWriter writer = OneWriter.of(model)) {
            if (!resume) {
                policy.discard();
            }
            Map<String, Double> accuracies = train(backend, recipe, source, images, model, policy, monitor);
            policy.discard();
            return accuracies;
        }
    }

    private static Map<String, Double> train(Backend backend, Recipe recipe, String source, Images images, Path model,
                                             CheckpointPolicy policy, Monitor monitor) {
        Trained trained;
        try (Monitor.Stage stage = monitor.stage("train " + title(model), recipe.passes().epochs(), "epochs")) {
            int[] seen = {0};
            trained = Trainer.train(backend, recipe, images.set, policy, progress -> {
                stage.found(progress.epoch().number() - seen[0] - 1); // a checkpoint's
                stage.advance(1);
                seen[0] = progress.epoch().number();
                stage.detail(detail(progress));
            });
        }
        Graph rounded = ModelFile.roundedToHalf(trained.graph());
        Map<String, Double> accuracies = measure(backend.unrounded(), rounded, recipe, images.test);
        Map<String, String> provenance = provenance(recipe, source, images, backend.info(), trained, accuracies);
        if (isOnnx(model)) {
            ModelFile.writeOnnx(model, rounded, provenance);
        } else {
            ModelFile.write(model, rounded, Precision.F16, provenance);
        }
        return accuracies;
    }

    private static boolean isOnnx(Path model) {
        return model.getFileName().toString().toLowerCase(Locale.ROOT).endsWith(".onnx");
    }

    /** Whether the network with this provenance is what {@code recipe} makes of these images. */
    public static boolean made(Map<String, String> provenance, Recipe recipe, Dataset training) {
        return recipe.digest().equals(provenance.get(RECIPE)) && training.digest().equals(provenance.get(TRAINING_DATA));
    }

    /** The accuracies in a network's provenance, percentages by name. */
    public static Map<String, Double> accuracies(Map<String, String> provenance) {
        Map<String, Double> accuracies = new LinkedHashMap<>();
        for (String name : List.of(CLEAN, CERTIFIED, NOISY)) {
            if (provenance.containsKey(name)) {
                accuracies.put(name, Double.valueOf(provenance.get(name)));
            }
        }
        return accuracies;
    }

    private static void requireFit(Recipe recipe, Dataset training, Path model) {
        try {
            Graph graph = recipe.architecture().graph(training.shape(), training.classes());
            if (!isOnnx(model) && graph.nodes().stream().anyMatch(node -> node.op() instanceof Op.Add)) {
                throw new ExperimentException("only ONNX files hold residual blocks, which add: name a model file that ends in "
                        + ".onnx, not " + model);
            }
        } catch (IllegalArgumentException e) {
            throw new ExperimentException(e.getMessage());
        }
    }

    /** Accuracies by name as a line ends with them: {@code , clean accuracy 98.00%}. */
    public static String words(Map<String, Double> accuracies) {
        StringBuilder text = new StringBuilder();
        accuracies.forEach((what, percent) ->
                text.append(String.format(Locale.ROOT, ", %s %.2f%%", what.replace('_', ' '), percent)));
        return text.toString();
    }

    private static String detail(Progress progress) {
        StringBuilder text = new StringBuilder(String.format(Locale.ROOT, "loss %.4f", progress.losses().total()));
        progress.losses().natural().ifPresent(term -> text.append(
                String.format(Locale.ROOT, ", natural %.1f%%", 100 * term.accuracy())));
        progress.losses().worstCase().ifPresent(term -> text.append(
                String.format(Locale.ROOT, ", worst case %.1f%% at %.3f", 100 * term.accuracy(),
                        progress.last().epsilon())));
        return text.append(String.format(Locale.ROOT, ", %,.0f images/s", progress.samplesPerSecond())).toString();
    }

    private static Map<String, Double> measure(Backend backend, Graph network, Recipe recipe, Dataset test) {
        Evaluation evaluation = new Evaluation(backend, network, test);
        Map<String, Double> accuracies = new LinkedHashMap<>();
        accuracies.put(CLEAN, evaluation.clean());
        if (recipe.objective() instanceof Objective.IntervalBounds ibp) {
            accuracies.put(CERTIFIED, evaluation.certified(Epsilon.of(ibp.epsilon())));
        } else {
            accuracies.put(NOISY, evaluation.noisy(recipe.objective().sigma(), recipe.seed()));
        }
        return accuracies;
    }

    private static Map<String, String> provenance(Recipe recipe, String source, Images images, DeviceInfo device,
                                                  Trained trained, Map<String, Double> accuracies) {
        Dataset training = images.training;
        Dataset test = images.test;
        Map<String, String> provenance = new LinkedHashMap<>();
        provenance.put("made_by", "bulwark");
        provenance.put("name", name(recipe.objective()));
        provenance.put("preset", source);
        provenance.put("layers", recipe.architecture().words(training.shape(), training.classes()));
        provenance.put("recipe", recipe.toString());
        provenance.put(RECIPE, recipe.digest());
        provenance.put("seed", Long.toString(recipe.seed()));
        provenance.put("training_data", training.name() + ", " + training.size() + " images");
        provenance.put(TRAINING_DATA, training.digest());
        provenance.put("device", device.kind() + ", " + device.name());
        provenance.put("products", device.libraries().get(DeviceInfo.PRODUCTS));
        provenance.put("training_seconds", String.format(Locale.ROOT, "%.0f", trained.seconds()));
        provenance.put("test_data", test.name() + ", " + test.size() + " images");
        accuracies.forEach((name, value) -> provenance.put(name, String.format(Locale.ROOT, "%.2f", value)));
        return provenance;
    }
}
