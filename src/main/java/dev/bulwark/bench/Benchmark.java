package dev.bulwark.bench;

import dev.bulwark.attack.AttackOutcome;
import dev.bulwark.attack.Pgd;
import dev.bulwark.attack.PgdSettings;
import dev.bulwark.bench.Rate.Cost;
import dev.bulwark.bench.Rate.Limit;
import dev.bulwark.bounds.Ibp;
import dev.bulwark.device.Backend;
import dev.bulwark.device.DeviceBuffer;
import dev.bulwark.device.DeviceException;
import dev.bulwark.device.DeviceLostException;
import dev.bulwark.device.DeviceMemory;
import dev.bulwark.device.InputGradients;
import dev.bulwark.device.LibraryNormals;
import dev.bulwark.device.NoiseKey.Stream;
import dev.bulwark.device.NoiseKey;
import dev.bulwark.device.NoiseLaw;
import dev.bulwark.device.NoisyClassifier.Precision;
import dev.bulwark.device.NoisyClassifier;
import dev.bulwark.device.OutOfDeviceMemoryException;
import dev.bulwark.device.Philox;
import dev.bulwark.device.RoundedGaussian;
import dev.bulwark.device.SmoothingNoise;
import dev.bulwark.model.Graph;
import dev.bulwark.plan.Plan;
import dev.bulwark.runs.Monitor;
import dev.bulwark.training.LearningRate;
import dev.bulwark.training.Objective.IntervalBounds;
import dev.bulwark.training.Objective;
import dev.bulwark.training.Progress;
import dev.bulwark.training.Recipe;
import dev.bulwark.training.Trainer;
import dev.bulwark.training.TrainingSet;
import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;

/**
 * Rates of every stage on random data and weights, beside what the machine could do: the rates of large products and
 * copies, measured in the same run.
 */
public final class Benchmark {

    /** The rate of this program's noise. */
    public static final String NORMALS = "normals_per_second";
    /** The rate of the vendor's, there only where a device has one. */
    public static final String CURAND_NORMALS = "curand_normals_per_second";

    private static final NoiseKey KEY = new NoiseKey(1, Stream.BENCHMARK);
    private static final int DISTINCT_ROWS = 1_000;

    private final Backend backend;
    private final BenchSettings settings;
    private final Stopwatch stopwatch;
    private final Graph network;

    public Benchmark(Backend backend, BenchSettings settings) {
        this.backend = backend;
        this.settings = settings;
        this.stopwatch = new Stopwatch(settings.timing().repeats(), settings.timing().seconds());
        this.network = settings.network().graph();
    }

    /** Takes rates as they are measured, by the names that files use. */
    public interface Results {
        void add(String name, Rate rate) throws IOException;
    }

    /**
     * Measures all rates, the ceilings first, so that the others can be held against them.
     *
     * @throws IOException if {@code results} does not take one
     */
    public void run(Monitor monitor, Results results) throws IOException {
        try (Monitor.Stage stage = monitor.stage("bench", 11, "rates")) {
            Results counted = (name, rate) -> {
                results.add(name, rate);
                stage.advance(1);
            };
            Ceilings ceilings = new Ceilings(backend, stopwatch, settings.alone().ceiling());
            counted.add("copies_per_second", ceilings.copies());
            counted.add("square_products_per_second", ceilings.floatProducts());
            counted.add("square_products_per_second_of_noisy_forwards", ceilings.classifierProducts());
            counted.add(NORMALS, normals());
            Optional<Rate> library = libraryNormals(monitor);
            if (library.isPresent()) {
                results.add(CURAND_NORMALS, library.get());
            }
            stage.advance(1);
            counted.add("noisy_forwards_per_second", noisyForwards());
            Optional<Rate> discrete = discreteNoisyForwards(monitor);
            if (discrete.isPresent()) {
                results.add("discrete_noisy_forwards_per_second", discrete.get());
            }
            stage.advance(1);
            counted.add("ibp_images_per_second", ibp());
            counted.add("ibp_training_samples_per_second", ibpTraining());
            counted.add("ibp_worst_case_training_samples_per_second", ibpTraining(0));
            counted.add("pgd_image_steps_per_second", pgd());
        }
    }

