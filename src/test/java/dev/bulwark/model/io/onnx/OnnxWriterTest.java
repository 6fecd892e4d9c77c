package dev.bulwark.model.io.onnx;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.bulwark.model.DoubleGraph;
import dev.bulwark.model.Graph;
import dev.bulwark.model.Mlp;
import dev.bulwark.model.Op;
import dev.bulwark.model.RandomGraph;
import dev.bulwark.model.Tensor;
import dev.bulwark.shapes.Shape;
import dev.bulwark.shapes.Windows;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.stream.DoubleStream;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Every operation written, and what ONNX Runtime makes of it. */
class OnnxWriterTest {

    private static final SplittableRandom RANDOM = new SplittableRandom(3);
    private static final Shape IMAGE = Shape.of(3, 8, 7);

    private static Tensor tensor(int... dims) {
        return Tensor.of(Shape.of(dims), Mlp.values(RANDOM, Shape.of(dims).size(), -1, 1));
    }

    private static Arguments image(String what, Op... ops) {
        Op[] flat = Arrays.copyOf(ops, ops.length + 1);
        flat[ops.length] = new Op.Flatten();
        return Arguments.of(what, Graph.sequence(IMAGE, List.of(flat)));
    }

    private static Windows windows(int padding) {
        return new Windows(new Windows.Axis(3, 2, padding, 0, 1), new Windows.Axis(2, 1, 1, padding, 1));
    }

    private static Op.Rearrange rearranged(int elements, int[] source, int... dims) {
        return new Op.Rearrange(source, Shape.of(dims));
    }

