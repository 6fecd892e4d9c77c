package dev.bulwark.device.cuda;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.bulwark.device.DeviceBuffer;
import dev.bulwark.device.DeviceException;
import dev.bulwark.device.DeviceMemory;
import dev.bulwark.device.NoiseKey.Stream;
import dev.bulwark.device.NoiseKey;
import dev.bulwark.device.NoiseLaw;
import dev.bulwark.device.NoisyClassifier.Precision;
import dev.bulwark.device.NoisyClassifier;
import dev.bulwark.device.OverflowCases;
import dev.bulwark.device.Philox;
import dev.bulwark.device.SmoothingNoise;
import dev.bulwark.device.cuda.CudaOptions.NoisyKernels;
import dev.bulwark.device.cuda.EmulatedDriver.Setting;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Votes by clusters of blocks: against the layered kernels and a reference in double, in rings of every length that
 * matters. {@link CudaSchedulesTest} repeats it.
 */
@GpuTest
class ClusteredNoisyClassifierTest {

    private static final NoiseKey KEY = new NoiseKey(0x1234_5678_9ABC_DEF0L, Stream.ESTIMATION);

    private final SplittableRandom random = new SplittableRandom(3);
    private CudaBackend backend;

    @BeforeEach
    void open() {
        backend = TestGpu.open();
        assumeTrue(backend.info().libraries().get("kernels").endsWith("compute capability 9.0"),
                "these kernels are for compute capability 9.0");
    }

    @AfterEach
    void everyByteIsReturned() {
        assertEquals(0, backend.liveBytes(), "live bytes at the end of a test");
        backend.close();
    }

    /**
     * Images and samples that fill tiles or don't, an even and an odd number of tiles, fewer and more than the blocks of
     * the emulated GPU; rings of one tile's inputs, of a little more, and of more than two.
     */
    @ParameterizedTest
    @CsvSource({
        "50-130-70-20-5,     1,  64, 1",
        "50-130-70-20-5,     3, 101, 2",
        "1-1-1-1-2,          2,  65, 5",
        "130-300-512-256-16, 1, 129, 3",
        "200-256-33-31-10,   5,  64, 5",
        "33-257-300-17-3,    1, 700, 2",
        "784-1024-512-256-10, 1, 150, 18"})
    void givenAnyShape_whenClustered_thenItsVotesAreThoseOfTheLayers(String shape, int count, int samples, int ring) {
        int[] indices = new int[count];
        Arrays.setAll(indices, i -> 70 * i + 3);
        try (HalfNetworkOnGpu net = net(shape); DeviceBuffer images = device(pixels(count * net.inputs()));
             NoisyClassifier layered = backend.smoothing().layered(net.layers);
             NoisyClassifier clustered = backend.smoothing().clustered(net.layers, ring)) {
            int[] expected = votes(layered, images, indices, samples, net.classes());
            int[] votes = votes(clustered, images, indices, samples, net.classes());
            int moved = 0;
            for (int i = 0; i < votes.length; ++i) {
                moved += Math.abs(votes[i] - expected[i]);
            }
            assertEquals(count * samples, Arrays.stream(votes).sum());
            assertTrue(Arrays.stream(votes).filter(n -> n > 0).count() > 1, "all votes for one class");
            // The emulated tensor cores all sum over the inputs in order. Real ones don't say: where two sums differ in
            // their last bits, and an activation in its own, samples within some 0.002 of a tie may vote otherwise.
            int nearTies = TestGpu.isReal() ? 1 + count * samples / 50 : 0;
            assertTrue(moved <= 2 * nearTies, Arrays.toString(votes) + ", not " + Arrays.toString(expected));
        }
    }

    @Test
    void givenADoubleReference_whenClustered_thenOnlyNearTiesMayVoteOtherwise() {
        int samples = 300;
        try (HalfNetworkOnGpu net = net("100-70-40-30-5"); DeviceBuffer image = device(pixels(net.inputs()));
             NoisyClassifier clustered = backend.smoothing().clustered(net.layers)) {
            int[] certain = new int[net.classes()];
            int nearTies = certainVotes(net, floats(image), samples, certain);
            int[] votes = votes(clustered, image, new int[] {9}, samples, net.classes());
            for (int c = 0; c < votes.length; ++c) {
                assertTrue(votes[c] >= certain[c] && votes[c] <= certain[c] + nearTies, c + ": " + votes[c]);
            }
            // Logits of order one, told apart to better than 0.02: few samples are nearer to a tie.
            assertTrue(nearTies <= samples / 20, nearTies + " near ties");
        }
    }

    // ---- votes that can be told beforehand --------------------------------------------------------------------------

