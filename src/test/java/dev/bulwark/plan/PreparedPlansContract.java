package dev.bulwark.plan;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.bulwark.device.BackendFixture;
import dev.bulwark.device.DeviceBuffer;
import dev.bulwark.device.DeviceMemory;
import dev.bulwark.device.HostArrays;
import dev.bulwark.device.InputGradients;
import dev.bulwark.device.NoiseKey.Stream;
import dev.bulwark.device.NoiseKey;
import dev.bulwark.device.NoisyClassifier.Precision;
import dev.bulwark.device.NoisyClassifier;
import dev.bulwark.device.Philox;
import dev.bulwark.model.ExactGraph;
import dev.bulwark.model.Graph;
import dev.bulwark.model.Mlp;
import dev.bulwark.model.Op;
import dev.bulwark.model.RandomGraph;
import dev.bulwark.model.Tensor;
import dev.bulwark.shapes.Shape;
import dev.bulwark.shapes.Windows;
import java.math.BigDecimal;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Gradients and noisy votes of plans, on every backend. */
abstract class PreparedPlansContract extends BackendFixture {

    private static final BigDecimal STEP = new BigDecimal("1e-12");
    private static final NoiseKey KEY = new NoiseKey(31, Stream.ESTIMATION);
    private static final float SIGMA = 0.5f;

    private static Op.Conv2d convolution(SplittableRandom random, int channels, int of, Windows windows) {
        return new Op.Conv2d(Tensor.of(Shape.of(channels, of, 3, 3), Mlp.values(random, channels * of * 9, -0.5, 0.5)),
                Tensor.of(Shape.of(channels), Mlp.values(random, channels, -0.5, 0.5)), windows, 1);
    }

    private static List<Graph> shortOnes() {
        SplittableRandom random = new SplittableRandom(9);
        Op.Dense first = Mlp.dense(4, 5, Mlp.values(random, 20, -1, 1), Mlp.values(random, 5, -1, 1));
        Op.Dense second = Mlp.dense(5, 3, Mlp.values(random, 15, -1, 1), Mlp.values(random, 3, -1, 1));
        Op.Relu relu = new Op.Relu();
        Graph.Builder doubled = new Graph.Builder(Shape.of(4));
        doubled.add(new Op.Add(), Graph.Builder.INPUT, Graph.Builder.INPUT);
        return List.of(Graph.sequence(Shape.of(4), List.of(relu, first, second)),
                Graph.sequence(Shape.of(4), List.of(first, second)),
                Graph.sequence(Shape.of(4), List.of(first, relu, second, relu)),
                Graph.sequence(Shape.of(4), List.of(first, relu, relu, second)),
                Graph.sequence(Shape.of(4), List.of(relu)),
                doubled.build());
    }

