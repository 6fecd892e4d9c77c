package dev.bulwark.device.cuda;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeFalse;

import dev.bulwark.device.Convolution;
import dev.bulwark.device.DeviceBuffer;
import dev.bulwark.device.DeviceException;
import dev.bulwark.device.DeviceMemory;
import dev.bulwark.device.HostArrays;
import dev.bulwark.device.NoiseKey.Stream;
import dev.bulwark.device.NoiseKey;
import dev.bulwark.device.NoiseLaw;
import dev.bulwark.device.NoisyClassifier.Precision;
import dev.bulwark.device.NoisyClassifier;
import dev.bulwark.device.OverflowCases;
import dev.bulwark.device.Philox;
import dev.bulwark.device.RoundedGaussian;
import dev.bulwark.device.SmoothingNoise;
import dev.bulwark.device.cuda.EmulatedDriver.Setting;
import dev.bulwark.model.Graph;
import dev.bulwark.model.Mlp;
import dev.bulwark.model.Op;
import dev.bulwark.model.Tensor;
import dev.bulwark.plan.Plan;
import dev.bulwark.shapes.Shape;
import dev.bulwark.shapes.Windows.Axis;
import dev.bulwark.shapes.Windows;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Noisy votes of chains in half precision: logits against a reference in double, votes against logits. */
@GpuTest
class ConvolutionalNoisyClassifierTest {

    private static final NoiseKey KEY = new NoiseKey(0x1234_5678_9ABC_DEF0L, Stream.ESTIMATION);
    private static final float SIGMA = 0.5f;
    private static final Op RELU = new Op.Relu();
    private static final Op FLATTEN = new Op.Flatten();

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

    // ---- networks ------------------------------------------------------------------------------------------------------

    private static Op.Conv2d convolution(SplittableRandom random, int out, int in, Windows windows, int groups) {
        int taps = in / groups * windows.elements();
        double most = Math.sqrt(6.0 / taps);
        return new Op.Conv2d(Tensor.of(Shape.of(out, in / groups, windows.height().kernel(), windows.width().kernel()),
                Mlp.values(random, out * taps, -most, most)), Tensor.of(Shape.of(out), Mlp.values(random, out, -0.1, 0.1)),
                windows, groups);
    }

    private static Op.Dense dense(SplittableRandom random, int in, int out) {
        double most = Math.sqrt(6.0 / in);
        return Mlp.dense(in, out, Mlp.values(random, in * out, -most, most), Mlp.values(random, out, -0.1, 0.1));
    }

