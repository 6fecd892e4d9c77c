package dev.bulwark.plan;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.bulwark.device.Backend;
import dev.bulwark.device.ComposedNoisyClassifier;
import dev.bulwark.device.DeviceBuffer;
import dev.bulwark.device.DeviceInfo;
import dev.bulwark.device.DeviceMemory;
import dev.bulwark.device.HostArrays;
import dev.bulwark.device.InputGradients;
import dev.bulwark.device.NoiseKey.Stream;
import dev.bulwark.device.NoiseKey;
import dev.bulwark.device.NoisyClassifier.Precision;
import dev.bulwark.device.NoisyClassifier;
import dev.bulwark.device.Philox;
import dev.bulwark.device.cpu.CpuBackend;
import dev.bulwark.model.ExactGraph;
import dev.bulwark.model.Graph;
import dev.bulwark.model.Mlp;
import dev.bulwark.model.Op;
import dev.bulwark.model.RandomGraph;
import dev.bulwark.model.Tensor;
import dev.bulwark.shapes.Shape;
import dev.bulwark.shapes.Windows.Axis;
import dev.bulwark.shapes.Windows;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Which networks are chains, and what the CPU's kernels for them compute, against exact decimals. */
class ChainTest {

    private static final NoiseKey KEY = new NoiseKey(5, Stream.ESTIMATION);
    private static final BigDecimal STEP = new BigDecimal("1e-12");
    private static final Op RELU = new Op.Relu();

    private static Op.Conv2d convolution(SplittableRandom random, int out, int in, Windows windows, int groups) {
        int taps = in / groups * windows.elements();
        double most = 2 / Math.sqrt(taps);
        return new Op.Conv2d(Tensor.of(Shape.of(out, in / groups, windows.height().kernel(), windows.width().kernel()),
                Mlp.values(random, out * taps, -most, most)), Tensor.of(Shape.of(out), Mlp.values(random, out, -0.3, 0.3)),
                windows, groups);
    }

    private static Op.Dense dense(SplittableRandom random, int in, int out) {
        double most = 2 / Math.sqrt(in);
        return Mlp.dense(in, out, Mlp.values(random, in * out, -most, most), Mlp.values(random, out, -0.3, 0.3));
    }

    static List<Graph> chains() {
        SplittableRandom random = new SplittableRandom(3);
        Windows strided = Windows.square(4, 2, 1);
        Windows odd = new Windows(new Axis(3, 2, 0, 1, 1), new Axis(2, 3, 1, 0, 1));
        Windows spread = new Windows(new Axis(2, 1, 1, 1, 2), new Axis(3, 2, 2, 0, 1));
        return List.of(
                Graph.sequence(Shape.of(3, 8, 8), List.of(convolution(random, 5, 3, strided, 1), RELU,
                        convolution(random, 18, 5, strided, 1), RELU, new Op.Flatten(), dense(random, 72, 9), RELU,
                        dense(random, 9, 4))),
                Graph.sequence(Shape.of(2, 9, 7), List.of(convolution(random, 4, 2, odd, 1), RELU,
                        new Op.MaxPool2d(Windows.square(2, 1, 1)), convolution(random, 6, 4, spread, 2), new Op.Flatten(),
                        dense(random, 60, 3))),
                Graph.sequence(Shape.of(1, 10, 10), List.of(new Op.AveragePool2d(Windows.square(3, 2, 1), true),
                        convolution(random, 17, 1, Windows.square(1, 2), 1), RELU,
                        new Op.AveragePool2d(Windows.square(2, 1, 1), false), new Op.Flatten(), dense(random, 17 * 16, 5))),
                Graph.sequence(Shape.of(36), List.of(new Op.Reshape(Shape.of(1, 6, 6)),
                        convolution(random, 3, 1, Windows.square(3, 1, 1), 1), RELU,
                        convolution(random, 4, 3, Windows.square(3, 3), 1), new Op.Flatten())));
    }