    @Test
    void givenLogitsThatTie_whenCounted_thenTheLowestClassHasTheVotes() {
        assertArrayEquals(new int[] {0, 40, 0, 0}, votesOfBias(-1f, 2f, 2f, 2f));
    }

    @Test
    void givenOneUnknownLogitAmongKnownOnes_whenCounted_thenNoClassHasTheVote() {
        for (int unknown : new int[] {0, 1, 2, 8, 15}) {
            float[] bias = new float[16];
            for (int c = 0; c < bias.length; ++c) {
                bias[c] = c == unknown ? Float.NaN : c % 7;
            }
            assertArrayEquals(new int[16], votesOfBias(bias), "class " + unknown);
        }
    }

    @Test
    void givenAnActivationBeyondFp16_whenCounted_thenNoClassHasTheVote() {
        float[][] weights = {{60_000f, 60_000f}, {1f, -1f}, {1f}, {1f, 1f}}; // inf - inf in the second layer
        float[][] biases = {{0, 0}, {0}, {0}, {0, 5f}};
        assertArrayEquals(new int[2], votesAt(2f, new int[] {1, 2, 1, 1, 2}, weights, biases));
    }

    static List<OverflowCases.Case> overflows() {
        return OverflowCases.of(Precision.FLOAT16);
    }

    @ParameterizedTest
    @MethodSource("overflows")
    void givenANetworkThatOverflows_whenCounted_thenTheRuleIsKept(OverflowCases.Case each) {
        int[] expected = new int[each.widths()[4]];
        if (each.vote() >= 0) {
            expected[each.vote()] = 40;
        }
        assertArrayEquals(expected, votesAt(OverflowCases.PIXEL, each.widths(), each.weights(), each.biases()));
    }

    @Test
    void givenNoSamples_whenCounted_thenCountsStay() {
        try (HalfNetworkOnGpu net = net("3-4-4-4-2"); DeviceBuffer image = device(pixels(3));
             NoisyClassifier clustered = backend.smoothing().clustered(net.layers)) {
            assertArrayEquals(new int[2], votes(clustered, image, new int[] {1}, 0, 2));
        }
    }

    @Test
    void givenInputs_whenLogitsAreAskedFor_thenTheyAreTheLayersOwn() {
        try (HalfNetworkOnGpu net = net("3-4-4-4-2"); DeviceBuffer inputs = device(pixels(6));
             NoisyClassifier layered = backend.smoothing().layered(net.layers);
             NoisyClassifier clustered = backend.smoothing().clustered(net.layers);
             DeviceBuffer expected = backend.allocate(4); DeviceBuffer logits = backend.allocate(4)) {
            layered.logits(inputs, 2, expected);
            clustered.logits(inputs, 2, logits);
            assertArrayEquals(floats(expected), floats(logits));
        }
    }

    // ---- what is chosen and what is refused -------------------------------------------------------------------------

    @Test
    void givenNoChoice_whenPrepared_thenTheClusteredKernelIsNotTaken() {
        try (HalfNetworkOnGpu net = net("3-4-4-4-2");
             NoisyClassifier automatic = backend.smoothing().classifier(net.layers, NoisyKernels.AUTO);
             NoisyClassifier asked = backend.smoothing().classifier(net.layers, NoisyKernels.CLUSTERED)) {
            assertInstanceOf(FusedNoisyClassifier.class, automatic);
            assertInstanceOf(ClusteredNoisyClassifier.class, asked);
        }
    }

    /** It is from other PTX, and loaded when it is first asked for. */
    @Test
    void givenTheClusteredKernel_whenLoadedLater_thenTheRecordOfArithmeticStaysTheSame() {
        Map<String, String> before = backend.info().arithmetic();
        try (HalfNetworkOnGpu net = net("3-4-4-4-2");
             NoisyClassifier clustered = backend.smoothing().classifier(net.layers, NoisyKernels.CLUSTERED)) {
            assertInstanceOf(ClusteredNoisyClassifier.class, clustered);
            assertEquals(before, backend.info().arithmetic());
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"3-4-2", "3-4-4-4-4-2", "1200-4-4-4-2", "3-4-513-4-2", "3-4-4-257-2", "3-4-4-4-17"})
    void givenANetworkThatIsNoneOfItsOwn_whenAskedFor_thenItIsRefusedWithAWayOut(String shape) {
        try (HalfNetworkOnGpu net = net(shape)) {
            Exception e = assertThrows(DeviceException.class,
                    () -> backend.smoothing().classifier(net.layers, NoisyKernels.CLUSTERED));
            assertTrue(e.getMessage().contains("let the device choose its kernels"), e.getMessage());
        }
    }