    /** Shapes of convolutions; enough of them that every way through the kernels is taken. */
    enum Chain {
        /** Odd numbers of channels, whole images beside one another in a tile. */
        DIGITS(Shape.of(1, 28, 28), random -> List.of(convolution(random, 5, 1, Windows.square(3, 1, 1), 1), RELU,
                convolution(random, 16, 5, Windows.square(4, 2, 1), 1), RELU, FLATTEN, dense(random, 16 * 14 * 14, 20), RELU,
                dense(random, 20, 10))),
        /** The benchmark's. */
        COLOURS(Shape.of(3, 32, 32), random -> List.of(convolution(random, 16, 3, Windows.square(4, 2, 1), 1), RELU,
                convolution(random, 32, 16, Windows.square(4, 2, 1), 1), RELU, FLATTEN, dense(random, 2048, 100), RELU,
                dense(random, 100, 10))),
        /** Windows that differ along the edges, margins on one side, dilation, and elements that no window covers. */
        ASYMMETRIC(Shape.of(3, 17, 13), random -> List.of(
                convolution(random, 7, 3, new Windows(new Axis(5, 3, 2, 0, 1), new Axis(2, 1, 0, 3, 2)), 1), RELU,
                convolution(random, 9, 7, new Windows(new Axis(1, 1, 1, 0, 1), new Axis(3, 2, 1, 1, 3)), 1), RELU, FLATTEN,
                dense(random, 9 * 6 * 5, 4))),
        /** Groups whose channels are no whole chunks, before and behind others. */
        GROUPS(Shape.of(6, 8, 7), random -> List.of(convolution(random, 15, 6, Windows.square(3, 1, 1), 3), RELU,
                convolution(random, 20, 15, Windows.square(2, 1), 5), RELU,
                convolution(random, 6, 20, Windows.square(1, 1), 2), RELU, convolution(random, 6, 6, Windows.square(3, 2, 1), 6), RELU, FLATTEN, dense(random, 6 * 4 * 3, 3))),
        /** More outputs than registers hold, an odd number of them, and several chunks of inputs. */
        WIDE(Shape.of(9, 6, 6), random -> List.of(convolution(random, 70, 9, Windows.square(3, 1, 1), 1), RELU,
                convolution(random, 133, 70, Windows.square(2, 2), 1), RELU, FLATTEN, dense(random, 133 * 9, 30), RELU,
                dense(random, 30, 5))),
        /** Nothing but convolutions, and their last one makes logits; layers without ReLUs. */
        NO_DENSE(Shape.of(2, 9, 9), random -> List.of(convolution(random, 4, 2, Windows.square(3, 2), 1),
                convolution(random, 3, 4, Windows.square(2, 1), 1), FLATTEN)),
        /** A ReLU behind the logits, and dense layers without any between. */
        RECTIFIED(Shape.of(1, 12, 12), random -> List.of(convolution(random, 10, 1, Windows.square(3, 2), 1), FLATTEN,
                dense(random, 250, 33), dense(random, 33, 6), RELU)),
        /** Poolings at every place. */
        POOLED(Shape.of(3, 15, 14), random -> List.of(new Op.AveragePool2d(Windows.square(2, 1, 1), true),
                convolution(random, 6, 3, Windows.square(3, 1, 1), 1), RELU, new Op.MaxPool2d(Windows.square(3, 2, 1)),
                convolution(random, 8, 6, Windows.square(2, 1), 2), RELU,
                new Op.AveragePool2d(Windows.square(3, 2, 1), false), FLATTEN, dense(random, 8 * 16, 7))),
        /** A mean over the image makes the logits. */
        AVERAGED(Shape.of(1, 10, 10), random -> List.of(convolution(random, 12, 1, Windows.square(3, 1, 1), 1), RELU,
                new Op.MaxPool2d(Windows.square(2, 2)), convolution(random, 4, 12, Windows.square(3, 1), 1),
                new Op.AveragePool2d(Windows.square(3, 1), true), FLATTEN)),
        /** An image that no tile holds whole; tiles of some rows, and of parts of one. */
        LARGE(Shape.of(3, 40, 250), random -> List.of(convolution(random, 9, 3, Windows.square(5, 2, 2), 1), RELU,
                convolution(random, 25, 9, new Windows(new Axis(20, 3, 0, 3, 1), new Axis(3, 4, 1, 1, 9)), 1), RELU, FLATTEN,
                dense(random, 25 * 2 * 28, 4)));

        private final Shape input;
        private final Operations operations;

        private interface Operations {
            List<Op> of(SplittableRandom random);
        }

        Chain(Shape input, Operations operations) {
            this.input = input;
            this.operations = operations;
        }

        Graph graph() {
            return Graph.sequence(input, operations.of(new SplittableRandom(ordinal())));
        }
    }

    // ---- logits --------------------------------------------------------------------------------------------------------

    private static float[] noisy(float[] images, int n, int image, int firstSample, int samples, int inputs) {
        float[] noisy = new float[samples * inputs];
        for (int k = 0; k < noisy.length; ++k) {
            noisy[k] = Math.fma(SIGMA, Philox.normal(KEY, image, firstSample + k / inputs, k % inputs),
                    images[n * inputs + k % inputs]);
        }
        return noisy;
    }