    /**
     * Float's errors are far below the tolerance where weights keep values near 1. Central differences of decimal arithmetic
     * are exact but within 1e-12 of a ReLU's edge, where no sampled input lies.
     */
    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12})
    void givenAnyOrderOfOperations_whenDifferentiated_thenGradientsAreCentralDifferences(long seed) {
        requireGradients(RandomGraph.of(seed), seed);
    }

    @Test
    void givenAResidualNetwork_whenDifferentiated_thenGradientsAreCentralDifferences() {
        requireGradients(RandomGraph.residual(), 3);
    }

    @Test
    void givenReLUsAndSumsAnywhere_whenDifferentiated_thenGradientsAreCentralDifferences() {
        shortOnes().forEach(graph -> requireGradients(graph, 4));
    }

    private void requireGradients(Graph graph, long seed) {
        int rows = 2;
        int inputs = graph.input().size();
        int classes = graph.classes();
        SplittableRandom random = new SplittableRandom(~seed);
        float[] x = Mlp.values(random, rows * inputs, 0, 1);
        float[] up = Mlp.values(random, rows * classes, -1, 1);
        float[][] found = differentiated(graph, x, up, rows);
        for (int n = 0; n < rows; ++n) {
            BigDecimal[] at = ExactGraph.exactly(Arrays.copyOfRange(x, n * inputs, (n + 1) * inputs));
            BigDecimal[] weights = ExactGraph.exactly(Arrays.copyOfRange(up, n * classes, (n + 1) * classes));
            BigDecimal[] logits = ExactGraph.logits(graph, at);
            for (int c = 0; c < classes; ++c) {
                double logit = logits[c].doubleValue();
                assertEquals(logit, found[0][n * classes + c], 1e-4 * (1 + Math.abs(logit)));
            }
            for (int k = 0; k < inputs; ++k) {
                double expected = slope(graph, at, k, weights);
                assertEquals(expected, found[1][n * inputs + k], 1e-4 * (1 + Math.abs(expected)),
                        "row " + n + ", element " + k);
            }
        }
    }

    /** Logits and gradients, the chain rule's for whatever the device prepares in less than float. */
    private float[][] differentiated(Graph graph, float[] x, float[] up, int rows) {
        try (Plan plan = Plan.load(backend, graph); DeviceMemory memory = new DeviceMemory(backend);
             InputGradients prepared = floating(plan, memory, rows + 1)) {
            DeviceBuffer given = memory.holding(x);
            DeviceBuffer weights = memory.holding(up);
            DeviceBuffer logits = memory.allocate(up.length);
            DeviceBuffer gradients = memory.allocate(x.length);
            for (int again = 0; again < 2; ++again) {
                prepared.forward(given, rows, logits);
                prepared.backward(weights, rows, gradients);
            }
            assertArrayEquals(x, HostArrays.read(backend, given), "inputs stay");
            assertArrayEquals(up, HostArrays.read(backend, weights), "gradients of logits stay");
            return new float[][] {HostArrays.read(backend, logits), HostArrays.read(backend, gradients)};
        }
    }

    private static InputGradients floating(Plan plan, DeviceMemory memory, int capacity) {
        InputGradients prepared = plan.inputGradients(memory, capacity);
        if (prepared.precision() == Precision.FLOAT32) {
            return prepared;
        }
        assertTrue(Plan.gradientsAreTakenWhole(plan.graph(), plan.backend().info()));
        prepared.close();
        return new ChainRule(plan, capacity);
    }

    private static double slope(Graph graph, BigDecimal[] at, int k, BigDecimal[] weights) {
        BigDecimal[] ahead = at.clone();
        BigDecimal[] behind = at.clone();
        ahead[k] = at[k].add(STEP);
        behind[k] = at[k].subtract(STEP);
        BigDecimal[] above = ExactGraph.logits(graph, ahead);
        BigDecimal[] below = ExactGraph.logits(graph, behind);
        BigDecimal sum = BigDecimal.ZERO;
        for (int c = 0; c < weights.length; ++c) {
            sum = sum.add(weights[c].multiply(above[c].subtract(below[c])));
        }
        return sum.doubleValue() / 2e-12;
    }

    /** Logits are of order one: a float pass is off by less than 1e-4, and only samples that near to a tie may move. */
    @Test
    void givenAResidualNetwork_whenVotesAreCounted_thenTheyAreTheHostsButForNearTies() {
        Graph graph = RandomGraph.residual();
        int samples = 150;
        int firstSample = 470; // across the end of a batch
        int[] indices = {5, 77};
        float[] images = Mlp.values(new SplittableRandom(2), 2 * 20, 0, 1);
        int[] votes = votes(graph, images, indices, firstSample, samples);
        for (int n = 0; n < 2; ++n) {
            int[] least = new int[4];
            int[] most = new int[4];
            for (int sample = firstSample; sample < firstSample + samples; ++sample) {
                double[] logits = noisyLogits(graph, images, n, indices[n], sample);
                double best = Arrays.stream(logits).max().orElseThrow();
                long near = Arrays.stream(logits).filter(logit -> best - logit < 1e-4).count();
                for (int c = 0; c < 4; ++c) {
                    most[c] += best - logits[c] < 1e-4 ? 1 : 0;
                    least[c] += logits[c] == best && near == 1 ? 1 : 0;
                }
            }
            for (int c = 0; c < 4; ++c) {
                int count = votes[4 * n + c];
                assertTrue(count >= least[c] && count <= most[c], count + " not from " + least[c] + " to " + most[c]);
            }
            assertEquals(samples, Arrays.stream(votes, 4 * n, 4 * n + 4).sum());
            assertTrue(Arrays.stream(least).max().orElseThrow() < samples - 5, "classes must share the votes");
        }
    }

    private static double[] noisyLogits(Graph graph, float[] images, int n, int index, int sample) {
        BigDecimal[] noisy = new BigDecimal[20];
        for (int k = 0; k < 20; ++k) {
            noisy[k] = new BigDecimal(Math.fma(SIGMA, Philox.normal(KEY, index, sample, k), images[20 * n + k]));
        }
        return Arrays.stream(ExactGraph.logits(graph, noisy)).mapToDouble(BigDecimal::doubleValue).toArray();
    }

    private int[] votes(Graph graph, float[] images, int[] indices, int firstSample, int samples) {
        try (Plan plan = Plan.load(backend, graph); DeviceMemory memory = new DeviceMemory(backend);
             NoisyClassifier classifier = plan.noisyClassifier(memory)) {
            assertEquals(Precision.FLOAT32, classifier.precision());
            int[] votes = new int[indices.length * plan.classes()];
            DeviceBuffer counts = memory.holding(votes);
            classifier.countVotes(memory.holding(images), indices, SIGMA, KEY, firstSample, samples, counts);
            backend.read(counts, votes);
            return votes;
        }
    }

    @Test
    void givenAnyGrouping_whenVotesAreCounted_thenEverySampleVotesAlike() {
        Graph graph = RandomGraph.residual();
        int[] indices = {5, 77};
        float[] images = Mlp.values(new SplittableRandom(2), 2 * 20, 0, 1);
        int[] together = votes(graph, images, indices, 0, 700);
        int[] parts = new int[together.length];
        for (int[] part : new int[][] {{0, 1}, {1, 332}, {333, 367}}) {
            for (int n = 0; n < 2; ++n) {
                int[] some = votes(graph, Arrays.copyOfRange(images, 20 * n, 20 * n + 20), new int[] {indices[n]}, part[0],
                        part[1]);
                for (int c = 0; c < 4; ++c) {
                    parts[4 * n + c] += some[c];
                }
            }
        }
        assertArrayEquals(together, parts);
    }

    @Test
    void givenAConvolutionInFront_whenPrepared_thenTheDevicesOwnKernelsTakeItAsItsMatrix() {
        SplittableRandom random = new SplittableRandom(6);
        Graph convolution = Graph.sequence(Shape.of(1, 6, 6), List.of(convolution(random, 4, 1, Windows.square(3, 1)),
                new Op.Relu(), new Op.Flatten(), Mlp.dense(64, 40, Mlp.values(random, 64 * 40, -0.2, 0.2), new float[40]),
                new Op.Relu(), Mlp.dense(40, 3, Mlp.values(random, 120, -0.3, 0.3), new float[3])));
        int[] indices = {3, 9, 1};
        float[] images = Mlp.values(random, 3 * 36, 0, 1);
        Graph dense;
        try (Plan plan = Plan.load(backend, convolution); DeviceMemory memory = new DeviceMemory(backend)) {
            dense = Mlp.of(Perceptron.layers(plan, memory).orElseThrow().stream().map(layer -> Mlp.dense(layer.in(),
                    layer.out(), HostArrays.read(backend, layer.weight()), HostArrays.read(backend, layer.bias()))).toList());
        }
        int[][] votes = new int[2][9];
        float[][] gradients = new float[2][];
        for (int k = 0; k < 2; ++k) {
            try (Plan plan = Plan.load(backend, k == 0 ? convolution : dense);
                 DeviceMemory memory = new DeviceMemory(backend);
                 NoisyClassifier classifier = plan.noisyClassifier(memory);
                 InputGradients prepared = plan.inputGradients(memory, 3)) {
                DeviceBuffer x = memory.holding(images);
                DeviceBuffer counts = memory.holding(votes[k]);
                classifier.countVotes(x, indices, SIGMA, KEY, 0, 300, counts);
                backend.read(counts, votes[k]);
                DeviceBuffer logits = memory.allocate(9);
                prepared.forward(x, 3, logits);
                DeviceBuffer found = memory.allocate(images.length);
                prepared.backward(logits, 3, found);
                gradients[k] = HostArrays.read(backend, found);
            }
        }
        assertArrayEquals(votes[1], votes[0]);
        assertArrayEquals(gradients[1], gradients[0]);
    }
}
