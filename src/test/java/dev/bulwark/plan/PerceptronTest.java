package dev.bulwark.plan;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.bulwark.device.Affine;
import dev.bulwark.device.Backend;
import dev.bulwark.device.DeviceMemory;
import dev.bulwark.device.HostArrays;
import dev.bulwark.device.NonZeros;
import dev.bulwark.device.ReceptiveFields.Range;
import dev.bulwark.device.ReceptiveFields;
import dev.bulwark.device.cpu.CpuBackend;
import dev.bulwark.model.ExactGraph;
import dev.bulwark.model.Graph;
import dev.bulwark.model.Op;
import dev.bulwark.model.Tensor;
import dev.bulwark.shapes.Shape;
import dev.bulwark.shapes.Windows;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class PerceptronTest {

    private final SplittableRandom random = new SplittableRandom(5);
    private final Backend backend = CpuBackend.plainJava();

    @AfterEach
    void everyByteIsReturned() {
        assertEquals(0, backend.liveBytes());
        backend.close();
    }

    private Op.Dense dense(int in, int out) {
        return new Op.Dense(tensor(out, in), tensor(out));
    }

    private Op.Conv2d convolution(int channels, int of, int groups, Windows windows) {
        return new Op.Conv2d(tensor(channels, of / groups, windows.height().kernel(), windows.width().kernel()),
                tensor(channels), windows, groups);
    }

    private Tensor tensor(int... dimensions) {
        float[] values = new float[Shape.of(dimensions).size()];
        for (int k = 0; k < values.length; ++k) {
            values[k] = (float) (2 * random.nextDouble() - 1);
        }
        return Tensor.of(Shape.of(dimensions), values);
    }

    /** The layers' parameters as a graph of their own. */
    private Graph read(List<Affine> layers) {
        List<Op> ops = new ArrayList<>();
        for (Affine layer : layers) {
            if (!ops.isEmpty()) {
                ops.add(new Op.Relu());
            }
            ops.add(new Op.Dense(Tensor.of(Shape.of(layer.out(), layer.in()), HostArrays.read(backend, layer.weight())),
                    Tensor.of(Shape.of(layer.out()), HostArrays.read(backend, layer.bias()))));
        }
        return Graph.sequence(Shape.of(layers.get(0).in()), ops);
    }

    @Test
    void givenDenseLayers_whenAskedFor_thenTheyAreThePlansOwn() {
        List<Op> dense = List.of(dense(12, 5), new Op.Relu(), dense(5, 3));
        List<Op> flattened = new ArrayList<>(dense);
        flattened.add(0, new Op.Flatten());
        for (Graph graph : List.of(Graph.sequence(Shape.of(12), dense), Graph.sequence(Shape.of(3, 2, 2), flattened))) {
            try (Plan plan = Plan.load(backend, graph); DeviceMemory memory = new DeviceMemory(backend)) {
                long before = backend.liveBytes();
                List<Affine> layers = Perceptron.layers(plan, memory).orElseThrow();
                assertEquals(before, backend.liveBytes());
                assertEquals(2, layers.size());
                assertSame(((Step.Linear) plan.steps().get(2)).operator().learned().orElseThrow().weight(),
                        layers.get(1).weight());
            }
        }
    }

    /** Padding, dilation, stride and groups of either edge differ, so that none can stand in for another. */
    @Test
    void givenAFirstConvolution_whenSpreadOut_thenTheNetworkIsExactlyTheSame() {
        Windows odd = new Windows(new Windows.Axis(3, 2, 1, 0, 1), new Windows.Axis(2, 1, 0, 2, 3));
        for (Op.Conv2d first : List.of(convolution(4, 2, 1, Windows.square(2, 1)), convolution(4, 2, 2, odd))) {
            Shape image = Shape.of(2, 5, 6);
            Shape seen = first.outputShape(List.of(image));
            Graph graph = Graph.sequence(image, List.of(first, new Op.Relu(), new Op.Flatten(), dense(seen.size(), 40),
                    new Op.Relu(), dense(40, 3)));
            try (Plan plan = Plan.load(backend, graph); DeviceMemory memory = new DeviceMemory(backend)) {
                List<Affine> layers = Perceptron.layers(plan, memory).orElseThrow();
                Affine matrix = layers.get(0);
                assertEquals(NonZeros.of(HostArrays.read(backend, matrix.weight()), matrix.in(), matrix.out()),
                        matrix.fields());
                assertEquals(ReceptiveFields.full(layers.get(1).in(), layers.get(1).out()), layers.get(1).fields());
                Graph spread = read(layers);
                BigDecimal[] x = ExactGraph.exactly(tensor(image.size()).toArray());
                assertArrayEquals(ExactGraph.logits(graph, x), ExactGraph.logits(spread, x));
            }
        }
    }

    /** Receptive fields follow from the geometry: a kernel with zeros has the same. */
    @Test
    void givenAKernelOfZeros_whenSpreadOut_thenReceptiveFieldsAreThoseOfAnyOther() {
        Windows padded = Windows.square(3, 1, 1);
        Tensor zeros = Tensor.zeros(4, 2, 3, 3);
        List<ReceptiveFields> fields = new ArrayList<>();
        for (Op.Conv2d first : List.of(convolution(4, 2, 1, padded), new Op.Conv2d(zeros, tensor(4), padded, 1))) {
            Graph graph = Graph.sequence(Shape.of(2, 4, 4), List.of(first, new Op.Relu(), new Op.Flatten(), dense(64, 40),
                    new Op.Relu(), dense(40, 3)));
            try (Plan plan = Plan.load(backend, graph); DeviceMemory memory = new DeviceMemory(backend)) {
                fields.add(Perceptron.layers(plan, memory).orElseThrow().get(0).fields());
            }
        }
        assertEquals(fields.get(0), fields.get(1));
        assertEquals(new Range(0, 22), fields.get(1).inputs().get(0), "rows 0 and 1, columns 0 and 1, of both channels");
        assertEquals(new Range(0, 24), fields.get(1).outputs().get(0), "windows 0, 1, 4 and 5 of 4 channels each");
    }

    /** 2 channels of 2 x 2 windows, 1 apart, over 2 x 3 pixels: two windows, each with both channels. */
    @Test
    void givenAFirstConvolution_whenSpreadOut_thenUnitsGoWindowByWindowWithChannelsFastest() {
        Op.Conv2d first = new Op.Conv2d(Tensor.of(Shape.of(2, 1, 2, 2), 1, 2, 3, 4, 5, 6, 7, 8), Tensor.vector(-1, -2),
                Windows.square(2, 1), 1);
        Graph graph = Graph.sequence(Shape.of(1, 2, 3), List.of(first, new Op.Flatten(), new Op.Relu(),
                new Op.Dense(Tensor.of(Shape.of(2, 4), 1, 2, 3, 4, 5, 6, 7, 8), Tensor.zeros(2))));
        try (Plan plan = Plan.load(backend, graph); DeviceMemory memory = new DeviceMemory(backend)) {
            List<Affine> layers = Perceptron.layers(plan, memory).orElseThrow();
            assertArrayEquals(new float[] {
                1, 2, 0, 3, 4, 0,
                5, 6, 0, 7, 8, 0,
                0, 1, 2, 0, 3, 4,
                0, 5, 6, 0, 7, 8}, HostArrays.read(backend, layers.get(0).weight()));
            assertArrayEquals(new float[] {-1, -2, -1, -2}, HostArrays.read(backend, layers.get(0).bias()));
            assertArrayEquals(new float[] {1, 3, 2, 4, 5, 7, 6, 8}, HostArrays.read(backend, layers.get(1).weight()));
        }
    }

    @Test
    void givenSmallWindowsOverALargeImage_whenAsked_thenTheyStayAConvolution() {
        Graph large = Graph.sequence(Shape.of(3, 32, 32), List.of(convolution(16, 3, 1, Windows.square(3, 1, 1)),
                new Op.Relu(), new Op.Flatten(), dense(16 * 32 * 32, 10)));
        assertFalse(Perceptron.is(large));
        Graph shipped = Graph.sequence(Shape.of(1, 28, 28), List.of(convolution(16, 1, 1, Windows.square(7, 3)),
                new Op.Relu(), new Op.Flatten(), dense(1024, 512), new Op.Relu(), dense(512, 256), new Op.Relu(),
                dense(256, 10)));
        assertTrue(Perceptron.is(shipped));
    }

    @Test
    void givenAnotherOrder_whenAsked_thenItIsNone() {
        Op.Relu relu = new Op.Relu();
        Op.Conv2d one = convolution(2, 1, 1, Windows.square(2, 1));
        Shape image = Shape.of(1, 2, 2);
        for (Graph graph : List.of(
                Graph.sequence(Shape.of(4), List.of(relu, dense(4, 2))),
                Graph.sequence(Shape.of(4), List.of(dense(4, 3), dense(3, 2))),
                Graph.sequence(Shape.of(4), List.of(dense(4, 3), relu, relu, dense(3, 2))),
                Graph.sequence(Shape.of(4), List.of(dense(4, 3), relu)),
                Graph.sequence(image, List.of(new Op.Flatten())),
                Graph.sequence(image, List.of(one, new Op.Flatten())),
                Graph.sequence(image, List.of(one, new Op.Flatten(), dense(2, 9))),
                Graph.sequence(image, List.of(one, relu, convolution(3, 2, 1, Windows.square(1, 1)), relu, new Op.Flatten(),
                        dense(3, 9))),
                Graph.sequence(Shape.of(4), List.of(new Op.Sigmoid(), dense(4, 2))),
                Graph.sequence(image, List.of(new Op.AveragePool2d(Windows.square(2, 1), true), new Op.Flatten(),
                        dense(1, 2))),
                residual())) {
            assertFalse(Perceptron.is(graph), graph.nodes().toString());
        }
    }

    private Graph residual() {
        Graph.Builder builder = new Graph.Builder(Shape.of(4));
        int left = builder.add(dense(4, 4), Graph.Builder.INPUT);
        int relu = builder.add(new Op.Relu(), left);
        builder.add(new Op.Add(), left, builder.add(dense(4, 4), relu));
        return builder.build();
    }
}