    /** What is done with a network on the GPU. */
    private interface Use {
        void of(NoisyClassifier classifier);
    }

    private void with(Graph graph, Use use) {
        try (Plan plan = Plan.load(backend, graph); DeviceMemory own = new DeviceMemory(backend);
             NoisyClassifier classifier = plan.noisyClassifier(own)) {
            assertInstanceOf(ConvolutionalNoisyClassifier.class, classifier);
            assertEquals(Precision.FLOAT16, classifier.precision());
            use.of(classifier);
        }
    }

    private float[] logits(NoisyClassifier classifier, float[] x, int rows, int classes) {
        try (DeviceMemory memory = new DeviceMemory(backend)) {
            DeviceBuffer logits = memory.allocate((long) rows * classes);
            classifier.logits(memory.holding(x), rows, logits);
            return HostArrays.read(backend, logits);
        }
    }

    private int[] votes(NoisyClassifier classifier, float[] images, int[] indices, int first, int samples, int classes) {
        return votes(classifier, images, indices, first, samples, classes, SIGMA);
    }

    private int[] votes(NoisyClassifier classifier, float[] images, int[] indices, int first, int samples, int classes,
                        float sigma) {
        try (DeviceMemory memory = new DeviceMemory(backend)) {
            int[] votes = new int[indices.length * classes];
            DeviceBuffer counts = memory.holding(votes);
            classifier.countVotes(memory.holding(images), indices, sigma, KEY, first, samples, counts);
            backend.read(counts, votes);
            return votes;
        }
    }

    @ParameterizedTest
    @EnumSource
    void givenAChain_whenEvaluated_thenEveryLogitIsWithinTheSumsRoundingOfTheReference(Chain chain) {
        Graph graph = chain.graph();
        HalfChainReference reference = new HalfChainReference(graph);
        int inputs = graph.input().size();
        int classes = graph.classes();
        int rows = chain == Chain.LARGE ? 2 : 5;
        float[] x = noisy(Mlp.values(new SplittableRandom(2), inputs, 0, 1), 0, 9, 17, rows, inputs);
        with(graph, classifier -> {
            float[] logits = logits(classifier, x, rows, classes);
            double slack = 0;
            double squares = 0;
            for (int row = 0; row < rows; ++row) {
                HalfReference.Values expected = reference.logits(Arrays.copyOfRange(x, row * inputs, (row + 1) * inputs));
                for (int c = 0; c < classes; ++c) {
                    assertEquals(expected.value()[c], logits[row * classes + c], expected.error()[c], row + ", " + c);
                    slack = Math.max(slack, expected.error()[c]);
                    double off = logits[row * classes + c] - expected.value()[c];
                    squares += off * off;
                }
            }
            // A tolerance as wide as the logits would prove nothing; and few activations are rounded to another number.
            assertTrue(slack < 0.2, "tolerance " + slack);
            assertTrue(Math.sqrt(squares / logits.length) < 0.002, "off by " + Math.sqrt(squares / logits.length));
        });
    }

    /**
     * Cards of 99, 163 and 227 KB a block have tiles of their own; and a result that depends on the order of threads, or on
     * when copies arrive, is a missing barrier.
     */
    @ParameterizedTest
    @EnumSource(names = {"COLOURS", "GROUPS", "WIDE", "POOLED", "LARGE"})
    void givenAnyCardAndSchedule_whenEvaluated_thenLogitsHaveTheSameBits(Chain chain) {
        assumeFalse(TestGpu.isReal(), "a real GPU is what it is");
        int[] capabilities = {90, 80, 86, 90, 90};
        int[] schedules = {EmulatedDriver.FORWARD, EmulatedDriver.REVERSED, 7, EmulatedDriver.STARVING,
            EmulatedDriver.STARVING + 3};
        Graph graph = chain.graph();
        float[] x = Mlp.values(new SplittableRandom(2), graph.input().size(), 0, 1);
        List<float[]> found = new ArrayList<>();
        for (int k = 0; k < schedules.length; ++k) {
            backend.close();
            EmulatedDriver.reset();
            EmulatedDriver.set(Setting.CAPABILITY, capabilities[k]);
            EmulatedDriver.set(Setting.SCHEDULE, schedules[k]);
            EmulatedDriver.set(Setting.LATE, k % 2);
            backend = TestGpu.open();
            with(graph, classifier -> found.add(logits(classifier, x, 1, graph.classes())));
        }
        EmulatedDriver.reset();
        found.forEach(logits -> assertArrayEquals(found.get(0), logits));
    }