    /** Noisy forward passes, Gaussian noise and votes included. */
    public Rate noisyForwards() {
        return noisyForwards(NoiseLaw.GAUSSIAN);
    }

    /** The same with noise of a law, on images of bytes. */
    private Rate noisyForwards(NoiseLaw law) {
        int count = settings.noisy().images();
        try (Plan loaded = Plan.load(backend, network);
             DeviceMemory memory = new DeviceMemory(backend);
             NoisyClassifier classifier = loaded.noisyClassifier(memory)) {
            DeviceBuffer images = memory.allocate((long) count * settings.inputs());
            DeviceBuffer counts = memory.allocate((long) count * settings.classes());
            SmoothingNoise noise = SmoothingNoise.of(law, 0.5, memory);
            float[] bytes = uniform(count, settings.inputs());
            for (int k = 0; k < bytes.length; ++k) {
                bytes[k] = RoundedGaussian.byteOf(bytes[k]) / 255f;
            }
            backend.write(bytes, images);
            backend.zeroInts(counts);
            int[] indices = IntStream.range(0, count).toArray();
            return stopwatch.rate(Map.of("images", count, "samples", settings.noisy().samples()),
                    new Cost(2 * settings.multiplyAdds(), 0, Limit.CLASSIFIER_PRODUCTS), () -> {
                        classifier.countVotes(images, indices, noise, KEY, 0, settings.noisy().samples(), counts);
                        backend.synchronize();
                        return (double) count * settings.noisy().samples();
                    });
        }
    }

    /** Noisy forward passes with discrete noise; empty where the kernels that were asked for have none. */
    private Optional<Rate> discreteNoisyForwards(Monitor monitor) {
        try {
            return Optional.of(noisyForwards(NoiseLaw.DISCRETE));
        } catch (DeviceLostException | OutOfDeviceMemoryException e) {
            throw e;
        } catch (DeviceException e) {
            monitor.note("no rate with discrete noise: " + e.getMessage());
            return Optional.empty();
        }
    }

    private Rate normals() {
        int rows = settings.alone().normals();
        int columns = settings.inputs();
        try (DeviceBuffer image = backend.allocate(columns);
             DeviceBuffer target = backend.allocate((long) rows * columns)) {
            backend.fill(image, 0f);
            return stopwatch.rate(Map.of("rows", rows, "columns", columns), new Cost(0, Float.BYTES, Limit.COPIES), () -> {
                backend.noise().noisyCopies(image, 0, 0, rows, columns, 1f, KEY, target);
                backend.synchronize();
                return (double) rows * columns;
            });
        }
    }

    /** As many normals as {@link #normals} takes, by the device's vendor; empty where there are none. */
    private Optional<Rate> libraryNormals(Monitor monitor) {
        int length = settings.alone().normals() * settings.inputs() / 2 * 2; // vendors' come in pairs
        try (DeviceMemory memory = new DeviceMemory(backend)) {
            Optional<LibraryNormals> found = backend.libraryNormals();
            if (found.isEmpty()) {
                return Optional.empty();
            }
            try (LibraryNormals normals = found.get()) {
                DeviceBuffer target = memory.allocate(length);
                return Optional.of(stopwatch.rate(Map.of("length", length), new Cost(0, Float.BYTES, Limit.COPIES), () -> {
                    normals.fill(target);
                    backend.synchronize();
                    return length;
                }));
            }
        } catch (DeviceLostException | OutOfDeviceMemoryException e) {
            throw e;
        } catch (DeviceException e) {
            monitor.note("noise has no yardstick: " + e.getMessage());
            return Optional.empty();
        }
    }