    @Test
    void givenChainsAndOthers_whenLookedAt_thenOnlyChainsAre() {
        chains().forEach(graph -> assertTrue(Chain.is(graph)));
        SplittableRandom random = new SplittableRandom(4);
        assertFalse(Chain.is(RandomGraph.residual()));
        assertFalse(Chain.is(Graph.sequence(Shape.of(1, 4, 4), List.of(new Op.MaxPool2d(Windows.square(2, 2)), RELU,
                new Op.Flatten()))));
        Windows spread = new Windows(new Axis(1, 1, 0, 0, 3), new Axis(1, 1, 0, 0, 3));
        assertFalse(Chain.is(Graph.sequence(Shape.of(1, 2, 2), List.of(new Op.AveragePool2d(spread, false),
                new Op.Flatten()))));
        assertFalse(Chain.is(Graph.sequence(Shape.of(1, 4, 4), List.of(new Op.Tanh(), new Op.Flatten()))));
        assertFalse(Chain.is(Graph.sequence(Shape.of(1, 4, 4), List.of(new Op.Flatten()))));
        // The rows of a dense layer as an image: whose layout its products don't have.
        assertFalse(Chain.is(Graph.sequence(Shape.of(4), List.of(dense(random, 4, 9), new Op.Reshape(Shape.of(1, 3, 3)),
                convolution(random, 2, 1, Windows.square(2, 1), 1), new Op.Flatten()))));
    }

    /** The sum of a window overflows, its average does not; a ReLU would make 0 of what 0 times infinity is. */
    @Test
    void givenAnAverageWhoseSumOverflows_whenEvaluated_thenLogitsAreThoseOfTheStepsOneByOne() {
        Graph graph = Graph.sequence(Shape.of(1, 4, 4), List.of(
                new Op.Conv2d(Tensor.of(Shape.of(1, 1, 1, 1), 0x1.8p125f), Tensor.of(Shape.of(1), 0f), Windows.square(1, 1), 1),
                new Op.AveragePool2d(Windows.square(4, 1), true), new Op.Flatten(),
                Mlp.dense(1, 2, new float[2], new float[] {1, 0.25f}), RELU,
                Mlp.dense(2, 2, new float[] {1, 0, 0, 0}, new float[] {0, 0.5f})));
        float[] image = new float[16];
        Arrays.fill(image, 1);
        for (Precision precision : List.of(Precision.FLOAT32, Precision.BFLOAT16)) {
            try (Backend backend = open(precision); Plan plan = Plan.load(backend, graph);
                 DeviceMemory memory = new DeviceMemory(backend); NoisyClassifier classifier = plan.noisyClassifier(memory);
                 NoisyClassifier composed = new ComposedNoisyClassifier(backend, 16, 2,
                         buffers -> new Logits(buffers, plan, ComposedNoisyClassifier.BATCH)::of)) {
                DeviceBuffer x = memory.holding(image); // without noise, which would be too large for any of the layers
                DeviceBuffer expected = memory.allocate(2);
                DeviceBuffer found = memory.allocate(2);
                composed.logits(x, 1, expected);
                classifier.logits(x, 1, found);
                assertArrayEquals(HostArrays.read(backend, expected), HostArrays.read(backend, found));
            }
        }
    }

    static List<Object[]> chainsInEachPrecision() {
        List<Object[]> cases = new ArrayList<>();
        for (Precision precision : List.of(Precision.FLOAT32, Precision.BFLOAT16)) {
            chains().forEach(graph -> cases.add(new Object[] {graph, precision}));
        }
        return cases;
    }

    private static CpuBackend open(Precision precision) {
        CpuBackend backend = CpuBackend.create();
        if (precision == Precision.FLOAT32) {
            backend.close();
            backend = CpuBackend.create(precision);
        }
        boolean has = backend.info().libraries().containsKey(DeviceInfo.CHAINS)
                && backend.info().libraries().get(DeviceInfo.NOISY_PASSES).equals(precision.toString());
        if (!has) {
            backend.close();
        }
        assumeTrue(has, "no packed chains in " + precision + " here");
        return backend;
    }