    @ParameterizedTest
    @ValueSource(ints = {99, 163, 227})
    void givenAnyCard_whenTilesAreChosen_thenTheyFitAndTakeAllOutputs(int kilobytes) {
        boolean parts = false;
        boolean rows = false;
        boolean several = false;
        for (Chain chain : Chain.values()) {
            Graph graph = chain.graph();
            for (int k = 0; k < graph.nodes().size(); ++k) {
                if (graph.nodes().get(k).op() instanceof Op.Conv2d op) {
                    try (DeviceBuffer weight = backend.allocate(op.weight().size());
                         DeviceBuffer bias = backend.allocate(op.channels())) {
                        Convolution layer = Convolution.over(graph.shape(k).image(), weight, bias, op.channels(),
                                op.windows(), op.groups());
                        HalfTile tile = HalfTile.of(layer, 1024 * kilobytes);
                        assertTrue(tile.sharedBytes() <= 1024 * kilobytes, tile.toString());
                        int down = (layer.output().height() + tile.height() - 1) / tile.height();
                        int across = (layer.output().width() + tile.width() - 1) / tile.width();
                        assertEquals(down * across * ((100 + tile.samples() - 1) / tile.samples()), tile.grid(100).x());
                        assertTrue(tile.samples() == 1 || down == 1 && across == 1, tile.toString());
                        parts |= across > 1;
                        rows |= down > 1;
                        several |= tile.samples() > 1;
                    }
                }
            }
        }
        assertTrue(parts && rows && several, "some way to cut tiles is never taken");
    }

    // ---- votes ---------------------------------------------------------------------------------------------------------

    private static int[] votesOf(float[] logits, int classes) {
        int[] votes = new int[classes];
        for (int row = 0; row < logits.length / classes; ++row) {
            int best = 0;
            for (int c = 1; c < classes; ++c) {
                best = logits[row * classes + c] > logits[row * classes + best] ? c : best;
            }
            ++votes[best];
        }
        return votes;
    }

    /** The noise of the kernels is the host's, and no sample depends on what is counted beside it. */
    @ParameterizedTest
    @EnumSource
    void givenAnyGrouping_whenVotesAreCounted_thenEverySampleVotesAsItsLogitsSay(Chain chain) {
        Graph graph = chain.graph();
        int inputs = graph.input().size();
        int classes = graph.classes();
        int[] indices = {59_999, 4};
        int samples = chain == Chain.LARGE ? 3 : 21;
        float[] images = Mlp.values(new SplittableRandom(3), 2 * inputs, 0, 1);
        with(graph, classifier -> {
            int[] together = votes(classifier, images, indices, 100, samples, classes);
            int[] parts = new int[together.length];
            for (int[] part : new int[][] {{100, 1}, {101, samples - 1}}) {
                int[] some = votes(classifier, images, indices, part[0], part[1], classes);
                Arrays.setAll(parts, k -> parts[k] + some[k]);
            }
            assertArrayEquals(together, parts);
            for (int n = 0; n < 2; ++n) {
                float[] x = noisy(images, n, indices[n], 100, samples, inputs);
                assertArrayEquals(votesOf(logits(classifier, x, samples, classes), classes),
                        Arrays.copyOfRange(together, n * classes, (n + 1) * classes));
            }
            assertEquals(2 * samples, Arrays.stream(together).sum());
        });
    }

