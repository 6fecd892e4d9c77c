package dev.bulwark.experiment;

import dev.bulwark.attack.Pgd;
import dev.bulwark.attack.PgdSettings;
import dev.bulwark.bounds.Ibp;
import dev.bulwark.device.Backend;
import dev.bulwark.device.DeviceBuffer;
import dev.bulwark.device.NoiseKey;
import dev.bulwark.device.NoiseKey.Stream;
import dev.bulwark.device.NoisyClassifier;
import dev.bulwark.device.Philox;
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

/** Rates of every stage on random data and weights, with the lab report's network 784-1024-512-256-10. */
public final class Benchmark {

    private static final int[] WIDTHS = {784, 1024, 512, 256, 10};
    private static final NoiseKey KEY = new NoiseKey(1, Stream.BENCHMARK);

    /** How much work one call of each stage gets. */
    public enum Size {
        /** What the stages see in a run. */
        FULL(10_000, 4_000, 500, 20, 16),
        /** Just enough to show that every stage works; the rates mean little. */
        SMALL(50, 50, 8, 2, 2);

        private final int samples;
        private final int normalRows;
        private final int batch;
        private final int pgdSteps;
        private final int trainingSteps;

        Size(int samples, int normalRows, int batch, int pgdSteps, int trainingSteps) {
            this.samples = samples;
            this.normalRows = normalRows;
            this.batch = batch;
            this.pgdSteps = pgdSteps;
            this.trainingSteps = trainingSteps;
        }
    }

    private final Network network = Initialisation.KAIMING_UNIFORM.network(WIDTHS, 1);
    private final Backend backend;
    private final Size size;
    private final int repeats;
    private final double seconds;

    /**
     * @param repeats measurements of each rate; each runs at least {@code seconds}
     */
    public Benchmark(Backend backend, Size size, int repeats, double seconds) {
        if (repeats < 1 || !(seconds > 0)) {
            throw new ExperimentException("--repeats and --seconds must be positive: " + repeats + ", " + seconds);
        }
        this.backend = backend;
        this.size = size;
        this.repeats = repeats;
        this.seconds = seconds;
    }

    /** One rate a second: its smallest, median and largest measurement, and what it was measured on. */
    public record Rate(double min, double median, double max, int repeats, Map<String, Integer> sizes) {

        static Rate of(double[] measured, Map<String, Integer> sizes) {
            double[] sorted = measured.clone();
            Arrays.sort(sorted);
            int middle = sorted.length / 2;
            double median = sorted.length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
            return new Rate(sorted[0], median, sorted[sorted.length - 1], sorted.length, sizes);
        }
    }

    /** All rates, by the names that files use. */
    public Map<String, Rate> run(Monitor monitor) {
        Map<String, Rate> rates = new LinkedHashMap<>();
        try (Monitor.Stage stage = monitor.stage("bench", 5, "rates")) {
            rates.put("normals_per_second", normals());
            stage.advance(1);
            rates.put("noisy_forwards_per_second", noisyForwards());
            stage.advance(1);
            rates.put("ibp_images_per_second", ibp());
            stage.advance(1);
            rates.put("ibp_training_samples_per_second", ibpTraining(0.5));
            rates.put("ibp_worst_case_training_samples_per_second", ibpTraining(0));
            stage.advance(1);
            rates.put("pgd_image_steps_per_second", pgd());
            stage.advance(1);
        }
        return rates;
    }

    /** Noisy forward passes, noise and votes included. */
    public Rate noisyForwards() {
        try (DeviceNetwork loaded = DeviceNetwork.load(backend, network);
             NoisyClassifier classifier = backend.noisyClassifier(loaded.layers());
             DeviceBuffer images = backend.allocate(4L * WIDTHS[0]);
             DeviceBuffer counts = backend.allocate(4L * 10)) {
            backend.write(uniform(4 * WIDTHS[0]), images);
            backend.zeroInts(counts);
            int[] indices = {0, 1, 2, 3};
            return rate(Map.of("images", 4, "samples", size.samples), () -> {
                classifier.countVotes(images, indices, 0.5f, KEY, 0, size.samples, counts);
                backend.synchronize();
                return 4.0 * size.samples;
            });
        }
    }