    static Stream<Arguments> graphs() {
        Windows dilated = new Windows(new Windows.Axis(2, 1, 1, 1, 2), new Windows.Axis(3, 2, 0, 1, 2));
        int[] backwards = IntStream.range(0, 168).map(k -> 167 - k).toArray();
        int[] padded = IntStream.range(0, 200).map(k -> k % 5 == 0 ? Op.Rearrange.ZERO : k * 4 / 5).toArray();
        Graph.Builder concat = new Graph.Builder(IMAGE);
        int relu = concat.add(new Op.Relu(), Graph.Builder.INPUT);
        int both = concat.add(new Op.Concat(), relu, Graph.Builder.INPUT, relu);
        concat.add(new Op.Flatten(), concat.add(new Op.Add(), both, concat.add(new Op.Tanh(), both)));
        return Stream.of(
                Arguments.of("perceptron", Mlp.random(RANDOM, 1, 5, 7, 3)),
                Arguments.of("residual", RandomGraph.residual()),
                Arguments.of("concatenation", concat.build()),
                image("convolution", new Op.Conv2d(tensor(4, 3, 3, 2), tensor(4), windows(2), 1)),
                image("grouped, dilated", new Op.Conv2d(tensor(6, 1, 2, 3), tensor(6), dilated, 3)),
                image("average", new Op.AveragePool2d(windows(0), false)),
                image("average, padded", new Op.AveragePool2d(windows(1), false)),
                image("average, padding counted", new Op.AveragePool2d(windows(1), true)),
                image("average, padding that no window reaches", new Op.AveragePool2d(new Windows(
                        new Windows.Axis(2, 7, 0, 6, 1), new Windows.Axis(2, 1, 0, 0, 1)), true)),
                image("average, dilated", new Op.AveragePool2d(dilated, false)),
                image("maximum", new Op.MaxPool2d(windows(1))),
                image("maximum, dilated", new Op.MaxPool2d(dilated)),
                image("batch norm", new Op.BatchNorm(tensor(3), tensor(3), tensor(3), Tensor.vector(1, 0.5f, 2),
                (double) 1e-5f)),
                image("scale", new Op.Scale(tensor(3), tensor(3), tensor(3))),
                image("factor", Op.Scale.by(tensor(3), Tensor.zeros(3))),
                image("offset", Op.Scale.by(Tensor.vector(1, 1, 1), tensor(3))),
                image("nothing", Op.Scale.by(Tensor.vector(1, 1, 1), Tensor.zeros(3))),
                image("scale of each element", new Op.Flatten(), new Op.Scale(tensor(168), tensor(168), tensor(168))),
                image("leaky", new Op.LeakyRelu(0.3f)),
                image("clip", new Op.Clip(-0.25f, 0.5f)),
                image("clip above", new Op.Clip(Float.NEGATIVE_INFINITY, 0.5f)),
                image("clip below", new Op.Clip(-0.5f, Float.POSITIVE_INFINITY)),
                image("sigmoid", new Op.Sigmoid()),
                image("tanh", new Op.Tanh()),
                image("rearranged", rearranged(168, backwards, 8, 7, 3), new Op.Relu()),
                image("rearranged with zeros", rearranged(168, padded, 2, 100), new Op.Sigmoid()),
                Arguments.of("rearranged vector", Graph.sequence(Shape.of(3),
                List.of(rearranged(3, new int[] {2, -1, 0, 1}, 4)))),
                image("reshaped", new Op.Reshape(Shape.of(7, 24)), Op.Scale.by(tensor(7), tensor(7)),
                new Op.Reshape(IMAGE)));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("graphs")
    void givenAGraph_whenWritten_thenOnnxRuntimeGivesItsLogitsAndReadingItsFunction(String what, Graph graph)
            throws Exception {
        OnnxWriter.Written written = OnnxWriter.write(graph, Map.of());
        assertEquals(List.of(), written.notes());
        try (OnnxRuntime runtime = OnnxRuntime.of(written.bytes())) {
            runtime.assertSame(graph, 1e-5);
            int size = graph.input().size();
            float[] two = Mlp.values(RANDOM, 2 * size, -1, 1);
            double[] apart = DoubleStream.concat(Arrays.stream(runtime.outputs(Arrays.copyOf(two, size))),
                    Arrays.stream(runtime.outputs(Arrays.copyOfRange(two, size, 2 * size)))).toArray();
            assertArrayEquals(apart, runtime.outputs(two), 1e-5);
        }
        OnnxModel read = OnnxReaderTest.read(written.bytes());
        assertEquals(graph.input(), read.graph().input());
        assertEquals(List.of(), read.notes());
        float[] x = Mlp.values(RANDOM, graph.input().size(), -1, 1);
        assertArrayEquals(DoubleGraph.logits(graph, x), DoubleGraph.logits(read.graph(), x), 1e-12);
        assertEquals(graph.parameters() > 0, read.graph().parameters() > 0 || what.equals("nothing"));
    }

    @Test
    void givenRandomGraphs_whenWrittenAndRead_thenOnnxRuntimeAgrees() throws Exception {
        for (int seed = 0; seed < 40; ++seed) {
            Graph graph = RandomGraph.of(seed);
            byte[] model = OnnxWriter.write(graph, Map.of()).bytes();
            try (OnnxRuntime runtime = OnnxRuntime.of(model)) {
                runtime.assertSame(OnnxReaderTest.read(model).graph(), 1e-5);
            }
        }
    }

    @Test
    void givenANetworkAndMetadata_whenWrittenTwice_thenTheSameBytesAndAllReturns() {
        Op.Conv2d convolution = new Op.Conv2d(tensor(4, 3, 3, 2), tensor(4), windows(2), 1);
        int flat = convolution.outputShape(List.of(IMAGE)).size();
        Graph graph = Graph.sequence(IMAGE, List.of(convolution, new Op.Relu(), new Op.Flatten(),
                Mlp.dense(flat, 2, Mlp.values(RANDOM, 2 * flat, -1, 1), new float[2])));
        Map<String, String> metadata = Map.of("seed", "7", "recipe", "none", "clean_accuracy", "98.1");
        byte[] model = OnnxWriter.write(graph, metadata).bytes();
        assertArrayEquals(model, OnnxWriter.write(graph, metadata).bytes());
        OnnxModel read = OnnxReaderTest.read(model);
        assertEquals(metadata, read.metadata());
        assertEquals(graph.nodes().stream().map(Graph.Node::op).toList(),
                read.graph().nodes().stream().map(Graph.Node::op).toList());
    }

    @Test
    void givenWhatAFileCannotHoldExactly_whenWritten_thenANote() {
        Op norm = new Op.BatchNorm(tensor(3), tensor(3), tensor(3), Tensor.vector(1, 2, 3), 1e-5);
        assertEquals(List.of("the epsilon of a batch normalisation, 1.0E-5, was rounded to the nearest float"),
                OnnxWriter.write(Graph.sequence(Shape.of(3), List.of(norm)), Map.of()).notes());
    }
}
