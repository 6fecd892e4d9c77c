package dev.bulwark.plan;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;

import dev.bulwark.model.Graph;
import dev.bulwark.model.Op;
import dev.bulwark.model.Tensor;
import dev.bulwark.shapes.Shape;
import dev.bulwark.shapes.Windows;
import java.util.List;
import org.junit.jupiter.api.Test;

class ParametersTest {

    @Test
    void givenConvolutionsAndDenseLayers_whenAskedForWeights_thenBiasesAreNotAmongThem() {
        Graph graph = Graph.sequence(Shape.of(1, 2, 2), List.of(
                new Op.Conv2d(Tensor.of(Shape.of(2, 1, 1, 2), 0, 5, 6, 7), Tensor.of(Shape.of(2), 8, 9), new Windows(
                        new Windows.Axis(1, 1, 0, 0, 1), new Windows.Axis(2, 1, 0, 0, 1)), 1), new Op.Relu(), new Op.Flatten(),
                new Op.Dense(Tensor.of(Shape.of(1, 4), 1, 2, 3, 4), Tensor.of(Shape.of(1), 5))));

        assertArrayEquals(new float[] {1, 1, 1, 1, 0, 0, 1, 1, 1, 1, 0}, Parameters.weights(graph));
    }
}
