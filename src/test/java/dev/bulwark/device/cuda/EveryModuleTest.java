package dev.bulwark.device.cuda;

import static java.util.stream.Collectors.toCollection;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.bulwark.device.Activation;
import dev.bulwark.device.Affine;
import dev.bulwark.device.BoundarySteps;
import dev.bulwark.device.BoxRows;
import dev.bulwark.device.Convolution;
import dev.bulwark.device.DeviceBuffer;
import dev.bulwark.device.DeviceMemory;
import dev.bulwark.device.Halfspaces;
import dev.bulwark.device.InputGradients;
import dev.bulwark.device.IntervalLayer;
import dev.bulwark.device.Layer;
import dev.bulwark.device.NoiseKey;
import dev.bulwark.device.NoiseLaw;
import dev.bulwark.device.NoisyClassifier;
import dev.bulwark.device.PatchForms;
import dev.bulwark.device.Patches;
import dev.bulwark.device.Pooling;
import dev.bulwark.device.ProductPrecision;
import dev.bulwark.device.SmoothingNoise;
import dev.bulwark.device.SquareProposals;
import dev.bulwark.device.cuda.EmulatedDriver.Counter;
import dev.bulwark.shapes.ImageShape;
import dev.bulwark.shapes.Windows;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * A launch from every source of {@code cuda/}, small, but of more than one tile, block or warp: what gpu-check tries first
 * on a machine, and what it has compute-sanitizer check. Other tests say whether results are right.
 */
@GpuTest
@Tag("sanitizer")
class EveryModuleTest {

    private static final NoiseKey KEY = new NoiseKey(11, NoiseKey.Stream.ESTIMATION);

