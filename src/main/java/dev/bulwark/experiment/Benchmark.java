package dev.bulwark.experiment;

import dev.bulwark.attack.Pgd;
import dev.bulwark.attack.PgdSettings;
import dev.bulwark.bounds.Ibp;
import dev.bulwark.device.Affine;
import dev.bulwark.device.Backend;
import dev.bulwark.device.DeviceBuffer;
import dev.bulwark.device.InputGradients;
import dev.bulwark.device.NoiseKey;
import dev.bulwark.device.NoiseKey.Stream;
import dev.bulwark.device.NoisyClassifier;
import dev.bulwark.device.NoisyClassifier.Precision;
import dev.bulwark.device.Philox;
import dev.bulwark.experiment.Rate.Cost;
import dev.bulwark.experiment.Rate.Limit;
import dev.bulwark.nn.DeviceNetwork;
import dev.bulwark.nn.Network;
import dev.bulwark.training.Initialisation;
import dev.bulwark.training.LearningRate;
import dev.bulwark.training.Objective;
import dev.bulwark.training.Optimiser;
import dev.bulwark.training.Progress;
import dev.bulwark.training.Ramp;
import dev.bulwark.training.Recipe;
import dev.bulwark.training.Trainer;
import dev.bulwark.training.TrainingSet;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.DoubleSupplier;
import java.util.stream.IntStream;

/**
 * Rates of every stage on random data and weights, beside what the machine could do: the rates of large products and
 * copies, measured in the same run.
 */
public final class Benchmark {

    private static final NoiseKey KEY = new NoiseKey(1, Stream.BENCHMARK);

    /**
     * What to measure and how long.
     *
     * @param widths   of the network, inputs and classes included
     * @param images   certified together
     * @param samples  noisy copies of each
     * @param batch    images of a step of training, verification and PGD
     * @param pgdSteps steps of one attack
     * @param ceiling  edge of the square products, a sixteenth of a copy's rows, that tell the machine's ceilings
     * @param repeats  measurements of each rate
     * @param seconds  least length of one measurement
     */
    public record Settings(List<Integer> widths, int images, int samples, int batch, int pgdSteps, int ceiling,
                           int repeats, double seconds) {

        public Settings {
            widths = List.copyOf(widths);
            if (widths.size() < 2 || widths.stream().anyMatch(width -> width < 1)) {
                throw new ExperimentException("a network needs at least inputs and classes, all positive: " + widths);
            }
            if (Math.min(Math.min(images, samples), Math.min(batch, pgdSteps)) < 1 || ceiling < 16) {
                throw new ExperimentException("sizes must be positive, and --ceiling at least 16");
            }
            if (repeats < 1 || !(seconds > 0)) {
                throw new ExperimentException("--repeats and --seconds must be positive: " + repeats + ", " + seconds);
            }
        }

        Settings withWidths(List<Integer> other) {
            return new Settings(other, images, samples, batch, pgdSteps, ceiling, repeats, seconds);
        }

        Settings withImages(int other) {
            return new Settings(widths, other, samples, batch, pgdSteps, ceiling, repeats, seconds);
        }

        Settings withSamples(int other) {
            return new Settings(widths, images, other, batch, pgdSteps, ceiling, repeats, seconds);
        }

        int inputs() {
            return widths.get(0);
        }

        int classes() {
            return widths.get(widths.size() - 1);
        }

        /** Multiply-adds of one forward pass. */
        double multiplyAdds() {
            return IntStream.range(1, widths.size()).mapToDouble(i -> (double) widths.get(i - 1) * widths.get(i)).sum();
        }

        /** Multiply-adds of the first layer: no gradient goes through it to the images in training. */
        double firstLayer() {
            return (double) widths.get(0) * widths.get(1);
        }
    }

    private final Backend backend;
    private final Settings settings;
    private final Network network;

    public Benchmark(Backend backend, Settings settings) {
        this.backend = backend;
        this.settings = settings;
        this.network = Initialisation.KAIMING_UNIFORM.network(
                settings.widths.stream().mapToInt(Integer::intValue).toArray(), 1);
    }

    /** All rates, by the names that files use; ceilings first, so that the others can be held against them. */
    public Map<String, Rate> run(Monitor monitor) {
        Map<String, Rate> rates = new LinkedHashMap<>();
        try (Monitor.Stage stage = monitor.stage("bench", 9, "rates")) {
            put(rates, stage, "copies_per_second", copies());
            put(rates, stage, "square_products_per_second", squareProducts());
            put(rates, stage, "square_products_per_second_of_noisy_forwards", classifierProducts());
            put(rates, stage, "normals_per_second", normals());
            put(rates, stage, "noisy_forwards_per_second", noisyForwards());
            put(rates, stage, "ibp_images_per_second", ibp());
            put(rates, stage, "ibp_training_samples_per_second", ibpTraining());
            put(rates, stage, "ibp_worst_case_training_samples_per_second", ibpTraining(0));
            put(rates, stage, "pgd_image_steps_per_second", pgd());
        }
        return rates;
    }