    @Test
    void givenAWeightBeyondFp16_whenPrepared_thenItIsRefused() {
        float[][] weights = {{1f}, {1f}, {-70_000f}, {1f, 1f}};
        try (HalfNetworkOnGpu net = new HalfNetworkOnGpu(backend, new int[] {1, 1, 1, 1, 2}, weights,
                new float[][] {{0}, {0}, {0}, {0, 0}})) {
            Exception e = assertThrows(DeviceException.class, () -> backend.smoothing().clustered(net.layers));
            assertTrue(e.getMessage().startsWith("layer 2 "), e.getMessage());
        }
    }

    @ParameterizedTest
    @EnumSource(value = NoisyKernels.class, names = {"CLUSTERED", "FUSED"})
    void givenDiscreteNoise_whenTheseKernelsWereAskedFor_thenItIsRefusedWithAWayOut(NoisyKernels kernels) {
        try (HalfNetworkOnGpu net = net("3-4-4-4-2"); DeviceMemory memory = new DeviceMemory(backend);
             NoisyClassifier classifier = backend.smoothing().classifier(net.layers, kernels)) {
            SmoothingNoise noise = SmoothingNoise.of(NoiseLaw.DISCRETE, 0.5, memory);
            DeviceBuffer counts = memory.holding(new int[2]);
            Exception e = assertThrows(DeviceException.class, () -> classifier.countVotes(memory.holding(0, 1, 0), new int[] {0},
                    noise, KEY, 0, 5, counts));
            assertTrue(e.getMessage().contains("Gaussian noise only") && e.getMessage().contains("let the device choose"),
                    e.getMessage());
        }
    }

    @Test
    void givenAnOlderGpu_whenAskedFor_thenItIsRefused() {
        assumeTrue(!TestGpu.isReal(), "this GPU has these kernels");
        backend.close();
        EmulatedDriver.reset();
        EmulatedDriver.set(Setting.CAPABILITY, 80);
        backend = TestGpu.open();
        try (HalfNetworkOnGpu net = net("3-4-4-4-2")) {
            Exception e = assertThrows(DeviceException.class, () -> backend.smoothing().clustered(net.layers));
            assertTrue(e.getMessage().contains("8.0"), e.getMessage());
        } finally {
            backend.close();
            EmulatedDriver.reset();
            backend = TestGpu.open();
        }
    }

    // ---- helpers of this suite --------------------------------------------------------------------------------------

    /** Adds up the reference's votes that no rounding can change; returns how many samples are left. */
    private static int certainVotes(HalfNetworkOnGpu net, float[] pixels, int samples, int[] votes) {
        float[] noisy = new float[pixels.length];
        int nearTies = 0;
        for (int sample = 0; sample < samples; ++sample) {
            for (int e = 0; e < noisy.length; ++e) {
                noisy[e] = Math.fma(0.7f, Philox.normal(KEY, 9, 17 + sample, e), pixels[e]);
            }
            int vote = net.reference.vote(noisy);
            if (vote >= 0) {
                ++votes[vote];
            } else {
                ++nearTies;
            }
        }
        return nearTies;
    }

    /** Votes of 40 samples of a network whose logits are these, whatever comes in. */
    private int[] votesOfBias(float... bias) {
        int classes = bias.length;
        return votesAt(1f, new int[] {1, 1, 1, 1, classes}, new float[][] {{0}, {0}, {0}, new float[classes]},
                new float[][] {{0}, {0}, {0}, bias});
    }

    private int[] votesAt(float pixel, int[] widths, float[][] weights, float[][] biases) {
        try (HalfNetworkOnGpu net = new HalfNetworkOnGpu(backend, widths, weights, biases);
             DeviceBuffer image = device(pixel);
             NoisyClassifier clustered = backend.smoothing().clustered(net.layers)) {
            int[] votes = new int[net.classes()];
            try (DeviceBuffer counts = backend.allocate(votes.length)) {
                backend.zeroInts(counts);
                clustered.countVotes(image, new int[] {0}, 0f, KEY, 17, 40, counts);
                backend.read(counts, votes);
            }
            return votes;
        }
    }

    private int[] votes(NoisyClassifier classifier, DeviceBuffer images, int[] indices, int samples, int classes) {
        int[] votes = new int[indices.length * classes];
        try (DeviceBuffer counts = backend.allocate(votes.length)) {
            backend.zeroInts(counts);
            classifier.countVotes(images, indices, 0.7f, KEY, 17, samples, counts);
            backend.read(counts, votes);
        }
        return votes;
    }

    private HalfNetworkOnGpu net(String shape) {
        return new HalfNetworkOnGpu(backend, shape, random);
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
}
