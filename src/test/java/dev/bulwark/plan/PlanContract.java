package dev.bulwark.plan;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.bulwark.device.BackendFixture;
import dev.bulwark.device.DeviceBuffer;
import dev.bulwark.device.DeviceMemory;
import dev.bulwark.device.HostArrays;
import dev.bulwark.device.InputGradients;
import dev.bulwark.model.ExactGraph;
import dev.bulwark.model.Graph;
import dev.bulwark.model.Op;
import dev.bulwark.model.RandomCurves;
import dev.bulwark.model.RandomGraph;
import dev.bulwark.model.Tensor;
import dev.bulwark.shapes.Shape;
import java.math.BigDecimal;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What a plan promises on every backend. */
abstract class PlanContract extends BackendFixture {

    /** Values lie near 1 and sums have some hundred terms at most: float's errors add up to far less than 2^-14. */
    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12})
    void givenAnyOrderOfOperations_whenRun_thenLogitsAreThoseOfDecimalArithmetic(long seed) {
        assertLogitsExact(RandomGraph.of(seed), seed);
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12})
    void givenActivationsAndPoolings_whenRun_thenLogitsAreThoseOfDecimalArithmetic(long seed) {
        assertLogitsExact(RandomCurves.of(seed), seed);
    }

    private void assertLogitsExact(Graph graph, long seed) {
        int rows = 3;
        float[] x = values(seed, rows * graph.input().size());
        float[] logits = logits(graph, x, rows);
        for (int n = 0; n < rows; ++n) {
            BigDecimal[] exact = ExactGraph.logits(graph,
                    ExactGraph.exactly(Arrays.copyOfRange(x, n * graph.input().size(), (n + 1) * graph.input().size())));
            for (int c = 0; c < graph.classes(); ++c) {
                assertEquals(exact[c].doubleValue(), logits[n * graph.classes() + c],
                        0x1p-14 * Math.max(1, Math.abs(exact[c].doubleValue())), "logit " + c + " of row " + n);
            }
        }
    }

    private float[] logits(Graph graph, float[] x, int rows) {
        try (Plan plan = Plan.load(backend, graph); DeviceMemory memory = new DeviceMemory(backend)) {
            Logits forward = new Logits(memory, plan, rows + 1);
            DeviceBuffer inputs = memory.holding(x);
            float[] logits = new float[rows * plan.classes()];
            backend.read(forward.of(inputs, rows).slice(0, logits.length), logits);
            assertArrayEquals(x, HostArrays.read(backend, inputs), "inputs stay");
            return logits;
        }
    }

    private static float[] values(long seed, int length) {
        SplittableRandom random = new SplittableRandom(~seed);
        float[] values = new float[length];
        for (int k = 0; k < length; ++k) {
            values[k] = (float) random.nextDouble();
        }
        return values;
    }

    /**
     * Every point of the boxes of the inputs lands in those of the logits, and where the boxes are points, so are the
     * logits' but for rounding.
     */
    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12})
    void givenAnyOrderOfOperations_whenBoxed_thenEveryPointStaysInside(long seed) {
        assertBoxesHold(RandomGraph.of(seed), seed);
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12})
    void givenActivationsAndPoolings_whenBoxed_thenEveryPointStaysInside(long seed) {
        assertBoxesHold(RandomCurves.of(seed), seed);
    }

    private void assertBoxesHold(Graph graph, long seed) {
        int rows = 3;
        int inputs = graph.input().size();
        float[] low = values(seed, rows * inputs);
        float[] high = low.clone();
        for (int k = inputs; k < high.length; ++k) {
            high[k] = low[k] + 0.25f * (k / inputs - 1) + (k % 3) * 0.125f; // row 0 is a point
        }
        float[][] box = boxed(graph, low, high, rows);
        SplittableRandom random = new SplittableRandom(seed);
        for (int n = 0; n < rows; ++n) {
            for (int sample = 0; sample < 8; ++sample) {
                BigDecimal[] point = new BigDecimal[inputs];
                for (int i = 0; i < inputs; ++i) {
                    float share = sample < 4 ? random.nextInt(2) : random.nextInt(257) / 256f; // corners first
                    point[i] = new BigDecimal(low[n * inputs + i]).add(new BigDecimal(share).multiply(
                            new BigDecimal(high[n * inputs + i]).subtract(new BigDecimal(low[n * inputs + i]))));
                }
                BigDecimal[] exact = ExactGraph.logits(graph, point);
                for (int c = 0; c < exact.length; ++c) {
                    float below = box[0][n * exact.length + c];
                    float above = box[1][n * exact.length + c];
                    assertTrue(new BigDecimal(below).compareTo(exact[c]) <= 0
                            && new BigDecimal(above).compareTo(exact[c]) >= 0, exact[c] + " leaves " + below + ", " + above);
                    assertTrue(n > 0 || above - below < 0x1p-10 * Math.max(1, Math.abs(above)), below + ", " + above);
                }
            }
        }
    }

    private float[][] boxed(Graph graph, float[] low, float[] high, int rows) {
        try (Plan plan = Plan.load(backend, graph); DeviceMemory memory = new DeviceMemory(backend)) {
            Boxes boxes = new Boxes(memory, plan, rows);
            backend.write(low, boxes.inputs().lower());
            backend.write(high, boxes.inputs().upper());
            DeviceBox logits = boxes.through(plan.steps().size(), rows);
            float[][] box = new float[2][rows * plan.classes()];
            backend.read(logits.lower().slice(0, box[0].length), box[0]);
            backend.read(logits.upper().slice(0, box[1].length), box[1]);
            return box;
        }
    }

    /** 2 ReLU(3 x - 1) + 1 at x = 1 and 0. */
    @Test
    void givenAReluThatBegins_whenRun_thenTheInputIsNotItsPlace() {
        Op.Dense dense = new Op.Dense(Tensor.of(Shape.of(1, 1), 2), Tensor.vector(1));
        Graph graph = Graph.sequence(Shape.of(1), List.of(new Op.Relu(), dense));
        assertArrayEquals(new float[] {7, 1}, logits(graph, new float[] {3, -5}, 2));
    }

    @Test
    void givenALongChain_whenLaidOut_thenItTakesTwoBuffers() {
        Op.Dense dense = new Op.Dense(Tensor.zeros(4, 4), Tensor.zeros(4));
        Graph graph = Graph.sequence(Shape.of(4), List.of(dense, new Op.Relu(), dense, new Op.Relu(), dense, dense, dense));
        try (Plan plan = Plan.load(backend, graph)) {
            assertEquals(2, Slots.forward(plan).count());
        }
    }

    /**
     * A pass back in which every value's buffer takes the number of ways from it to the output: what shares a buffer too
     * early, or is written where it should be added, counts wrong.
     */
    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16})
    void givenForksAndJoins_whenWalkedBack_thenEveryValueGetsWhatAllItsReadersGive(long seed) {
        for (Graph graph : List.of(RandomGraph.of(seed), RandomCurves.of(seed))) {
            try (Plan plan = Plan.load(backend, graph)) {
                for (int start = plan.values() - 1; start > 0; --start) {
                    for (int kept : new int[] {-1, start, start / 2}) {
                        assertArrayEquals(Ways.byValue(plan, start), Ways.byBuffer(plan, start, kept), "from value "
                                + start);
                    }
                }
            }
        }
    }

    /**
     * Against difference quotients in decimals, where those of both sides agree: elsewhere there is a bend, or another
     * element of a window takes the lead. The input is another one when gradients are asked for.
     */
    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12})
    void givenActivationsAndPoolings_whenDifferentiated_thenDifferenceQuotientsAgree(long seed) {
        Graph graph = RandomCurves.of(seed);
        int rows = 2;
        int inputs = graph.input().size();
        float[] x = values(seed, rows * inputs);
        float[] weights = values(~seed, rows * graph.classes());
        float[] gradient = gradient(graph, x, weights, rows);
        int compared = 0;
        for (int n = 0; n < rows; ++n) {
            double[] weighted = new double[graph.classes()];
            for (int c = 0; c < weighted.length; ++c) {
                weighted[c] = weights[n * weighted.length + c];
            }
            float[] image = Arrays.copyOfRange(x, n * inputs, (n + 1) * inputs);
            BigDecimal centre = sum(graph, ExactGraph.exactly(image), weighted);
            for (int i = 0; i < inputs; i += 3) {
                double up = quotient(graph, image, i, 1e-7, weighted, centre);
                double down = quotient(graph, image, i, -1e-7, weighted, centre);
                if (Math.abs(up - down) < 1e-4 * (1 + Math.abs(up))) {
                    assertEquals(up, gradient[n * inputs + i], 1e-3 * (1 + Math.abs(up)), "element " + i + " of row " + n);
                    ++compared;
                }
            }
        }
        assertTrue(compared > 0);
    }

    private static BigDecimal sum(Graph graph, BigDecimal[] point, double[] weights) {
        BigDecimal[] logits = ExactGraph.logits(graph, point);
        BigDecimal sum = BigDecimal.ZERO;
        for (int c = 0; c < logits.length; ++c) {
            sum = sum.add(logits[c].multiply(new BigDecimal(weights[c])));
        }
        return sum;
    }

    private static double quotient(Graph graph, float[] image, int i, double by, double[] weights, BigDecimal centre) {
        BigDecimal[] moved = ExactGraph.exactly(image);
        moved[i] = moved[i].add(new BigDecimal(by));
        return sum(graph, moved, weights).subtract(centre).doubleValue() / by;
    }

    private float[] gradient(Graph graph, float[] x, float[] weights, int rows) {
        try (Plan plan = Plan.load(backend, graph); DeviceMemory memory = new DeviceMemory(backend);
             InputGradients chain = plan.inputGradients(memory, rows + 1)) {
            DeviceBuffer inputs = memory.holding(x);
            DeviceBuffer gradients = memory.allocate(x.length);
            chain.forward(inputs, rows, memory.allocate((long) rows * plan.classes()));
            backend.fill(inputs, 0.5f);
            chain.backward(memory.holding(weights), rows, gradients);
            return HostArrays.read(backend, gradients);
        }
    }

    /** A clip without an upper end that begins at 0, and a leaky ReLU without a slope, are ReLUs to every method. */
    @Test
    void givenReluUnderAnotherName_whenLaidOut_thenItIsAReluStep() {
        for (Op op : List.of(new Op.Clip(0, Float.POSITIVE_INFINITY), new Op.LeakyRelu(0))) {
            try (Plan plan = Plan.load(backend, Graph.sequence(Shape.of(3), List.of(op)))) {
                assertInstanceOf(Step.Relu.class, plan.steps().get(0));
            }
        }
    }
}
