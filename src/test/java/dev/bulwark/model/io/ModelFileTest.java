package dev.bulwark.model.io;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.bulwark.model.Graph;
import dev.bulwark.model.Mlp;
import dev.bulwark.model.Op;
import dev.bulwark.model.Tensor;
import dev.bulwark.shapes.Shape;
import dev.bulwark.shapes.Windows;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ModelFileTest {

    @TempDir
    Path folder;

    /** Two layers, 3 to 2 to 1, by hand: negative weights, a subnormal, a negative zero. */
    private static Graph tiny() {
        return Mlp.of(List.of(
                Mlp.dense(3, 2, new float[] {1.5f, -2, 0.25f, -0f, 0x1p-24f, -65504}, new float[] {-1, 0.5f}),
                Mlp.dense(2, 1, new float[] {3, -4}, new float[] {0.125f})));
    }

    private static Graph random(int seed, int... widths) {
        Random random = new Random(seed);
        Op.Dense[] layers = new Op.Dense[widths.length - 1];
        for (int i = 0; i < layers.length; ++i) {
            layers[i] = Mlp.dense(widths[i], widths[i + 1], gaussians(random, widths[i] * widths[i + 1]),
                    gaussians(random, widths[i + 1]));
        }
        return Mlp.of(List.of(layers));
    }

    private static float[] gaussians(Random random, int count) {
        float[] values = new float[count];
        for (int k = 0; k < count; ++k) {
            values[k] = (float) random.nextGaussian();
        }
        return values;
    }

    private static Op.Dense dense(Graph graph) {
        return (Op.Dense) graph.nodes().get(0).op();
    }

    /** Operations of the same kinds in the same order, with the same bits; a tensor's equals tells the two zeros apart. */
    private static void assertSame(Graph expected, Graph actual) {
        assertEquals(expected.input(), actual.input());
        assertEquals(expected.nodes(), actual.nodes());
    }

    /** Raw bits, so that the two zeros differ. */
    private static int[] bits(float[] values) {
        int[] bits = new int[values.length];
        Arrays.setAll(bits, k -> Float.floatToRawIntBits(values[k]));
        return bits;
    }

    @Test
    void givenFullPrecision_whenWrittenAndRead_thenEveryBitReturns() {
        Path file = folder.resolve("m.safetensors");
        Graph network = random(1, 31, 33, 7, 10);
        Map<String, String> metadata = Map.of("seed", "17", "recipe", "smoothing \"0.25\"\n", "größe", "σ");
        ModelFile.write(file, network, Precision.F32, metadata);
        StoredNetwork stored = ModelFile.read(file);
        assertSame(network, stored.graph());
        assertEquals(Precision.F32, stored.precision());
        assertEquals(metadata, stored.metadata());
    }

    @Test
    void givenHalfPrecision_whenWrittenAndRead_thenTheRoundedNetworkReturns() {
        Path file = folder.resolve("m.safetensors");
        Graph network = random(2, 31, 33, 10);
        ModelFile.write(file, network, Precision.F16, Map.of());
        StoredNetwork stored = ModelFile.read(file);
        assertSame(ModelFile.roundedToHalf(network), stored.graph());
        assertSame(stored.graph(), ModelFile.roundedToHalf(stored.graph()));
        assertEquals(Precision.F16, stored.precision());
    }

    @Test
    void givenANetwork_whenRoundedToHalf_thenTiesGoToEven() {
        Graph network = Mlp.of(List.of(Mlp.dense(2, 1, new float[] {2049, -2051}, new float[] {0x1p-25f})));
        Op.Dense rounded = dense(ModelFile.roundedToHalf(network));
        assertArrayEquals(new float[] {2048, -2052}, rounded.weight().toArray());
        assertArrayEquals(new float[] {0}, rounded.bias().toArray());
    }

    @Test
    void givenHandAssembledBytes_whenRead_thenTheNetworkAndItsDigest() throws Exception {
        byte[] bytes = new SafetensorsBytes()
                .header("""
                        {"__metadata__":{"seed":"3"},\
                        "layers.0.weight":{"dtype":"F32","shape":[2,3],"data_offsets":[0,24]},\
                        "layers.0.bias":{"dtype":"F32","shape":[2],"data_offsets":[24,32]},\
                        "layers.1.weight":{"dtype":"F32","shape":[1,2],"data_offsets":[32,40]},\
                        "layers.1.bias":{"dtype":"F32","shape":[1],"data_offsets":[40,44]}}""")
                .floats(1.5f, -2, 0.25f, -0f, 0x1p-24f, -65504, -1, 0.5f, 3, -4, 0.125f)
                .bytes();
        StoredNetwork stored = ModelFile.read(Files.write(folder.resolve("hand.safetensors"), bytes));
        assertSame(tiny(), stored.graph());
        assertEquals(Map.of("seed", "3"), stored.metadata());
        assertEquals(HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes)), stored.sha256());
    }

    @Test
    void givenHandAssembledHalves_whenRead_thenTheirExactValues() throws IOException {
        byte[] bytes = new SafetensorsBytes()
                .header("""
                        {"layers.0.weight":{"dtype":"F16","shape":[1,3],"data_offsets":[0,6]},\
                        "layers.0.bias":{"dtype":"F16","shape":[1],"data_offsets":[6,8]}}""")
                .halves(0x3C00, 0x8001, 0xFBFF, 0x8000)
                .bytes();
        Path file = Files.write(folder.resolve("hand.safetensors"), bytes);
        Op.Dense layer = dense(ModelFile.read(file).graph());
        assertArrayEquals(bits(new float[] {1, -0x1p-24f, -65504}), bits(layer.weight().toArray()));
        assertArrayEquals(bits(new float[] {-0f}), bits(layer.bias().toArray()));
    }

    /** As the Python library may write it: no padding, no metadata, tensors sorted by name, keys in another order. */
    @Test
    void givenTensorsAndKeysInAnyOrder_whenRead_thenTheSameNetwork() throws IOException {
        byte[] bytes = new SafetensorsBytes()
                .header("""
                        {"layers.1.weight":{"shape":[1,2],"data_offsets":[36,44],"dtype":"F32"},
                         "layers.0.bias":{"data_offsets":[0,8],"dtype":"F32","shape":[2]},
                         "layers.1.bias":{"dtype":"F32","data_offsets":[32,36],"shape":[1]},
                         "layers.0.weight":{"dtype":"F32","shape":[2,3],"data_offsets":[8,32]}}""")
                .floats(-1, 0.5f, 1.5f, -2, 0.25f, -0f, 0x1p-24f, -65504, 0.125f, 3, -4)
                .bytes();
        StoredNetwork stored = ModelFile.read(Files.write(folder.resolve("torch.safetensors"), bytes));
        assertSame(tiny(), stored.graph());
        assertTrue(stored.metadata().isEmpty());
    }

    @Test
    void givenTheSameNetwork_whenWrittenTwice_thenTheSameBytesByTheFormatsLetter() throws IOException {
        Path first = folder.resolve("first.safetensors");
        Path second = folder.resolve("second.safetensors");
        ModelFile.write(first, tiny(), Precision.F16, Map.of("b", "2", "a", "1", "c", "3"));
        ModelFile.write(second, tiny(), Precision.F16, Map.of("c", "3", "a", "1", "b", "2"));
        byte[] bytes = Files.readAllBytes(first);
        assertArrayEquals(bytes, Files.readAllBytes(second));

        int length = (int) ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).getLong();
        assertEquals(0, length % 8);
        assertEquals("""
                {"__metadata__":{"a":"1","b":"2","c":"3"},\
                "layers.0.weight":{"dtype":"F16","shape":[2,3],"data_offsets":[0,12]},\
                "layers.0.bias":{"dtype":"F16","shape":[2],"data_offsets":[12,16]},\
                "layers.1.weight":{"dtype":"F16","shape":[1,2],"data_offsets":[16,20]},\
                "layers.1.bias":{"dtype":"F16","shape":[1],"data_offsets":[20,22]}}""",
                new String(bytes, 8, length, StandardCharsets.UTF_8).stripTrailing());
        assertEquals(8 + length + 22, bytes.length);
    }

    @Test
    void givenAnOlderFile_whenWritten_thenItIsReplacedAndNothingElseIsLeft() throws IOException {
        Path file = Files.writeString(folder.resolve("m.safetensors"), "older");
        ModelFile.write(file, tiny(), Precision.F32, Map.of());
        assertSame(tiny(), ModelFile.read(file).graph());
        assertEquals(List.of(file), filesInFolder());
    }

    @Test
    void givenAFileInPlaceOfTheFolder_whenWritten_thenOneLineNamesTheFile() throws IOException {
        Path file = Files.writeString(folder.resolve("taken"), "").resolve("m.safetensors");
        String message = assertThrows(UncheckedIOException.class,
                () -> ModelFile.write(file, tiny(), Precision.F32, Map.of())).getMessage();
        assertTrue(message.startsWith(file + ": "), message);
        assertFalse(message.contains("\n") || message.contains("Exception"), message);
    }

    @Test
    void givenAWeightBeyondHalf_whenWritten_thenThrowsAndLeavesNoFile() throws IOException {
        Graph network = Mlp.of(List.of(Mlp.dense(2, 2, new float[] {1, 2, 3, -65520}, new float[] {0, 0})));
        Path file = folder.resolve("m.safetensors");
        assertEquals("layers.0.weight holds -65520.0 at [1, 1], the largest F16 is 65504.0",
                assertThrows(ArithmeticException.class,
                        () -> ModelFile.write(file, network, Precision.F16, Map.of())).getMessage());
        assertThrows(ArithmeticException.class, () -> ModelFile.roundedToHalf(network));
        assertTrue(filesInFolder().isEmpty());
    }

    @Test
    void givenMoreThanTheFormatHolds_whenWritten_thenOneLineSaysWhere() throws IOException {
        Op.Dense dense = Mlp.dense(4, 4, new float[16], new float[4]);
        Op.Relu relu = new Op.Relu();
        Op.Scale scale = Op.Scale.by(Tensor.zeros(4), Tensor.zeros(4));
        Graph.Builder residual = new Graph.Builder(Shape.of(4));
        int first = residual.add(dense, Graph.Builder.INPUT);
        residual.add(new Op.Add(), first, residual.add(dense, residual.add(relu, first)));
        Path file = folder.resolve("m.safetensors");
        Map<String, Graph> refused = Map.of(
                "Relu 1", Graph.sequence(Shape.of(4), List.of(new Op.Flatten(), relu, dense)),
                "the end", Graph.sequence(Shape.of(4), List.of(dense, relu)),
                "Dense 1", Graph.sequence(Shape.of(4), List.of(dense, dense)),
                "Scale 2", Graph.sequence(Shape.of(4), List.of(dense, relu, scale, dense)),
                "Add 3", residual.build());
        refused.forEach((where, graph) -> assertEquals(file
                + ": only dense layers and convolutions with a ReLU between each "
                + "two can be stored, which does not hold at " + where + ": ONNX files hold all",
                assertThrows(ModelException.class, () -> ModelFile.write(file, graph, Precision.F32, Map.of()))
                        .getMessage()));
        assertTrue(filesInFolder().isEmpty());
    }

    @Test
    void givenMetadataThatSayHowLayersAreBuilt_whenWritten_thenRefused() {
        for (String key : List.of("input_shape", "layers.3.convolution")) {
            assertThrows(IllegalArgumentException.class, () -> ModelFile.write(folder.resolve("m"), tiny(), Precision.F32,
                    Map.of(key, "1")));
        }
    }

    /** Strides, paddings and dilations of either edge differ, and so do the two convolutions. */
    private static Graph convolutional() {
        Random random = new Random(4);
        Op.Conv2d first = convolution(random, 4, 2,
                new Windows(new Windows.Axis(3, 2, 1, 0, 1), new Windows.Axis(2, 1, 0, 2, 3)), 2);
        Op.Conv2d second = convolution(random, 3, 4, Windows.square(2, 1, 1), 1);
        Shape image = Shape.of(2, 9, 8);
        int flat = second.outputShape(List.of(first.outputShape(List.of(image)))).size();
        return Graph.sequence(image, List.of(first, new Op.Relu(), second, new Op.Relu(), new Op.Flatten(),
                Mlp.dense(flat, 5, gaussians(random, flat * 5), gaussians(random, 5)), new Op.Relu(),
                Mlp.dense(5, 2, gaussians(random, 10), gaussians(random, 2))));
    }

    private static Op.Conv2d convolution(Random random, int channels, int of, Windows windows, int groups) {
        int[] weight = {channels, of / groups, windows.height().kernel(), windows.width().kernel()};
        return new Op.Conv2d(Tensor.of(Shape.of(weight), gaussians(random, Shape.of(weight).size())),
                Tensor.vector(gaussians(random, channels)), windows, groups);
    }

    @Test
    void givenConvolutions_whenWrittenAndRead_thenTheSameGraphReturns() {
        Path file = folder.resolve("m.safetensors");
        Map<String, String> metadata = Map.of("seed", "17");
        ModelFile.write(file, convolutional(), Precision.F32, metadata);
        StoredNetwork stored = ModelFile.read(file);
        assertEquals(kinds(convolutional()), kinds(stored.graph()));
        assertEquals(metadata, stored.metadata());
        ModelFile.write(file, convolutional(), Precision.F16, metadata);
        assertEquals(kinds(ModelFile.roundedToHalf(convolutional())), kinds(ModelFile.read(file).graph()));
    }

    /** Whatever the file calls them. */
    private static List<Op> kinds(Graph graph) {
        return graph.nodes().stream().map(Graph.Node::op).toList();
    }

    @Test
    void givenAFlatteningAnywhere_whenWrittenAndRead_thenItIsBackWhereAVectorIsNeeded() {
        Path file = folder.resolve("m.safetensors");
        Op.Conv2d one = convolution(new Random(1), 3, 1, Windows.square(2, 2), 1);
        Op.Dense dense = Mlp.dense(12, 2, new float[24], new float[2]);
        Shape image = Shape.of(1, 4, 4);
        ModelFile.write(file, Graph.sequence(image, List.of(one, new Op.Flatten(), new Op.Relu(), dense)), Precision.F32,
                Map.of());
        assertEquals(List.of(one, new Op.Relu(), new Op.Flatten(), dense), kinds(ModelFile.read(file).graph()));
        ModelFile.write(file, Graph.sequence(image, List.of(one, new Op.Flatten())), Precision.F32, Map.of());
        assertEquals(List.of(one, new Op.Flatten()), kinds(ModelFile.read(file).graph()));
        ModelFile.write(file, Graph.sequence(Shape.of(3, 2, 2), List.of(new Op.Flatten(), dense)), Precision.F32, Map.of());
        Graph graph = ModelFile.read(file).graph();
        assertEquals(List.of(new Op.Flatten(), dense), kinds(graph));
        assertEquals(Shape.of(3, 2, 2), graph.input());
    }

    /** 2 channels of 2 x 1 windows over 1 x 3 x 2 pixels, with a row of zeros above: three windows a column. */
    @Test
    void givenHandAssembledConvolution_whenRead_thenItsGeometry() throws IOException {
        for (String text : List.of("stride=1 padding=1,0,0,0 dilation=1 groups=1", "padding=1,0,0,0 stride=1,1",
                " groups=1  stride=1 padding=1,0,0,0")) {
            byte[] bytes = new SafetensorsBytes()
                    .header("""
                            {"__metadata__":{"input_shape":"1,3,2","layers.0.convolution":"%s"},\
                            "layers.0.weight":{"dtype":"F32","shape":[2,1,2,1],"data_offsets":[0,16]},\
                            "layers.0.bias":{"dtype":"F32","shape":[2],"data_offsets":[16,24]},\
                            "layers.1.weight":{"dtype":"F32","shape":[1,12],"data_offsets":[24,72]},\
                            "layers.1.bias":{"dtype":"F32","shape":[1],"data_offsets":[72,76]}}""".formatted(text))
                    .floats(1, 2, -3, 4, 5, 6).floats(new float[13]).bytes();
            StoredNetwork stored = ModelFile.read(Files.write(folder.resolve("hand.safetensors"), bytes));
            assertEquals(new Op.Conv2d(Tensor.of(Shape.of(2, 1, 2, 1), 1, 2, -3, 4), Tensor.vector(5, 6),
                    new Windows(new Windows.Axis(2, 1, 1, 0, 1), new Windows.Axis(1, 1, 0, 0, 1)), 1),
                    stored.graph().nodes().get(0).op());
            assertTrue(stored.metadata().isEmpty());
        }
    }

    @Test
    void givenAConvolution_whenWritten_thenMetadataSayInPlainWordsWhatItIs() throws IOException {
        Path file = folder.resolve("m.safetensors");
        ModelFile.write(file, convolutional(), Precision.F16, Map.of());
        String header = new String(Files.readAllBytes(file), StandardCharsets.ISO_8859_1);
        assertTrue(header.contains("""
                {"__metadata__":{"input_shape":"2,9,8",\
                "layers.0.convolution":"stride=2,1 padding=1,0,0,2 dilation=1,3 groups=2",\
                "layers.1.convolution":"stride=1 padding=1"},\
                "layers.0.weight":{"dtype":"F16","shape":[4,1,3,2],"""), header.substring(0, 400));
    }

    private List<Path> filesInFolder() throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            return files.toList();
        }
    }
}