    /** Named after the sources. */
    private enum Module {
        ELEMENTWISE(on -> {
            DeviceBuffer x = on.random(5_003);
            on.backend.elementwise().relu(x, 5_003);
            return x;
        }),
        RESAMPLING(on -> {
            DeviceBuffer target = on.memory.allocate(3 * 28 * 28);
            on.backend.indexing().resample(on.random(3 * 28 * 28), on.random(3 * 6), on.below(3, 3), 3,
                    new ImageShape(1, 28, 28), target);
            return target;
        }),
        REDUCTIONS(on -> {
            DeviceBuffer sum = on.memory.allocate(1);
            on.backend.reductions().sum(on.random(5_003), 5_003, 0f, sum);
            return sum;
        }),
        ACTIVATIONS(on -> {
            DeviceBuffer y = on.random(5_003);
            on.backend.activations().apply(new Activation.Tanh(), y, 5_003, y);
            return y;
        }),
        MAX_POOLING(on -> {
            Pooling pooling = Pooling.ofMaxima(new ImageShape(3, 30, 31), Windows.square(3, 2, 1));
            DeviceBuffer y = on.memory.allocate(5L * pooling.output().size());
            on.backend.maxPooling().apply(on.random(5 * pooling.input().size()), 5, pooling, y);
            return y;
        }),
        PRODUCTS(Module::multiply),
        PRODUCTS_TF32(Module::multiply),
        CONVOLUTIONS(on -> {
            Convolution layer = Convolution.over(new ImageShape(3, 9, 11), on.random(70 * 27), on.random(70), 70,
                    Windows.square(3, 2, 1), 1);
            DeviceBuffer y = on.memory.allocate(5L * layer.output().size());
            on.backend.convolutions().apply(on.random(5 * layer.input().size()), 5, layer, true, y);
            return y;
        }),
        LOSSES(on -> {
            DeviceBuffer losses = on.memory.allocate(100);
            on.backend.losses().consistencyLoss(on.random(2 * 100 * 37), on.below(37, 100), 2, 100, 37, 1f, 0.5f,
                    on.random(1), on.memory.allocate(2 * 100 * 37), losses, on.memory.allocate(100));
            return losses;
        }),
        BALL_STEPS(on -> {
            DeviceBuffer x = on.memory.zeros(17 * 700);
            DeviceBuffer radii = on.memory.allocate(17);
            on.backend.fill(radii, 0.5f);
            on.backend.ballSteps().step(x, on.random(17 * 700), on.memory.zeros(17 * 700), radii, radii, 17, 700);
            return x;
        }),
        ASCENT_STEPS(on -> {
            DeviceBuffer x = on.memory.zeros(17 * 700);
            on.backend.ascentSteps().sparseStep(x, on.random(17 * 700), on.memory.zeros(17), on.random(17), 17, 700);
            return x;
        }),
        BOUNDARY_STEPS(on -> {
            DeviceBuffer x = on.memory.zeros(17 * 700);
            on.backend.boundarySteps().step(x, on.memory.zeros(17 * 700), on.random(17 * 700), on.random(17),
                    BoundarySteps.Settings.published(BoundarySteps.Distance.L2), 17, 700);
            return x;
        }),
        SQUARE_PROPOSALS(on -> {
            DeviceBuffer x = on.memory.allocate(5 * 3 * 9 * 11);
            on.backend.squareProposals().patterns(true, on.random(5 * 3 * 9 * 11), on.memory.zeros(5 * 3 * 9 * 11), on.random(25),
                    on.random(5), new SquareProposals.Draws(on.below(70, 5), on.below(3, 5), on.below(9, 1), KEY), 5,
                    new ImageShape(3, 9, 11), 5, x);
            return x;
        }),
        TRAINING_INTERVALS(on -> {
            DeviceBuffer loss = on.memory.zeros(1);
            DeviceBuffer radius = on.random(5_003);
            on.backend.elementwise().absolute(radius, 5_003, radius);
            on.backend.trainingIntervals().regulariser(on.random(5_003), radius, 5_003, on.memory.holding(0.1f), 0.5f,
                    on.memory.holding(0.5f), on.memory.zeros(5_003), on.memory.zeros(5_003), loss);
            return loss;
        }),
        INTERVAL_LAYERS(on -> {
            Affine affine = on.network(130, 70).get(0);
            DeviceBuffer points = on.memory.allocate(33 * 70);
            on.backend.trainingOperations().forward(
                    IntervalLayer.allocate(on.memory, affine, affine, IntervalLayer.Spread.OUTPUTS),
                    new BoxRows(on.random(33 * 130), on.random(17 * 130), 16, 17, 130),
                    new BoxRows(points, on.memory.allocate(17 * 70), 16, 17, 70));
            return points;
        }),
        OPTIMISERS(on -> {
            DeviceBuffer average = on.memory.zeros(5_003);
            on.backend.optimisers().average(on.random(5_003), 5_003, 0.25f, average);
            return average;
        }),
        CHANNELWISE(on -> {
            Pooling pooling = new Pooling(new ImageShape(3, 9, 8), Windows.square(3, 2, 1), false);
            DeviceBuffer low = on.memory.allocate(17 * pooling.output().size());
            DeviceBuffer x = on.random(17 * pooling.input().size());
            on.backend.channelwise().encloseAverage(x, x, 17, pooling, low, on.memory.allocate(low.length()));
            return low;
        }),
        NOISE(on -> {
            DeviceBuffer copies = on.memory.allocate(40 * 130);
            on.backend.noise().noisyCopies(on.random(130), 3, 5, 40, 130, 0.5f, KEY, copies);
            on.backend.noise().noisyCopies(on.random(130), 3, 5, 40, 130,
                    SmoothingNoise.of(NoiseLaw.DISCRETE, 0.5, on.memory), KEY, copies);
            return copies;
        }),
        VOTES(on -> {
            DeviceBuffer counts = on.memory.allocate(10);
            on.backend.zeroInts(counts);
            on.backend.votes().countArgMax(on.random(3_000), 300, 10, counts);
            return counts;
        }),
        OUTWARD_INTERVALS(on -> {
            Affine layer = on.network(130, 70).get(0);
            DeviceBuffer lower = on.memory.allocate(17 * 70);
            DeviceBuffer x = on.random(17 * 130);
            on.backend.outwardIntervals().affine(x, x, 17, layer, lower, on.memory.allocate(17 * 70));
            return lower;
        }),
        RELU_RELAXATION(on -> {
            DeviceBuffer low = on.random(3 * 4_000);
            DeviceBuffer high = on.memory.allocate(low.length());
            on.backend.elementwise().absolute(low, low.length(), high);
            DeviceBuffer owners = on.memory.allocate(2 * low.length());
            on.backend.zeroInts(owners);
            on.backend.reluRelaxations().openSides(0, Float.POSITIVE_INFINITY, low, high, 3, 4_000, owners,
                    on.memory.allocate(2 * low.length()), on.memory.allocate(1));
            return owners;
        }),
        MULTIPLIERS(on -> {
            DeviceBuffer constants = on.random(133);
            Halfspaces halfspaces = new Halfspaces(on.below(300, 5 * 7), on.random(5 * 7), on.random(5 * 7), on.random(5 * 7), 7);
            on.backend.multipliers().apply(halfspaces, on.random(133 * 7), 133, on.below(5, 133), on.random(300),
                    on.random(5 * 300), 300, on.random(133 * 300), constants);
            return constants;
        }),
        LINEAR_RELAXATION(on -> {
            DeviceBuffer minima = on.memory.allocate(33);
            DeviceBuffer box = on.random(5 * 300);
            on.backend.linearRelaxations().concretize(on.random(33 * 300), 33, on.below(5, 33), box, box, 300,
                    on.random(33), minima);
            return minima;
        }),
        PATCHES(on -> {
            ImageShape image = new ImageShape(3, 9, 10);
            Patches patches = Patches.ofUnits(image).behind(image, Windows.square(5, 1, 2)).orElseThrow();
            DeviceBuffer minima = on.memory.allocate(33);
            DeviceBuffer box = on.random(5 * image.size());
            on.backend.patchForms().concretize(on.random(33 * patches.size()),
                    new PatchForms.Batch(patches, on.below(5, 33), on.below(2 * image.size(), 33), 33), box, box,
                    on.random(33), minima);
            return minima;
        }),
        INPUT_GRADIENTS(on -> {
            DeviceBuffer gradients = on.memory.allocate(70 * 130);
            try (InputGradients network = on.backend.inputGradients(on.network(130, 70, 10), 70)) {
                network.forward(on.random(70 * 130), 70, on.memory.allocate(700));
                network.backward(on.random(700), 70, gradients);
                on.backend.synchronize();
            }
            return gradients;
        }),
        SMOOTHING_LAYERS(on -> on.votes(on.backend.smoothing().layered(on.network(130, 100, 70, 40, 10)))),
        SMOOTHING_CONVOLUTIONS(on -> on.votes(on.backend.smoothing().chain(on.chain()))),
        SMOOTHING_FUSED(on -> on.votes(on.backend.smoothing().fused(on.network(130, 100, 70, 40, 10), 32))),
        SMOOTHING_CLUSTERED(on -> {
            assumeTrue(on.backend.info().libraries().get("kernels").endsWith("compute capability 9.0"),
                    "these kernels are for compute capability 9.0");
            return on.votes(on.backend.smoothing().clustered(on.network(130, 100, 70, 40, 10)));
        });

