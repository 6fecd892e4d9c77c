package dev.bulwark.plan;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.bulwark.model.ExactGraph;
import dev.bulwark.model.Graph;
import dev.bulwark.model.Mlp;
import dev.bulwark.model.Op;
import dev.bulwark.model.RandomGraph;
import dev.bulwark.model.Tensor;
import dev.bulwark.shapes.Shape;
import dev.bulwark.shapes.Windows;
import java.math.BigDecimal;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Folded graphs compute what they did, but for one rounding of each parameter. */
class FoldingTest {

    private final SplittableRandom random = new SplittableRandom(11);

    private Tensor tensor(int... dimensions) {
        return Tensor.of(Shape.of(dimensions), Mlp.values(random, Shape.of(dimensions).size(), -1, 1));
    }

    private Op.Scale scale(int channels) {
        return new Op.Scale(tensor(channels), Tensor.vector(Mlp.values(random, channels, 0.3, 2)), tensor(channels));
    }

    private Op.BatchNorm norm(int channels) {
        return new Op.BatchNorm(tensor(channels), tensor(channels), tensor(channels),
                Tensor.vector(Mlp.values(random, channels, 0.1, 2)), 1e-3);
    }

    private Op.Conv2d convolution(int out, int in, int groups, int padding) {
        return new Op.Conv2d(tensor(out, in / groups, 3, 2), tensor(out), new Windows(
                new Windows.Axis(3, 1, padding, padding, 1), new Windows.Axis(2, 2, padding, 0, 1)), groups);
    }

    private void requireSame(Graph graph, Graph folded) {
        BigDecimal[] x = ExactGraph.exactly(Mlp.values(random, graph.input().size(), 0, 1));
        BigDecimal[] expected = ExactGraph.logits(graph, x);
        BigDecimal[] actual = ExactGraph.logits(folded, x);
        for (int c = 0; c < expected.length; ++c) {
            assertEquals(expected[c].doubleValue(), actual[c].doubleValue(),
                    1e-5 * (1 + Math.abs(expected[c].doubleValue())));
        }
    }

    private static long normalisations(Graph graph) {
        return graph.nodes().stream().filter(node -> node.op() instanceof Op.Scale || node.op() instanceof Op.BatchNorm)
                .count();
    }

    @Test
    void givenANormalisedPerceptron_whenFolded_thenItIsOneOfDenseLayers() {
        Graph graph = Graph.sequence(Shape.of(2, 3, 4), List.of(scale(2), scale(2), new Op.Flatten(),
                new Op.Dense(tensor(5, 24), tensor(5)), norm(5), new Op.Relu(), norm(5),
                new Op.Dense(tensor(3, 5), tensor(3))));
        Graph folded = Folding.of(graph);
        assertEquals(0, normalisations(folded));
        requireSame(graph, folded);
        assertTrue(Perceptron.is(graph));
    }

    @Test
    void givenConvolutions_whenFolded_thenRowsTakeWhatIsBehindAndUnpaddedColumnsWhatIsInFront() {
        for (int groups : new int[] {1, 2}) {
            Graph graph = Graph.sequence(Shape.of(4, 7, 6), List.of(scale(4), convolution(6, 4, groups, 0), norm(6),
                    new Op.Relu(), norm(6), convolution(4, 6, groups, 0), new Op.Flatten(),
                    new Op.Dense(tensor(2, 12), tensor(2))));
            Graph folded = Folding.of(graph);
            assertEquals(0, normalisations(folded));
            requireSame(graph, folded);
        }
    }

    /** Zeros of the padding are put in behind the normalisation, and are no mean of it. */
    @Test
    void givenAPaddedConvolutionBehindANormalisation_whenFolded_thenItStays() {
        Graph graph = Graph.sequence(Shape.of(2, 5, 6), List.of(scale(2), convolution(3, 2, 1, 1), new Op.Flatten(),
                new Op.Dense(tensor(2, 45), tensor(2))));
        assertSame(graph, Folding.of(graph));
        assertFalse(Perceptron.is(graph));
    }

    @Test
    void givenParametersThatWouldOverflow_whenFolded_thenTheyStay() {
        Op.Scale huge = Op.Scale.by(Tensor.vector(1e30f, 1), Tensor.zeros(2));
        Graph graph = Graph.sequence(Shape.of(2),
                List.of(huge, new Op.Dense(Tensor.of(Shape.of(1, 2), 1e30f, 1), Tensor.zeros(1))));
        assertSame(graph, Folding.of(graph));
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20})
    void givenAnyGraph_whenFolded_thenItComputesTheSame(long seed) {
        Graph graph = RandomGraph.of(seed);
        Graph folded = Folding.of(graph);
        assertTrue(normalisations(folded) <= normalisations(graph));
        requireSame(graph, folded);
    }
}
