package dev.bulwark.device.cuda;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.bulwark.device.Affine;
import dev.bulwark.device.DeviceBuffer;
import dev.bulwark.device.DeviceException;
import dev.bulwark.device.NoiseKey.Stream;
import dev.bulwark.device.NoiseKey;
import dev.bulwark.device.NoisyClassifier.Precision;
import dev.bulwark.device.NoisyClassifier;
import dev.bulwark.device.OverflowCases;
import dev.bulwark.device.Philox;
import dev.bulwark.device.cuda.CudaOptions.NoisyKernels;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Noisy votes in half precision: the layered kernels against a reference in double, the fused one against those. */
@GpuTest
class NoisyClassifierTest {

    private static final NoiseKey KEY = new NoiseKey(0x1234_5678_9ABC_DEF0L, Stream.ESTIMATION);

    private final SplittableRandom random = new SplittableRandom(3);
    private CudaBackend backend;

    @BeforeEach
    void open() {
        backend = TestGpu.open();
    }

    @AfterEach
    void everyByteIsReturned() {
        assertEquals(0, backend.liveBytes(), "live bytes at the end of a test");
        backend.close();
    }

    // ---- the layered kernels against double -------------------------------------------------------------------------

    @ParameterizedTest
    @ValueSource(strings = {"1-31-10", "33-65-17-3", "16-16", "784-40-10", "50-130-2", "20-530-4", "7-5-600"})
    void givenAnyShape_whenLayered_thenEveryLogitIsWithinTheSumsRoundingOfTheReference(String shape) {
        int samples = 23;
        int[] indices = {59_999, 4};
        try (HalfNetworkOnGpu net = net(shape); DeviceBuffer images = device(pixels(2 * net.inputs()));
             LayeredNoisyClassifier layered = backend.smoothing().layered(net.layers);
             DeviceBuffer counts = backend.allocate(2L * net.classes())) {
            backend.zeroInts(counts);
            layered.countVotes(images, indices, 0.5f, KEY, 100, samples, counts);
            float[] x = floats(images);
            float[] logits = floats(layered.logits().slice(0, 2L * samples * net.classes()));
            double slack = 0;
            for (int row = 0; row < 2 * samples; ++row) {
                int image = row / samples;
                HalfReference.Values expected = net.reference.logits(
                        noisy(x, image * net.inputs(), indices[image], 100 + row % samples, 0.5f, net.inputs()));
                for (int c = 0; c < net.classes(); ++c) {
                    float logit = logits[row * net.classes() + c];
                    assertEquals(expected.value()[c], logit, expected.error()[c], row + ", " + c);
                    slack = Math.max(slack, expected.error()[c]);
                }
            }
            // A tolerance as wide as half precision's own steps would prove nothing.
            assertTrue(slack < 0.02, "tolerance " + slack);
        }
    }

    // ---- the fused kernel against the layered ones ------------------------------------------------------------------

    @ParameterizedTest
    @CsvSource({
        "1-31-10, 64", "1-31-10, 48", "33-65-17-3, 32", "16-16, 64", "784-40-10, 48", "50-130-2, 64",
        "784-1024-512-256-10, 64",
        "300-530-70-4, 64", "300-530-70-4, 48", "70-1100-20-5, 32", "20-33-600, 64", "7-260-1030-3, 48",
        "784~1024-512-256-10, 64", "784~1024-33-10, 48", "300~530-70-4, 32", "1000~17-5, 64",
        "70-512-5, 64", "33-1024-20-3, 32"}) // and widths that fill all warps' registers exactly
    void givenAnyShapeAndTile_whenFused_thenEveryVoteIsThatOfTheLayers(String shape, int rows) {
        int samples = 101;
        int[] indices = {3, 0, 70};
        try (HalfNetworkOnGpu net = net(shape); DeviceBuffer images = device(pixels(3 * net.inputs()));
             NoisyClassifier layered = backend.smoothing().layered(net.layers);
             NoisyClassifier fused = fused(net, rows)) {
            int[] expected = votes(layered, images, indices, samples, net.classes());
            assertArrayEquals(expected, votes(fused, images, indices, samples, net.classes()));
            assertEquals(3 * samples, Arrays.stream(expected).sum());
            assertTrue(Arrays.stream(expected).filter(count -> count > 0).count() > 1, "all votes for one class");
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"784~1024-10", "300~530-4", "50~16-3", "784-40-10"})
    void givenReceptiveFields_whenPacked_thenEachBlockOfOutputsHasThePanelsThatHoldThem(String shape) {
        try (HalfNetworkOnGpu net = net(shape)) {
            float[] weight = floats(net.layers.get(0).weight());
            int in = net.layers.get(0).in();
            int out = net.layers.get(0).out();
            try (HalfNetwork packed = backend.smoothing().packed(net.layers)) {
                int[] panels = new int[(int) packed.fields().length()];
                backend.read(packed.fields(), panels);
                assertEquals((out + 63) / 64 * 8, panels.length);
                for (int block = 0; block < panels.length / 2; ++block) {
                    int first = (in + 63) / 64;
                    int end = 0;
                    for (int k = Math.min(out, 16 * block) * in; k < Math.min(out, 16 * (block + 1)) * in; ++k) {
                        if (weight[k] != 0f) {
                            first = Math.min(first, k % in / 64);
                            end = Math.max(end, k % in / 64 + 1);
                        }
                    }
                    assertEquals(first, panels[2 * block], "first panel of block " + block);
                    assertEquals(end, panels[2 * block + 1], "end of block " + block);
                }
            }
        }
    }