        /** What to launch; gives the result. */
        private interface Launch {
            DeviceBuffer on(Gpu gpu);
        }

        private final Launch launch;

        Module(Launch launch) {
            this.launch = launch;
        }

        private static DeviceBuffer multiply(Gpu on) {
            DeviceBuffer product = on.memory.allocate(130 * 70);
            on.backend.linear().multiply(false, true, 130, 70, 99, on.random(130 * 99), on.random(70 * 99), 0f, product);
            return product;
        }

        String source() {
            return name().toLowerCase(Locale.ROOT);
        }

        /** Own kernels, whatever libraries there are. */
        CudaOptions options() {
            return CudaOptions.DEFAULT.withoutCublas().withProducts(
                    this == PRODUCTS_TF32 ? ProductPrecision.TF32 : ProductPrecision.FLOAT32);
        }
    }

    /** Arguments of launches. */
    private record Gpu(CudaBackend backend, DeviceMemory memory, SplittableRandom random) {

        DeviceBuffer random(int length) {
            float[] values = new float[length];
            for (int k = 0; k < length; ++k) {
                values[k] = (float) (random.nextDouble() - 0.5);
            }
            return memory.holding(values);
        }

        DeviceBuffer below(int bound, int length) {
            return memory.holding(random.ints(length, 0, bound).toArray());
        }