    /**
     * Sums of up to 72 products of order one in float are off by less than 1e-4. In bf16 a product's factors are off by 2^-9
     * each: a logit of order one, some four layers deep, by less than 0.1, and a gradient by that wherever no ReLU or
     * maximum decides otherwise; most of its elements must be that near.
     */
    @ParameterizedTest
    @MethodSource("chainsInEachPrecision")
    void givenAChain_whenDifferentiated_thenLogitsAndGradientsAreThoseOfDecimals(Graph graph, Precision precision) {
        int rows = 2;
        int inputs = graph.input().size();
        int classes = graph.classes();
        SplittableRandom random = new SplittableRandom(11);
        float[] x = Mlp.values(random, rows * inputs, 0, 1);
        float[] up = Mlp.values(random, rows * classes, -1, 1);
        float[] logits;
        float[] gradients;
        try (Backend backend = open(precision); Plan plan = Plan.load(backend, graph);
             DeviceMemory memory = new DeviceMemory(backend); InputGradients prepared = plan.inputGradients(memory, rows)) {
            assertEquals(precision, prepared.precision());
            DeviceBuffer made = memory.allocate(up.length);
            DeviceBuffer found = memory.allocate(x.length);
            DeviceBuffer given = memory.holding(x);
            DeviceBuffer weights = memory.holding(up);
            for (int again = 0; again < 2; ++again) {
                prepared.forward(given, rows, made);
                prepared.backward(weights, rows, found);
            }
            logits = HostArrays.read(backend, made);
            gradients = HostArrays.read(backend, found);
        }
        double tolerance = precision == Precision.FLOAT32 ? 1e-4 : 0.1;
        int far = 0;
        int looked = 0;
        for (int n = 0; n < rows; ++n) {
            BigDecimal[] at = ExactGraph.exactly(Arrays.copyOfRange(x, n * inputs, (n + 1) * inputs));
            BigDecimal[] exact = ExactGraph.logits(graph, at);
            for (int c = 0; c < classes; ++c) {
                assertEquals(exact[c].doubleValue(), logits[n * classes + c], tolerance);
            }
            for (int k = n; k < inputs; k += inputs / 30) {
                ++looked;
                double expected = slope(graph, at, k, Arrays.copyOfRange(up, n * classes, (n + 1) * classes));
                far += Math.abs(expected - gradients[n * inputs + k]) > tolerance * (1 + Math.abs(expected)) ? 1 : 0;
            }
        }
        assertTrue(far <= (precision == Precision.FLOAT32 ? 0 : looked / 20), far + " of " + looked);
    }

    private static double slope(Graph graph, BigDecimal[] at, int k, float[] weights) {
        BigDecimal[] ahead = at.clone();
        BigDecimal[] behind = at.clone();
        ahead[k] = at[k].add(STEP);
        behind[k] = at[k].subtract(STEP);
        BigDecimal[] above = ExactGraph.logits(graph, ahead);
        BigDecimal[] below = ExactGraph.logits(graph, behind);
        BigDecimal sum = BigDecimal.ZERO;
        for (int c = 0; c < weights.length; ++c) {
            sum = sum.add(new BigDecimal(weights[c]).multiply(above[c].subtract(below[c])));
        }
        return sum.doubleValue() / 2e-12;
    }

    @ParameterizedTest
    @MethodSource("chainsInEachPrecision")
    void givenAnyGrouping_whenVotesAreCounted_thenEverySampleVotesAsItsLogitsSay(Graph graph, Precision precision) {
        int inputs = graph.input().size();
        int[] indices = {5, 77};
        float[] images = Mlp.values(new SplittableRandom(2), 2 * inputs, 0, 1);
        try (Backend backend = open(precision); Plan plan = Plan.load(backend, graph);
             DeviceMemory memory = new DeviceMemory(backend); NoisyClassifier classifier = plan.noisyClassifier(memory)) {
            assertEquals(precision, classifier.precision());
            int classes = plan.classes();
            int[] together = votes(backend, classifier, classes, images, indices, 0, 400);
            int[] parts = new int[together.length];
            for (int[] part : new int[][] {{0, 1}, {1, 132}, {133, 267}}) {
                int[] some = votes(backend, classifier, classes, images, indices, part[0], part[1]);
                Arrays.setAll(parts, k -> parts[k] + some[k]);
            }
            assertArrayEquals(together, parts);
            assertArrayEquals(votesOfLogits(backend, classifier, classes, images, indices, 400), together);
        }
    }

