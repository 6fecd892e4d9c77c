package dev.bulwark.model;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.bulwark.shapes.Shape;
import dev.bulwark.shapes.Windows;
import java.math.BigDecimal;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

@DisplayName("Graph")
class GraphTest {

    private static final Op.Relu RELU = new Op.Relu();

    private static Op.Dense dense(int in, int out, float... values) {
        return new Op.Dense(Tensor.of(Shape.of(out, in), Arrays.copyOf(values, in * out)),
                Tensor.vector(Arrays.copyOfRange(values, in * out, in * out + out)));
    }

    private static Op.Conv2d conv(int out, int in, Windows windows) {
        return new Op.Conv2d(Tensor.zeros(out, in, windows.height().kernel(), windows.width().kernel()), Tensor.zeros(out),
                windows, 1);
    }

    private static String complaint(Runnable building) {
        return assertThrows(IllegalArgumentException.class, building::run).getMessage();
    }

    @Test
    void givenAResidualBlock_whenBuilt_thenEveryValueHasItsShape() {
        Graph.Builder builder = new Graph.Builder(Shape.of(3, 32, 32));
        int first = builder.add(conv(8, 3, Windows.square(3, 2, 1)), Graph.Builder.INPUT);
        int left = builder.add(conv(8, 8, Windows.square(3, 1, 1)), builder.add(RELU, first));
        int sum = builder.add(new Op.Add(), left, first);
        int flat = builder.add(new Op.Flatten(), builder.add(new Op.AveragePool2d(Windows.square(4, 4), true), sum));
        builder.add(dense(8 * 4 * 4, 10, new float[8 * 4 * 4 * 10 + 10]), flat);
        Graph graph = builder.build();

        assertEquals(Shape.of(8, 16, 16), graph.shape(first));
        assertEquals(Shape.of(8, 16, 16), graph.shape(sum));
        assertEquals(Shape.of(128), graph.shape(flat));
        assertEquals(10, graph.classes());
        assertEquals(2, graph.readers(first));
        assertEquals((3 * 9 + 1) * 8 + (8 * 9 + 1) * 8 + 129 * 10, graph.parameters());
    }

    /** Sizes as the published formula has them: floor((n + padding - dilation (k - 1) - 1) / stride) + 1. */
    @Test
    void givenWindows_whenCounted_thenAsTheFormulaSays() {
        assertEquals(8, new Windows.Axis(7, 3, 0, 0, 1).count(28));
        assertEquals(14, new Windows.Axis(4, 2, 1, 1, 1).count(28));
        assertEquals(13, new Windows.Axis(3, 2, 0, 1, 1).count(27));
        assertEquals(3, new Windows.Axis(3, 2, 0, 0, 3).count(11));
        assertEquals(1, new Windows.Axis(28, 5, 0, 0, 1).count(28));
        assertEquals("an edge of 4 elements has no room for a window of 7 with 2 of padding",
                complaint(() -> new Windows.Axis(4, 1, 1, 1, 2).count(4)));
    }

    @Test
    void givenOperationsThatDoNotFit_whenBuilt_thenTheFirstOneIsNamed() {
        assertEquals("Dense 2, operation 2: a dense operation of 4 inputs follows an output of shape [3]",
                complaint(() -> Graph.sequence(Shape.of(2),
                        List.of(dense(2, 3, new float[9]), RELU, dense(4, 1, new float[5])))));
        assertEquals("Conv2d 0, operation 0: a convolution of 3 channels follows an output of shape [1, 28, 28]",
                complaint(() -> Graph.sequence(Shape.of(1, 28, 28), List.of(conv(8, 3, Windows.square(3, 1))))));
        assertEquals("Dense 0, operation 0: a dense operation of 784 inputs follows an output of shape [1, 28, 28]",
                complaint(() -> Graph.sequence(Shape.of(1, 28, 28), List.of(dense(784, 1, new float[785])))));
    }

    @Test
    void givenAnOperationThatNothingReads_whenBuilt_thenItIsNamed() {
        Graph.Builder builder = new Graph.Builder(Shape.of(2));
        int hidden = builder.add("fc1", dense(2, 2, new float[6]), Graph.Builder.INPUT);
        builder.add("lost", RELU, hidden);
        builder.add("fc2", dense(2, 2, new float[6]), hidden);
        assertEquals("nothing reads what lost, operation 1, makes", complaint(builder::build));
    }

    @Test
    void givenNumbersThatAreNone_whenATensorIsMade_thenTheElementIsNamed() {
        assertEquals("a tensor of shape [2] holds NaN at element 1", complaint(() -> Tensor.vector(1, Float.NaN)));
        assertEquals("a tensor of shape [2, 2] needs 4 values, not 3",
                complaint(() -> Tensor.of(Shape.of(2, 2), 1, 2, 3)));
    }

    /** By hand: conv of ones with a centre of 2, stride 2, padding 1, over 0..8; its corners cover 4 pixels each. */
    @Test
    void givenAConvolutionByHand_whenEvaluatedExactly_thenItsSumsAreRight() {
        Op.Conv2d conv = new Op.Conv2d(Tensor.of(Shape.of(1, 1, 3, 3), 1, 1, 1, 1, 2, 1, 1, 1, 1), Tensor.vector(-1),
                Windows.square(3, 2, 1), 1);
        Graph graph = Graph.sequence(Shape.of(1, 3, 3), List.of(conv, new Op.Flatten()));
        BigDecimal[] y = ExactGraph.logits(graph, ExactGraph.exactly(0, 1, 2, 3, 4, 5, 6, 7, 8));
        // Corner 0: 0 + 1 + 3 + 4, and its centre 0 once more; corner 1: 1 + 2 + 4 + 5 and 2; and so on.
        assertArrayEquals(new int[] {8 - 1, 12 + 2 - 1, 20 + 6 - 1, 24 + 8 - 1},
                Arrays.stream(y).mapToInt(BigDecimal::intValueExact).toArray());
    }

    @Test
    void givenATensor_whenItsArrayIsChanged_thenTheTensorIsNot() {
        float[] values = {1, 2};
        Tensor tensor = Tensor.vector(values);
        values[0] = 5;
        tensor.toArray()[1] = 7;
        assertEquals(Tensor.vector(1, 2), tensor);
    }
}