        List<Affine> network(int... widths) {
            List<Affine> layers = new ArrayList<>();
            for (int i = 1; i < widths.length; ++i) {
                layers.add(new Affine(random(widths[i - 1] * widths[i]), random(widths[i]), widths[i - 1], widths[i]));
            }
            return layers;
        }

        /** Tiles of several images, groups, a pooling and dense layers. */
        List<Layer> chain() {
            ImageShape image = new ImageShape(2, 13, 5);
            Convolution first = Convolution.over(image, random(36 * 18), random(36), 36, Windows.square(3, 2, 1), 1);
            Convolution second = Convolution.over(first.output(), random(10 * 18 * 4), random(10), 10, Windows.square(2, 1), 2);
            Pooling pooling = Pooling.ofMaxima(second.output(), Windows.square(2, 1));
            return List.of(new Layer.Convolve(first, true), new Layer.Convolve(second, true),
                    new Layer.Pool(pooling, Layer.Pool.Kind.MAXIMUM),
                    new Layer.Dense(network(pooling.output().size(), 10).get(0), false));
        }

        /** Votes of 150 noisy copies of two images among 10 classes; closes the classifier. */
        DeviceBuffer votes(NoisyClassifier classifier) {
            DeviceBuffer counts = memory.allocate(20);
            try (classifier) {
                backend.zeroInts(counts);
                classifier.countVotes(random(2 * 130), new int[] {3, 7}, 0.5f, KEY, 0, 150, counts);
                int[] votes = new int[20];
                backend.read(counts, votes);
                assertEquals(300, Arrays.stream(votes).sum(), Arrays.toString(votes));
            }
            return counts;
        }
    }

    @ParameterizedTest
    @EnumSource
    void givenAModule_whenOneOfItsKernelsIsLaunched_thenItRunsToItsEnd(Module module) {
        long before = TestGpu.isReal() ? 0 : EmulatedDriver.count(Counter.LAUNCHES);
        try (CudaBackend backend = TestGpu.open(module.options())) {
            try (DeviceMemory memory = new DeviceMemory(backend)) {
                DeviceBuffer result = module.launch.on(new Gpu(backend, memory, new SplittableRandom(1)));
                backend.synchronize();
                float[] values = new float[(int) result.length()];
                backend.read(result, values);
                for (float value : values) {
                    assertTrue(Float.isFinite(value), () -> Arrays.toString(values));
                }
            }
            assertEquals(0, backend.liveBytes());
        }
        if (!TestGpu.isReal()) {
            assertTrue(EmulatedDriver.count(Counter.LAUNCHES) > before);
        }
    }

    @Test
    void givenTheKernelSources_whenListed_thenEachHasItsLaunch() throws IOException {
        Path folder = Path.of("cuda");
        assumeTrue(Files.isDirectory(folder), "no sources here");
        try (Stream<Path> files = Files.list(folder)) {
            Set<String> sources = files.map(file -> file.getFileName().toString()).filter(name -> name.endsWith(".cu"))
                    .map(name -> name.substring(0, name.length() - ".cu".length())).collect(toCollection(TreeSet::new));
            assertEquals(sources, Stream.of(Module.values()).map(Module::source).collect(toCollection(TreeSet::new)));
        }
    }
}