    private static void put(Map<String, Rate> rates, Monitor.Stage stage, String name, Rate rate) {
        rates.put(name, rate);
        stage.advance(1);
    }

    // ---- what the machine could do ---------------------------------------------------------------------------------

    /** Copies within the device's memory, of rows as wide as the square products. */
    private Rate copies() {
        long length = 16L * settings.ceiling * settings.ceiling;
        try (DeviceBuffer source = backend.allocate(length); DeviceBuffer target = backend.allocate(length)) {
            backend.fill(source, 1f);
            return rate(Map.of("floats", (int) length), new Cost(0, 2.0 * Float.BYTES * length, Limit.COPIES), () -> {
                backend.copy(source, length, target);
                backend.synchronize();
                return 1;
            });
        }
    }

    /** Square float products. */
    private Rate squareProducts() {
        int edge = settings.ceiling;
        try (DeviceBuffer a = backend.allocate((long) edge * edge); DeviceBuffer b = backend.allocate((long) edge * edge);
             DeviceBuffer c = backend.allocate((long) edge * edge)) {
            backend.write(uniform(edge, edge), a);
            backend.write(uniform(edge, edge), b);
            return rate(Map.of("edge", edge), new Cost(2.0 * edge * edge * edge, 0, Limit.FLOAT_PRODUCTS), () -> {
                backend.multiply(false, true, edge, edge, edge, a, b, 0f, c);
                backend.synchronize();
                return 1;
            });
        }
    }

    /** Square products in the arithmetic of noisy forward passes. */
    private Rate classifierProducts() {
        int edge = settings.ceiling;
        try (DeviceBuffer weight = backend.allocate((long) edge * edge); DeviceBuffer bias = backend.allocate(edge);
             DeviceBuffer inputs = backend.allocate((long) edge * edge);
             DeviceBuffer logits = backend.allocate((long) edge * edge)) {
            backend.write(uniform(edge, edge), weight);
            backend.fill(bias, 0f);
            backend.write(uniform(edge, edge), inputs);
            try (NoisyClassifier one = backend.noisyClassifier(List.of(new Affine(weight, bias, edge, edge)))) {
                return rate(Map.of("edge", edge), new Cost(2.0 * edge * edge * edge, 0, Limit.CLASSIFIER_PRODUCTS), () -> {
                    one.logits(inputs, edge, logits);
                    backend.synchronize();
                    return 1;
                });
            }
        }
    }

    // ---- what this program does --------------------------------------------------------------------------------------

    /** Noisy forward passes, noise and votes included. */
    public Rate noisyForwards() {
        int count = settings.images;
        try (DeviceNetwork loaded = DeviceNetwork.load(backend, network);
             NoisyClassifier classifier = backend.noisyClassifier(loaded.layers());
             DeviceBuffer images = backend.allocate((long) count * settings.inputs());
             DeviceBuffer counts = backend.allocate((long) count * settings.classes())) {
            backend.write(uniform(count, settings.inputs()), images);
            backend.zeroInts(counts);
            int[] indices = IntStream.range(0, count).toArray();
            return rate(Map.of("images", count, "samples", settings.samples),
                    new Cost(2 * settings.multiplyAdds(), 0, Limit.CLASSIFIER_PRODUCTS), () -> {
                        classifier.countVotes(images, indices, 0.5f, KEY, 0, settings.samples, counts);
                        backend.synchronize();
                        return (double) count * settings.samples;
                    });
        }
    }

    private Rate normals() {
        int rows = Math.min(settings.samples, 4_000);
        int columns = settings.inputs();
        try (DeviceBuffer image = backend.allocate(columns);
             DeviceBuffer target = backend.allocate((long) rows * columns)) {
            backend.fill(image, 0f);
            return rate(Map.of("rows", rows, "columns", columns), new Cost(0, Float.BYTES, Limit.COPIES), () -> {
                backend.noisyCopies(image, 0, 0, rows, columns, 1f, KEY, target);
                backend.synchronize();
                return (double) rows * columns;
            });
        }
    }

