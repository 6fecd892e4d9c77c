package dev.bulwark.plan;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.bulwark.device.Backend;
import dev.bulwark.device.DeviceBuffer;
import dev.bulwark.device.DeviceMemory;
import dev.bulwark.device.HostArrays;
import dev.bulwark.model.ExactGraph;
import dev.bulwark.model.Graph;
import dev.bulwark.model.Op;
import dev.bulwark.model.RandomGraph;
import dev.bulwark.model.Tensor;
import dev.bulwark.shapes.Shape;
import dev.bulwark.shapes.Windows;
import java.math.BigDecimal;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What a plan promises on every backend. */
abstract class PlanContract {

    private Backend backend;

    abstract Backend open();

    @BeforeEach
    void start() {
        backend = open();
    }

    @AfterEach
    void everyByteIsReturned() {
        assertEquals(0, backend.liveBytes());
        backend.close();
    }

    /** Values lie near 1 and sums have some hundred terms at most: float's errors add up to far less than 2^-14. */
    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12})
    void givenAnyOrderOfOperations_whenRun_thenLogitsAreThoseOfDecimalArithmetic(long seed) {
        Graph graph = RandomGraph.of(seed);
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
            assertEquals(2, new Slots(plan).count());
        }
    }

    @Test
    void givenAnOperationWithoutAStep_whenLoaded_thenItsNameIsSaid() {
        Graph.Builder builder = new Graph.Builder(Shape.of(1, 2, 2));
        builder.add("the last", new Op.Flatten(),
                builder.add("pool/3", new Op.AveragePool2d(Windows.square(2, 2), true), Graph.Builder.INPUT));
        String message = assertThrows(UnsupportedOperationException.class,
                () -> Plan.load(backend, builder.build())).getMessage();
        assertTrue(message.startsWith("pool/3 is average pooling"), message);
    }
}