    /** As with Gaussian noise: pixels are those of the host's {@link RoundedGaussian}, whatever a tile reads of an image. */
    @ParameterizedTest
    @EnumSource
    void givenDiscreteNoise_whenVotesAreCounted_thenEverySampleVotesAsItsLogitsSay(Chain chain) {
        Graph graph = chain.graph();
        int inputs = graph.input().size();
        int classes = graph.classes();
        int[] indices = {59_999, 4};
        int samples = chain == Chain.LARGE ? 3 : 21;
        RoundedGaussian law = RoundedGaussian.of(SIGMA);
        SplittableRandom random = new SplittableRandom(3);
        float[] images = new float[2 * inputs];
        for (int k = 0; k < images.length; ++k) {
            images[k] = random.nextInt(256) / 255f;
        }
        with(graph, classifier -> {
            for (int n = 0; n < 2; ++n) {
                float[] x = new float[samples * inputs];
                for (int k = 0; k < x.length; ++k) {
                    x[k] = law.sample(images[n * inputs + k % inputs],
                            law.noise(KEY, indices[n], 100 + k / inputs, k % inputs));
                }
                try (DeviceMemory memory = new DeviceMemory(backend)) {
                    int[] votes = new int[classes];
                    DeviceBuffer counts = memory.holding(votes);
                    DeviceBuffer image = memory.holding(Arrays.copyOfRange(images, n * inputs, (n + 1) * inputs));
                    classifier.countVotes(image, new int[] {indices[n]}, SmoothingNoise.of(NoiseLaw.DISCRETE, SIGMA, memory),
                            KEY, 100, samples, counts);
                    backend.read(counts, votes);
                    assertArrayEquals(votesOf(logits(classifier, x, samples, classes), classes), votes);
                }
            }
        });
    }

    /** Batches of 64 rows a multiprocessor's tile; on one with a single multiprocessor a call takes several. */
    @Test
    void givenMoreSamplesThanABatch_whenVotesAreCounted_thenTheyAreThoseOfTheParts() {
        Graph graph = Graph.sequence(Shape.of(1, 4, 4), List.of(
                convolution(new SplittableRandom(1), 3, 1, Windows.square(2, 1), 1), RELU,
                convolution(new SplittableRandom(2), 2, 3, Windows.square(3, 1), 1), FLATTEN));
        float[] images = Mlp.values(new SplittableRandom(3), 3 * 16, 0, 1);
        int[] indices = {1, 2, 3};
        int samples = 2 * 64 * 2 * backend.info().workers() / 3 + 7;
        with(graph, classifier -> {
            int[] together = votes(classifier, images, indices, 0, samples, 2);
            int[] parts = new int[6];
            for (int n = 0; n < 3; ++n) {
                float[] image = Arrays.copyOfRange(images, 16 * n, 16 * (n + 1));
                for (int[] part : new int[][] {{0, 50}, {50, samples - 50}}) {
                    int[] some = votes(classifier, image, new int[] {indices[n]}, part[0], part[1], 2);
                    parts[2 * n] += some[0];
                    parts[2 * n + 1] += some[1];
                }
            }
            assertArrayEquals(together, parts);
        });
    }

    // ---- overflow ------------------------------------------------------------------------------------------------------

    static List<OverflowCases.Case> overflows() {
        return OverflowCases.of(Precision.FLOAT16);
    }