    /** A float forward pass, and two bounds that each take every weight once. */
    private Rate ibp() {
        float[] images = uniform(settings.batch, settings.inputs());
        int[] labels = labels(settings.batch);
        try (DeviceNetwork loaded = DeviceNetwork.load(backend, network)) {
            Ibp verifier = new Ibp(backend, loaded);
            return rate(Map.of("batch", settings.batch),
                    new Cost(6 * settings.multiplyAdds(), 0, Limit.FLOAT_PRODUCTS), () -> {
                        verifier.verify(images, labels, 0.1);
                        return settings.batch;
                    });
        }
    }

    /** Training on natural and worst-case loss alike, in the backend's products. */
    public Rate ibpTraining() {
        return ibpTraining(0.5);
    }

    /**
     * Whole training steps, the rate of each epoch but the first. A pass forward and the gradients with respect to weights
     * and to activations take the network's multiply-adds each; so much for centres, radii and, where they count, images.
     */
    private Rate ibpTraining(double kappa) {
        Objective objective = new Objective.IntervalBounds(0.1, 1, 0, 0, Ramp.LINEAR, kappa, kappa, 0, 0, true, 0);
        List<Integer> hidden = settings.widths.subList(1, settings.widths.size() - 1);
        Recipe recipe = new Recipe(hidden, settings.repeats + 1, settings.batch, 1, Initialisation.KAIMING_UNIFORM,
                Optimiser.adam(), LearningRate.steps(1e-3, 1), 0, objective);
        int passes = kappa > 0 ? 3 : 2;
        double flops = passes * 2 * (3 * settings.multiplyAdds() - settings.firstLayer());
        int steps = Math.max(1, (int) Math.ceil(16 * settings.seconds));
        TrainingSet data = new TrainingSet(uniform(steps * settings.batch, settings.inputs()),
                labels(steps * settings.batch), settings.classes(), "random");
        List<Progress> epochs = Trainer.train(backend, recipe, data, progress -> { }).history();
        return Rate.of(epochs.stream().skip(1).mapToDouble(Progress::samplesPerSecond).toArray(),
                Map.of("batch", settings.batch), new Cost(flops, 0, Limit.FLOAT_PRODUCTS));
    }

    private Rate pgd() {
        float[] images = uniform(settings.batch, settings.inputs());
        int[] indices = IntStream.range(0, settings.batch).toArray();
        try (DeviceNetwork loaded = DeviceNetwork.load(backend, network)) {
            Pgd pgd = new Pgd(backend, loaded);
            int[] labels = pgd.attack(images, labels(settings.batch), indices, new PgdSettings(0, 1, 0, 1, 1)).stream()
                    .mapToInt(outcome -> outcome.cleanPrediction()).toArray();
            // Radius 0 breaks nothing, so that every image is worked on to the end.
            PgdSettings attack = new PgdSettings(0, settings.pgdSteps, 0, 1, 1);
            return rate(Map.of("batch", settings.batch, "steps", settings.pgdSteps),
                    new Cost(4 * settings.multiplyAdds(), 0, limitOfAttacks(loaded)), () -> {
                        pgd.attack(images, labels, indices, attack);
                        return (double) settings.batch * settings.pgdSteps;
                    });
        }
    }

    private Limit limitOfAttacks(DeviceNetwork loaded) {
        try (InputGradients gradients = backend.inputGradients(loaded.layers(), 1)) {
            return gradients.precision() == Precision.FLOAT32 ? Limit.FLOAT_PRODUCTS : Limit.CLASSIFIER_PRODUCTS;
        }
    }

    // ---- measuring ---------------------------------------------------------------------------------------------------

    /** @param work does some work and returns how much */
    private Rate rate(Map<String, Integer> sizes, Cost cost, DoubleSupplier work) {
        measure(work);
        return Rate.of(IntStream.range(0, settings.repeats).mapToDouble(i -> measure(work)).toArray(), sizes, cost);
    }

    private double measure(DoubleSupplier work) {
        double done = 0;
        long start = System.nanoTime();
        double elapsed = 0;
        while (elapsed < settings.seconds) {
            done += work.getAsDouble();
            elapsed = (System.nanoTime() - start) / 1e9;
        }
        return done / elapsed;
    }

    private static float[] uniform(int rows, int columns) {
        float[] values = new float[Math.multiplyExact(rows, columns)];
        for (int i = 0; i < values.length; ++i) {
            values[i] = Philox.uniform(KEY, i / columns, 0, i % columns);
        }
        return values;
    }

    private int[] labels(int count) {
        int[] labels = new int[count];
        Arrays.setAll(labels, i -> i % settings.classes());
        return labels;
    }
}