    private static int[] votes(Backend backend, NoisyClassifier classifier, int classes, float[] images, int[] indices,
                               int first, int samples) {
        try (DeviceMemory memory = new DeviceMemory(backend)) {
            int[] votes = new int[indices.length * classes];
            DeviceBuffer counts = memory.holding(votes);
            classifier.countVotes(memory.holding(images), indices, 0.5f, KEY, first, samples, counts);
            backend.read(counts, votes);
            return votes;
        }
    }

    /** Of samples from 0 on, with noise made one by one. */
    private static int[] votesOfLogits(Backend backend, NoisyClassifier classifier, int classes, float[] images, int[] indices,
                                       int samples) {
        int inputs = images.length / indices.length;
        int[] votes = new int[indices.length * classes];
        for (int n = 0; n < indices.length; ++n) {
            float[] noisy = new float[samples * inputs];
            for (int k = 0; k < noisy.length; ++k) {
                noisy[k] = Math.fma(0.5f, Philox.normal(KEY, indices[n], k / inputs, k % inputs),
                        images[n * inputs + k % inputs]);
            }
            try (DeviceMemory memory = new DeviceMemory(backend)) {
                DeviceBuffer made = memory.allocate((long) samples * classes);
                classifier.logits(memory.holding(noisy), samples, made);
                float[] logits = HostArrays.read(backend, made);
                for (int sample = 0; sample < samples; ++sample) {
                    int best = 0;
                    for (int c = 1; c < classes; ++c) {
                        best = logits[sample * classes + c] > logits[sample * classes + best] ? c : best;
                    }
                    ++votes[n * classes + best];
                }
            }
        }
        return votes;
    }

    /** Infinity less infinity is NaN, which a ReLU of oneDNN's would turn into 0. */
    @Test
    void givenAnImageThatOverflows_whenVotesAreCounted_thenNobodyHasThemAndOthersVoteAsEver() {
        int[] indices = {1, 2, 3};
        float[] weight = {0x1p100f, -0x1p100f, 1, -1};
        Graph graph = Graph.sequence(Shape.of(2, 1, 1), List.of(
                new Op.Conv2d(Tensor.of(Shape.of(2, 2, 1, 1), weight), Tensor.of(Shape.of(2), new float[2]), Windows.square(1, 1),
                        1), RELU,
                new Op.Conv2d(Tensor.of(Shape.of(2, 2, 1, 1), 1e-30f, 1, 1e-31f, 0), Tensor.of(Shape.of(2), 0, 0.1f),
                        Windows.square(1, 1), 1), new Op.Flatten()));
        float[] images = {0.25f, 0.5f, 1e30f, 1e30f, 0.5f, 0.125f};
        for (Precision precision : List.of(Precision.FLOAT32, Precision.BFLOAT16)) {
            try (Backend backend = open(precision); Plan plan = Plan.load(backend, graph);
                 DeviceMemory memory = new DeviceMemory(backend); NoisyClassifier classifier = plan.noisyClassifier(memory);
                 NoisyClassifier composed = new ComposedNoisyClassifier(backend, 2, 2,
                         buffers -> new Logits(buffers, plan, ComposedNoisyClassifier.BATCH)::of)) {
                int[] votes = votes(backend, classifier, 2, images, indices, 0, 100);
                assertEquals(0, votes[2] + votes[3]);
                assertEquals(200, votes[0] + votes[1] + votes[4] + votes[5]);
                int[] careful = votes(backend, composed, 2, images, indices, 0, 100);
                assertEquals(0, careful[2] + careful[3]);
            }
        }
    }
}