    /** A float forward pass, and two bounds that each take every weight once. */
    private Rate ibp() {
        float[] images = uniform(settings.steps().batch(), settings.inputs());
        int[] labels = labels(settings.steps().batch());
        try (Plan plan = Plan.load(backend, network); Ibp verifier = new Ibp(plan)) {
            return stopwatch.rate(Map.of("batch", settings.steps().batch()),
                    new Cost(6 * settings.multiplyAdds(), 0, Limit.FLOAT_PRODUCTS), () -> {
                        verifier.verify(images, labels, 0.1);
                        return settings.steps().batch();
                    });
        }
    }

    /** Training on natural and worst-case loss alike, in the backend's products. */
    public Rate ibpTraining() {
        return ibpTraining(0.5);
    }

    /**
     * Whole training steps, the rate of each epoch but the first. A pass forward and the gradients with respect to weights
     * and to activations take the network's multiply-adds each; as much again for centres, for radii and, where they count,
     * for images.
     */
    private Rate ibpTraining(double kappa) {
        Objective objective = IntervalBounds.of(0.1).withKappa(new IntervalBounds.Kappa(kappa, kappa, 0, 0));
        Recipe recipe = Recipe.minimising(objective).architecture(settings.network().layers())
                .epochs(settings.timing().repeats() + 1)
                .batch(settings.steps().batch()).learningRate(LearningRate.steps(1e-3, 1)).seed(1).build();
        int passes = kappa > 0 ? 3 : 2;
        double flops = passes * 2 * (3 * settings.multiplyAdds() - settings.firstLayer());
        int steps = settings.steps().epoch();
        TrainingSet data = new TrainingSet(uniform(steps * settings.steps().batch(), settings.inputs()),
                settings.network().image(), labels(steps * settings.steps().batch()), settings.classes(),
                "random");
        List<Progress> epochs = Trainer.train(backend, recipe, data, progress -> { }).history();
        return Rate.of(epochs.stream().skip(1).mapToDouble(Progress::samplesPerSecond).toArray(),
                Map.of("batch", settings.steps().batch()), new Cost(flops, 0, Limit.FLOAT_PRODUCTS));
    }

    private Rate pgd() {
        float[] images = uniform(settings.steps().batch(), settings.inputs());
        int[] indices = IntStream.range(0, settings.steps().batch()).toArray();
        // Radius 0 breaks nothing, so that every image is worked on to the end.
        PgdSettings attack = new PgdSettings(0, settings.steps().pgd(), 0, 1, 1);
        try (Plan loaded = Plan.load(backend, network); Pgd pgd = new Pgd(loaded, attack)) {
            int[] labels = pgd.attack(images, labels(settings.steps().batch()), indices).stream()
                    .mapToInt(AttackOutcome::cleanPrediction).toArray();
            return stopwatch.rate(Map.of("batch", settings.steps().batch(), "steps", settings.steps().pgd()),
                    new Cost(4 * settings.multiplyAdds(), 0, limitOfAttacks(loaded)), () -> {
                        pgd.attack(images, labels, indices);
                        return (double) settings.steps().batch() * settings.steps().pgd();
                    });
        }
    }

    private Limit limitOfAttacks(Plan loaded) {
        try (DeviceMemory memory = new DeviceMemory(backend); InputGradients gradients = loaded.inputGradients(memory, 1)) {
            return gradients.precision() == Precision.FLOAT32 ? Limit.FLOAT_PRODUCTS : Limit.CLASSIFIER_PRODUCTS;
        }
    }

    /** Rows of uniform numbers, which repeat afterwards. */
    private static float[] uniform(int rows, int columns) {
        float[] values = new float[Math.multiplyExact(rows, columns)];
        int drawn = Math.min(rows, DISTINCT_ROWS) * columns;
        for (int i = 0; i < drawn; ++i) {
            values[i] = Philox.uniform(KEY, i / columns, 0, i % columns);
        }
        for (int from = drawn; from < values.length; from += drawn) {
            System.arraycopy(values, 0, values, from, Math.min(drawn, values.length - from));
        }
        return values;
    }

    private int[] labels(int count) {
        int[] labels = new int[count];
        Arrays.setAll(labels, i -> i % settings.classes());
        return labels;
    }
}