    @ParameterizedTest
    @CsvSource({"784-30-10, 64", "100-70-40-5, 48", "31-33-7, 32"})
    void givenADoubleReference_whenFused_thenOnlyNearTiesMayVoteOtherwise(String shape, int rows) {
        int samples = 300;
        try (HalfNetworkOnGpu net = net(shape); DeviceBuffer image = device(pixels(net.inputs()));
             NoisyClassifier fused = fused(net, rows)) {
            float[] x = floats(image);
            int[] certain = new int[net.classes()];
            int nearTies = 0;
            for (int sample = 0; sample < samples; ++sample) {
                int vote = net.reference.vote(noisy(x, 0, 9, 17 + sample, 0.7f, net.inputs()));
                if (vote >= 0) {
                    ++certain[vote];
                } else {
                    ++nearTies;
                }
            }
            int[] votes = votes(fused, image, new int[] {9}, samples, net.classes());
            for (int c = 0; c < votes.length; ++c) {
                assertTrue(votes[c] >= certain[c] && votes[c] <= certain[c] + nearTies, c + ": " + votes[c]);
            }
            // Logits of order one, told apart to better than 0.02: few samples are nearer to a tie.
            assertTrue(nearTies <= samples / 50, nearTies + " near ties");
        }
    }

    /** Tiles and panels are read whole; fresh memory holds anything, on the emulated driver NaN. */
    @ParameterizedTest
    @ValueSource(strings = {"33-65-17-3", "16-16", "784-40-10"})
    void givenFewSamples_whenLayered_thenNoKernelReadsWhatNothingHasWritten(String shape) {
        try (HalfNetworkOnGpu net = net(shape); DeviceBuffer image = device(pixels(net.inputs()));
             LayeredNoisyClassifier layered = backend.smoothing().layered(net.layers)) {
            for (DeviceBuffer half : layered.activations()) {
                for (float pair : floats(half)) {
                    assertEquals(0f, pair);
                }
            }
            assertEquals(5, Arrays.stream(votes(layered, image, new int[] {1}, 5, net.classes())).sum());
        }
    }

    @Test
    void givenManyImages_whenCounted_thenEachHasItsOwnVotes() {
        int count = 4099; // more than one buffer of indices holds
        try (HalfNetworkOnGpu net = net("3-4-2"); DeviceBuffer images = device(pixels(3 * count));
             NoisyClassifier layered = backend.smoothing().layered(net.layers);
             NoisyClassifier fused = backend.smoothing().fused(net.layers, 48)) {
            int[] indices = new int[count];
            Arrays.setAll(indices, i -> 7 * i);
            int[] expected = votes(layered, images, indices, 3, 2);
            assertArrayEquals(expected, votes(fused, images, indices, 3, 2));
            int last = count - 1;
            assertArrayEquals(Arrays.copyOfRange(expected, 2 * last, 2 * count),
                    votes(fused, images.slice(3L * last, 3), new int[] {7 * last}, 3, 2));
        }
    }