    private Rate normals() {
        try (DeviceBuffer image = backend.allocate(WIDTHS[0]);
             DeviceBuffer target = backend.allocate((long) size.normalRows * WIDTHS[0])) {
            backend.fill(image, 0f);
            return rate(Map.of("rows", size.normalRows, "columns", WIDTHS[0]), () -> {
                backend.noisyCopies(image, 0, 0, size.normalRows, WIDTHS[0], 1f, KEY, target);
                backend.synchronize();
                return (double) size.normalRows * WIDTHS[0];
            });
        }
    }

    private Rate ibp() {
        float[] images = uniform(size.batch * WIDTHS[0]);
        int[] labels = labels(size.batch);
        try (DeviceNetwork loaded = DeviceNetwork.load(backend, network)) {
            Ibp verifier = new Ibp(backend, loaded);
            return rate(Map.of("batch", size.batch), () -> {
                verifier.verify(images, labels, 0.1);
                return size.batch;
            });
        }
    }

    /** Whole training steps, the rate of each epoch but the first. */
    private Rate ibpTraining(double kappa) {
        Objective objective = new Objective.IntervalBounds(0.1, 1, 0, 0, Ramp.LINEAR, kappa, kappa, 0, 0, true, 0);
        Recipe recipe = new Recipe(List.of(1024, 512, 256), repeats + 1, size.batch, 1, Initialisation.KAIMING_UNIFORM,
                Optimiser.adam(), LearningRate.steps(1e-3, 1), 0, objective);
        int count = size.trainingSteps * size.batch;
        TrainingSet data = new TrainingSet(uniform(count * WIDTHS[0]), labels(count), 10, "random");
        List<Progress> epochs = Trainer.train(backend, recipe, data, progress -> { }).history();
        return Rate.of(epochs.stream().skip(1).mapToDouble(Progress::samplesPerSecond).toArray(), Map.of("batch", size.batch));
    }

    private Rate pgd() {
        float[] images = uniform(size.batch * WIDTHS[0]);
        int[] indices = IntStream.range(0, size.batch).toArray();
        try (DeviceNetwork loaded = DeviceNetwork.load(backend, network)) {
            Pgd pgd = new Pgd(backend, loaded);
            int[] labels = pgd.attack(images, labels(size.batch), indices, new PgdSettings(0, 1, 0, 1, 1)).stream()
                    .mapToInt(outcome -> outcome.cleanPrediction()).toArray();
            // Radius 0 breaks nothing, so that every image is worked on to the end.
            return rate(Map.of("batch", size.batch, "steps", size.pgdSteps), () -> {
                pgd.attack(images, labels, indices, new PgdSettings(0, size.pgdSteps, 0, 1, 1));
                return (double) size.batch * size.pgdSteps;
            });
        }
    }

    /** @param work does some work and returns how much */
    private Rate rate(Map<String, Integer> sizes, DoubleSupplier work) {
        measure(work);
        return Rate.of(IntStream.range(0, repeats).mapToDouble(i -> measure(work)).toArray(), sizes);
    }

    private double measure(DoubleSupplier work) {
        double done = 0;
        long start = System.nanoTime();
        double elapsed = 0;
        while (elapsed < seconds) {
            done += work.getAsDouble();
            elapsed = (System.nanoTime() - start) / 1e9;
        }
        return done / elapsed;
    }

    private static float[] uniform(int length) {
        float[] values = new float[length];
        for (int i = 0; i < length; ++i) {
            values[i] = Philox.uniform(KEY, i / WIDTHS[0], 0, i % WIDTHS[0]);
        }
        return values;
    }

    private static int[] labels(int count) {
        int[] labels = new int[count];
        Arrays.setAll(labels, i -> i % 10);
        return labels;
    }
}
