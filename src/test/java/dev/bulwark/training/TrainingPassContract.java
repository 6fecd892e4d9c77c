package dev.bulwark.training;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.bulwark.device.Backend;
import dev.bulwark.device.BoxRows;
import dev.bulwark.device.DeviceMemory;
import dev.bulwark.device.HostArrays;
import dev.bulwark.device.TrainingOperations.Penalty;
import dev.bulwark.model.ExactGraph;
import dev.bulwark.model.Graph;
import dev.bulwark.model.Op;
import dev.bulwark.plan.Plan;
import dev.bulwark.shapes.Shape;
import dev.bulwark.shapes.Windows;
import java.math.BigDecimal;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What points and boxes become on their way through a plan, on any backend. */
abstract class TrainingPassContract {

    private static final int IMAGES = 3;
    private static final float EPSILON = 0.1f;

    /** Float sums of a few dozen terms of order 1: training's boxes are rounded to nearest. */
    private static final double ROUNDING = 1e-5;

    abstract Backend open();

    /** Corners reach as far as boxes do, in one layer; points inside are what is claimed. */
    @ParameterizedTest
    @EnumSource
    void givenBoxesAroundImages_whenPushedThrough_thenTheyHoldWhatTheirPointsBecome(Nets net) {
        Graph graph = net.drawn(3);
        int inputs = graph.input().size();
        int classes = graph.classes();
        Random random = new Random(1);
        float[] images = new float[IMAGES * inputs];
        for (int i = 0; i < images.length; ++i) {
            images[i] = random.nextInt(4) == 0 ? random.nextInt(2) : random.nextFloat();
        }
        float[][] logits = logits(graph, images); // clean rows, centres, radii

        for (int n = 0; n < IMAGES; ++n) {
            for (int sample = 0; sample < 20; ++sample) {
                BigDecimal[] point = new BigDecimal[inputs];
                for (int i = 0; i < inputs; ++i) {
                    float x = images[n * inputs + i];
                    float share = sample == 0 ? 0 : sample < 8 ? 2 * random.nextInt(2) - 1 : 2 * random.nextFloat() - 1;
                    point[i] = new BigDecimal(Math.max(0, Math.min(1, x + share * EPSILON)));
                }
                BigDecimal[] exact = ExactGraph.logits(graph, point);
                for (int c = 0; c < classes; ++c) {
                    double value = exact[c].doubleValue();
                    int at = n * classes + c;
                    assertTrue(Math.abs(value - logits[1][at]) <= logits[2][at] + ROUNDING,
                            value + " is not within " + logits[2][at] + " of " + logits[1][at]);
                    if (sample == 0) {
                        assertEquals(value, logits[0][at], ROUNDING);
                    }
                }
            }
        }
    }

    private float[][] logits(Graph graph, float[] images) {
        try (Backend backend = open(); DeviceMemory memory = new DeviceMemory(backend)) {
            Plan plan = memory.owning(Plan.load(backend, graph));
            Plan gradient = memory.owning(Plan.load(backend, graph));
            TrainingPass pass = new TrainingPass(memory, plan, gradient, IMAGES, false,
                    () -> new Penalty(memory.zeros(1), 0.5f, memory.zeros(1), memory.zeros(1), memory.zeros(Penalty.STATE)));
            StepRows rows = new StepRows(IMAGES, 1, true, true, false);
            backend.write(images, pass.input().images(IMAGES));
            backend.trainingOperations().boxAround(pass.input().images(IMAGES), memory.holding(EPSILON),
                    pass.input().rows(rows), Optional.empty());
            pass.forward(rows);
            BoxRows logits = pass.logits().rows(rows);
            return new float[][] {HostArrays.read(backend, logits.cleanPoints()), HostArrays.read(backend, logits.centre()),
                HostArrays.read(backend, logits.radius())};
        }
    }

    @Test
    void givenOperationsThatNothingIsTrainedThrough_whenPrepared_thenTheyAreNamed() {
        Op image = new Op.MaxPool2d(Windows.square(2, 1));
        List<Op> ops = List.of(new Op.LeakyRelu(0.1f), new Op.Clip(0, 6), new Op.Sigmoid(), new Op.Tanh(), image);
        List<String> words = List.of("a leaky ReLU", "a clip", "a sigmoid", "a hyperbolic tangent", "maximum pooling");
        for (int k = 0; k < ops.size(); ++k) {
            Graph graph = Graph.sequence(Shape.of(1, 2, 2), List.of(ops.get(k), new Op.Flatten()));
            try (Backend backend = open(); DeviceMemory memory = new DeviceMemory(backend)) {
                Plan plan = memory.owning(Plan.load(backend, graph));
                assertEquals("the network has " + words.get(k) + ", through which nothing is trained yet",
                        assertThrows(UnsupportedOperationException.class, () -> new TrainingPass(memory, plan, plan, 1,
                                false, () -> null)).getMessage());
            }
        }
    }
}