    @Test
    void givenManyInputs_whenClassified_thenEachHasItsOwnLogits() {
        int count = 4099; // more than one buffer of indices holds
        try (HalfNetworkOnGpu net = net(new int[] {1, 1}, new float[][] {{-1f}}, new float[][] {{3f}});
             NoisyClassifier fused = backend.smoothing().fused(net.layers, 32); DeviceBuffer logits =
                     backend.allocate(count)) {
            float[] x = new float[count];
            float[] expected = new float[count];
            for (int i = 0; i < count; ++i) {
                x[i] = i % 2039; // integers up to 2048 are fp16 numbers
                expected[i] = 3f - x[i];
            }
            try (DeviceBuffer inputs = device(x)) {
                fused.logits(inputs, count, logits);
            }
            assertArrayEquals(expected, floats(logits));
        }
    }

    // ---- votes that can be told beforehand -----------------------------------------------------------------------------

    @Test
    void givenLogitsThatTie_whenCounted_thenTheLowestClassHasTheVotes() {
        for (boolean fused : new boolean[] {false, true}) {
            assertArrayEquals(new int[] {0, 40, 0, 0}, votesAtZero(fused, new int[] {1, 4}, new float[][] {new float[4]},
                    new float[][] {{-1f, 2f, 2f, 2f}}));
        }
    }

    @Test
    void givenAnActivationBeyondFp16_whenItsLogitIsNaN_thenNoClassHasTheVote() {
        // Hidden: 2 x 60000 = inf, twice; logits: inf - inf, and -0 inf + 5.
        float[][] weights = {{60_000f, 60_000f}, {1f, -1f, 0f, 0f}};
        for (boolean fused : new boolean[] {false, true}) {
            assertArrayEquals(new int[] {0, 0},
                    votesAtZero(fused, new int[] {1, 2, 2}, weights, new float[][] {{0, 0}, {0, 5f}}));
        }
    }

    @Test
    void givenAHiddenNaN_whenItMeetsTheRelu_thenItIsNotSilenced() {
        // inf - inf in the second layer, a ReLU, and logits that would be 0 and 5 had it become zero.
        float[][] weights = {{60_000f, 60_000f}, {1f, -1f}, {1f, 0f}};
        for (boolean fused : new boolean[] {false, true}) {
            assertArrayEquals(new int[] {0, 0},
                    votesAtZero(fused, new int[] {1, 2, 1, 2}, weights, new float[][] {{0, 0}, {0}, {0, 5f}}));
        }
    }

    @Test
    void givenOneUnknownLogitAmongKnownOnes_whenCounted_thenNoClassHasTheVote() {
        int classes = 45; // of one thread, of its neighbours, of other warps
        for (int unknown : new int[] {0, 1, 2, 8, 16, 31, 44}) {
            float[] bias = new float[classes];
            for (int c = 0; c < classes; ++c) {
                bias[c] = c == unknown ? Float.NaN : c % 7;
            }
            for (boolean fused : new boolean[] {false, true}) {
                assertArrayEquals(new int[classes], votesAtZero(fused, new int[] {1, classes},
                        new float[][] {new float[classes]}, new float[][] {bias}), "class " + unknown);
            }
        }
    }

    static List<OverflowCases.Case> overflows() {
        return OverflowCases.of(Precision.FLOAT16);
    }

    @ParameterizedTest
    @MethodSource("overflows")
    void givenANetworkThatOverflows_whenCounted_thenEveryKernelKeepsTheRule(OverflowCases.Case each) {
        int[] expected = new int[each.widths()[4]];
        if (each.vote() >= 0) {
            expected[each.vote()] = 70;
        }
        try (HalfNetworkOnGpu net = net(each.widths(), each.weights(), each.biases());
             DeviceBuffer image = device(OverflowCases.PIXEL)) {
            for (int rows : new int[] {0, 32, 48, 64}) {
                try (NoisyClassifier classifier = rows == 0 ? backend.smoothing().layered(net.layers)
                        : backend.smoothing().fused(net.layers, rows)) {
                    assertArrayEquals(expected, votes(classifier, image, new int[] {0}, 70, expected.length, 0f),
                            rows + " rows a block");
                }
            }
        }
    }

    /** Infinity times a weight of 0 is NaN, also in a panel of inputs that the fused kernel may leave out. */
    @Test
    void givenAnInputBeyondFp16_whenNoUnitLooksAtIt_thenNoClassHasTheVoteByEitherKernel() {
        int inputs = 300;
        float[] weight = new float[20 * inputs];
        for (int k = 0; k < weight.length; ++k) {
            weight[k] = k % inputs < 64 ? 0.01f : 0f;
        }
        float[] pixels = pixels(2 * inputs);
        pixels[inputs - 1] = 70_000f; // of the first image
        float[] readout = new float[40];
        Arrays.fill(readout, 1f);
        try (HalfNetworkOnGpu net = net(new int[] {inputs, 20, 2}, new float[][] {weight, readout},
                new float[][] {new float[20], {0, 1}}); DeviceBuffer images = device(pixels)) {
            for (int rows : new int[] {0, 32, 48, 64}) {
                try (NoisyClassifier classifier = rows == 0 ? backend.smoothing().layered(net.layers)
                        : backend.smoothing().fused(net.layers, rows)) {
                    assertArrayEquals(new int[] {0, 0, 0, 70}, votes(classifier, images, new int[] {0, 1}, 70, 2, 0.1f),
                            rows + " rows a block");
                }
            }
        }
    }