    /** Each layer a convolution of single elements, or the last two dense ones. */
    @ParameterizedTest
    @MethodSource("overflows")
    void givenANetworkThatOverflows_whenCounted_thenTheRuleIsKept(OverflowCases.Case each) {
        int[] expected = new int[each.widths()[4]];
        if (each.vote() >= 0) {
            expected[each.vote()] = 40;
        }
        for (int dense : new int[] {0, 2}) {
            List<Op> operations = new ArrayList<>();
            for (int i = 0; i < 4; ++i) {
                int in = each.widths()[i];
                int out = each.widths()[i + 1];
                operations.add(i >= 4 - dense ? Mlp.dense(in, out, each.weights()[i], each.biases()[i])
                        : new Op.Conv2d(Tensor.of(Shape.of(out, in, 1, 1), each.weights()[i]),
                                Tensor.of(Shape.of(out), each.biases()[i]), Windows.square(1, 1), 1));
                operations.addAll(i == 3 ? List.of() : List.of(RELU));
                operations.addAll(i == 3 - dense ? List.of(FLATTEN) : List.of());
            }
            with(Graph.sequence(Shape.of(1, 1, 1), operations), classifier -> assertArrayEquals(expected,
                    votes(classifier, new float[] {OverflowCases.PIXEL}, new int[] {0}, 0, 40, expected.length, 0f)));
        }
    }

    /** Infinity times a weight of 0 is NaN, but only a window's own elements have weights. */
    @Test
    void givenAnInputBeyondFp16_whenAWindowCoversIt_thenNoClassHasTheVoteAndElseTheyVoteAsEver() {
        SplittableRandom random = new SplittableRandom(5);
        Op zeros = new Op.Conv2d(Tensor.zeros(2, 1, 1, 2), Tensor.of(Shape.of(2), 1f, 2f),
                new Windows(new Axis(1, 1, 0, 0, 1), new Axis(2, 2, 1, 0, 1)), 1);
        for (Op pool : new Op[] {new Op.MaxPool2d(Windows.square(1, 1)), new Op.AveragePool2d(Windows.square(1, 1), true)}) {
            Graph graph = Graph.sequence(Shape.of(1, 1, 6), List.of(zeros, RELU, pool,
                    convolution(random, 3, 2, Windows.square(1, 1), 1), RELU, FLATTEN, dense(random, 9, 4)));
            float[] images = new float[12];
            images[4] = 70_000f; // windows are pixels -1 and 0, 1 and 2, 3 and 4
            images[11] = 70_000f; // and nothing covers pixel 5
            with(graph, classifier -> {
                int[] votes = votes(classifier, images, new int[] {0, 1}, 0, 30, 4);
                assertEquals(0, Arrays.stream(votes, 0, 4).sum());
                assertEquals(30, Arrays.stream(votes, 4, 8).sum());
            });
        }
    }

    @Test
    void givenAWeightBeyondFp16_whenPacked_thenItsLayerIsNamed() {
        Op large = new Op.Conv2d(Tensor.of(Shape.of(1, 1, 1, 1), 70_000f), Tensor.zeros(1), Windows.square(1, 1), 1);
        Op one = new Op.Conv2d(Tensor.of(Shape.of(1, 1, 1, 1), 1f), Tensor.zeros(1), Windows.square(1, 1), 1);
        Graph graph = Graph.sequence(Shape.of(1, 2, 1), List.of(one, RELU, large, RELU, one, FLATTEN));
        DeviceException e = assertThrows(DeviceException.class, () -> with(graph, classifier -> { }));
        assertTrue(e.getMessage().startsWith("layer 1 has a weight that is no finite fp16 number"), e.getMessage());
    }

    @Test
    void givenAWindowThatNoBlockHasRoomFor_whenPrepared_thenTheMessageSaysWhatToDo() {
        Graph graph = Graph.sequence(Shape.of(1, 160, 160), List.of(
                convolution(new SplittableRandom(1), 2, 1, Windows.square(155, 5), 1), RELU,
                convolution(new SplittableRandom(1), 2, 2, Windows.square(2, 1), 1), FLATTEN));
        DeviceException e = assertThrows(DeviceException.class, () -> with(graph, classifier -> { }));
        assertTrue(e.getMessage().contains("155 x 155 windows, 5 apart of 1 channels in half precision: use fp32"),
                e.getMessage());
    }
}