    @Test
    void givenAnInfiniteLogit_whenCounted_thenItWins() {
        float[][] weights = {{60_000f}, {0.5f, -1f, -1f}};
        for (boolean fused : new boolean[] {false, true}) {
            assertArrayEquals(new int[] {40, 0, 0},
                    votesAtZero(fused, new int[] {1, 1, 3}, weights, new float[][] {{0}, {0, 0, 0}}));
        }
    }

    /** In one thread, in neighbours, in other warps and in another pass over the classes. */
    @Test
    void givenInfiniteLogitsAnywhere_whenCounted_thenOneAloneWinsAndTwoHaveNoVote() {
        int classes = 300;
        int[] places = {0, 1, 2, 8, 16, 31, 129, 260, 299};
        for (int first : places) {
            for (int second : places) {
                float[] weight = new float[classes];
                Arrays.fill(weight, -1f);
                weight[first] = 1f;
                weight[second] = 1f;
                int[] expected = new int[classes];
                expected[first] = first == second ? 40 : 0;
                for (boolean fused : new boolean[] {false, true}) {
                    assertArrayEquals(expected, votesAtZero(fused, new int[] {1, 1, classes},
                            new float[][] {{60_000f}, weight}, new float[][] {{0}, new float[classes]}), first + ", "
                            + second);
                }
            }
        }
    }

    @Test
    void givenNothingButNegativeInfinity_whenCounted_thenNoClassHasTheVote() {
        for (boolean fused : new boolean[] {false, true}) {
            assertArrayEquals(new int[3], votesAtZero(fused, new int[] {1, 1, 3},
                    new float[][] {{60_000f}, {-1f, -1f, -1f}}, new float[][] {{0}, {0, 5, 0}}));
        }
    }

    @Test
    void givenNoSamples_whenCounted_thenCountsStay() {
        try (HalfNetworkOnGpu net = net("3-4-2"); DeviceBuffer images = device(pixels(3));
             NoisyClassifier layered = backend.smoothing().layered(net.layers);
             NoisyClassifier fused = backend.smoothing().fused(net.layers, 64)) {
            assertArrayEquals(new int[] {0, 0}, votes(layered, images, new int[] {1}, 0, 2));
            assertArrayEquals(new int[] {0, 0}, votes(fused, images, new int[] {1}, 0, 2));
        }
    }

    // ---- what is chosen and what is refused -------------------------------------------------------------------------

    @Test
    void givenAWeightBeyondFp16_whenPrepared_thenItIsRefusedWithAWayOut() {
        for (float weight : new float[] {65_520f, -1e9f, Float.NaN}) {
            float[][] weights = {{0, 65_504f, 0, 0, 0, weight}};
            try (HalfNetworkOnGpu net = net(new int[] {2, 3}, weights, new float[][] {{0, 0, 0}})) {
                Exception e = assertThrows(DeviceException.class, () -> backend.noisyClassifier(net.layers));
                assertTrue(e.getMessage().contains("use fp32"), e.getMessage());
            }
        }
    }

    @Test
    void givenAWeightBeyondFp16InALaterLayer_whenPrepared_thenTheMessageNamesThatLayer() {
        float[][] weights = {{1f}, {1f}, {-70_000f}};
        try (HalfNetworkOnGpu net = net(new int[] {1, 1, 1, 1}, weights, new float[][] {{0}, {0}, {0}})) {
            Exception e = assertThrows(DeviceException.class, () -> backend.noisyClassifier(net.layers));
            assertTrue(e.getMessage().startsWith("layer 2 "), e.getMessage());
        }
    }

    @Test
    void givenLayersThatDoNotFollowOneAnother_whenPrepared_thenTheyAreRefused() {
        try (HalfNetworkOnGpu net = net("3-4-2")) {
            List<Affine> reversed = List.of(net.layers.get(1), net.layers.get(0));
            Exception e = assertThrows(IllegalArgumentException.class, () -> backend.smoothing().layered(reversed));
            assertTrue(e.getMessage().contains("layer 1") && e.getMessage().contains("3") && e.getMessage().contains("2"),
                    e.getMessage());
            assertThrows(IllegalArgumentException.class, () -> backend.smoothing().layered(List.of()));
        }
    }

    @Test
    void givenTheStandardNetwork_whenPlanned_thenItsLastOutputsOverwriteTheInputs() {
        try (HalfNetworkOnGpu net = net("784-1024-512-256-10")) {
            assertEquals(13 + 8, FusedNoisyClassifier.slots(net.layers));
        }
    }

    @Test
    void givenActivationsThatDoNotFit_whenTheFusedKernelIsAskedFor_thenItIsRefusedWithAWayOut() {
        try (HalfNetworkOnGpu net = net("9000-3")) {
            Exception e = assertThrows(DeviceException.class,
                    () -> backend.smoothing().classifier(net.layers, NoisyKernels.FUSED));
            assertTrue(e.getMessage().contains("let the device choose its kernels"), e.getMessage());
        }
    }

    @Test
    void givenActivationsThatDoNotFit_whenPrepared_thenLayersRunOneByOne() {
        Smoothing smoothing = backend.smoothing();
        try (HalfNetworkOnGpu net = net("9000-3"); HalfNetworkOnGpu other = net("90-3");
             NoisyClassifier large = smoothing.classifier(net.layers, NoisyKernels.AUTO);
             NoisyClassifier small = smoothing.classifier(other.layers, NoisyKernels.AUTO)) {
            assertInstanceOf(LayeredNoisyClassifier.class, large);
            assertInstanceOf(FusedNoisyClassifier.class, small);
        }
    }

    // ---- helpers of this suite --------------------------------------------------------------------------------------

    private NoisyClassifier fused(HalfNetworkOnGpu net, int rows) {
        assumeTrue(rows <= backend.smoothing().mostRows(net.layers), "a block of this GPU has too little shared memory");
        return backend.smoothing().fused(net.layers, rows);
    }

    /** One noisy copy of the image that starts at {@code first}. */
    private static float[] noisy(float[] pixels, int first, int image, int sample, float sigma, int length) {
        float[] noisy = new float[length];
        for (int e = 0; e < length; ++e) {
            noisy[e] = Math.fma(sigma, Philox.normal(KEY, image, sample, e), pixels[first + e]);
        }
        return noisy;
    }

    /** Votes of 40 noiseless samples of the one-element image (2). */
    private int[] votesAtZero(boolean fused, int[] widths, float[][] weights, float[][] biases) {
        try (HalfNetworkOnGpu net = net(widths, weights, biases); DeviceBuffer image = device(2f);
             NoisyClassifier classifier = fused ? backend.smoothing().fused(net.layers, 32)
                     : backend.smoothing().layered(net.layers)) {
            return votes(classifier, image, new int[] {0}, 40, net.classes(), 0f);
        }
    }

    private int[] votes(NoisyClassifier classifier, DeviceBuffer images, int[] indices, int samples, int classes) {
        return votes(classifier, images, indices, samples, classes, 0.7f);
    }

    private int[] votes(NoisyClassifier classifier, DeviceBuffer images, int[] indices, int samples, int classes,
                        float sigma) {
        int[] votes = new int[indices.length * classes];
        try (DeviceBuffer counts = backend.allocate(votes.length)) {
            backend.zeroInts(counts);
            classifier.countVotes(images, indices, sigma, KEY, 17, samples, counts);
            backend.read(counts, votes);
        }
        return votes;
    }

    private float[] pixels(int length) {
        float[] pixels = new float[length];
        for (int i = 0; i < length; ++i) {
            pixels[i] = (float) random.nextDouble();
        }
        return pixels;
    }

    private DeviceBuffer device(float... values) {
        DeviceBuffer buffer = backend.allocate(values.length);
        backend.write(values, buffer);
        return buffer;
    }

    private float[] floats(DeviceBuffer buffer) {
        float[] values = new float[(int) buffer.length()];
        backend.read(buffer, values);
        return values;
    }

    private HalfNetworkOnGpu net(String shape) {
        return new HalfNetworkOnGpu(backend, shape, random);
    }

    private HalfNetworkOnGpu net(int[] widths, float[][] weights, float[][] biases) {
        return new HalfNetworkOnGpu(backend, widths, weights, biases);
    }
}
