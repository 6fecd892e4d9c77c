package dev.bulwark.model.io;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.bulwark.model.Op;
import dev.bulwark.model.Tensor;
import dev.bulwark.shapes.Shape;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Tensors under the names that PyTorch gives them, sorted by name as its safetensors library writes them. */
class PytorchNamesTest {

    private static final String ADVICE =
            ": rename the tensors layers.0.weight, layers.0.bias, layers.1.weight, ..., or export the "
            + "network as ONNX";

    @TempDir
    Path folder;

    /** @param tensors {@code name:out x in}, of which all numbers of the k-th are k */
    private StoredNetwork read(String metadata, String... tensors) throws IOException {
        String[] sorted = Arrays.stream(tensors).sorted().toArray(String[]::new);
        StringBuilder header = new StringBuilder("{" + metadata);
        List<Float> values = new ArrayList<>();
        for (String tensor : sorted) {
            String[] words = tensor.split(":");
            int size = Arrays.stream(words[1].split("x")).mapToInt(Integer::parseInt).reduce(1, (a, b) -> a * b);
            header.append(values.isEmpty() ? ""
                    : ",").append("\"%s\":{\"dtype\":\"F32\",\"shape\":[%s],\"data_offsets\":[%d,%d]}".formatted(
                    words[0], words[1].replace("x", ","), 4 * values.size(), 4 * (values.size() + size)));
            for (int k = 0; k < size; ++k) {
                values.add((float) Arrays.asList(tensors).indexOf(tensor));
            }
        }
        float[] floats = new float[values.size()];
        IntStream.range(0, floats.length).forEach(k -> floats[k] = values.get(k));
        return ModelFile.read(Files.write(folder.resolve("m.safetensors"),
                new SafetensorsBytes().header(header + "}").floats(floats).bytes()));
    }

    /** Which of the tensors each layer's weight is. */
    private static String order(StoredNetwork network) {
        return network.graph().nodes().stream().filter(node -> !node.op().constants().isEmpty())
                .map(node -> Integer.toString((int) node.op().constants().get(0).at(0))).collect(Collectors.joining(" "));
    }

    @ParameterizedTest
    @CsvSource({
        "0.weight:4x3 2.weight:4x4 10.weight:2x4, 0 1 2", // 10 behind 2, where the alphabet has it before
        "weight:2x3, 0",
        "fc.weight:4x3 fc2.weight:2x4, 0 1",
        "fc1.weight:4x3 fc10.weight:4x4 fc9.weight:4x4, 0 2 1",
        "layers.0.weight:4x3 layers.2.weight:2x4, 0 1",
        "net.1.linear.weight:4x3 net.0.linear.weight:3x5, 1 0",
        "features.0.weight:6x5 features.2.weight:7x6 classifier.0.weight:2x7, 0 1 2",
        "out.weight:2x7 in.weight:6x5 hidden1.weight:6x6 hidden2.weight:7x6, 1 2 3 0"})
    void givenNamesOfPytorch_whenRead_thenInTheOrderThatNamesAndShapesSay(String tensors, String order) throws IOException {
        StoredNetwork network = read("", tensors.split(" "));
        assertEquals(order, order(network));
        assertEquals(2 * order.split(" ").length - 1, network.graph().nodes().size());
    }

    @Test
    void givenOtherNames_whenRead_thenNotesSayTheOrderAndWhichBiasesAreMissing() throws IOException {
        StoredNetwork network = read("", "fc1.weight:4x3", "fc1.bias:4", "fc2.weight:2x4");
        assertEquals(List.of("layers were taken in the order fc1.weight, fc2.weight, with a ReLU between each two",
                "no bias stands beside fc2.weight: it is 0"), network.notes());
        assertEquals(Tensor.zeros(2), ((Op.Dense) network.graph().nodes().get(2).op()).bias());
        assertEquals(List.of(), read("", "layers.0.weight:4x3", "layers.0.bias:4", "layers.1.weight:2x4",
                "layers.1.bias:2").notes());
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
        "a.weight:4x4 b.weight:4x4|the layers may follow one another as a.weight, b.weight or as b.weight, a.weight",
        "a.weight:4x4 b.weight:5x5|no order of its layers fits their shapes",
        "a.weight:1x1 b.weight:1x1 c.weight:1x1 d.weight:1x1 e.weight:1x1 f.weight:1x1 g.weight:1x1 h.weight:1x1 "
        + "i.weight:1x1"
                + "|its layers have 9 kinds of names"})
    void givenNamesThatSayNoOrder_whenRead_thenRefusedWithWhatToDo(String tensors, String line) {
        String message = assertThrows(ModelException.class, () -> read("", tensors.split(" "))).getMessage();
        assertEquals(folder.resolve("m.safetensors") + ": " + line + ADVICE, message);
    }

    @Test
    void givenConvolutionsOfPytorch_whenRead_thenMetadataSayStrideAndPadding() throws IOException {
        String metadata = "\"__metadata__\":{\"format\":\"pt\",\"input_shape\":\"1,5,5\","
                + "\"features.0.convolution\":\"stride=2 padding=1\"},";
        StoredNetwork network = read(metadata, "features.0.weight:2x1x3x3", "classifier.weight:3x18");
        assertEquals("0 1", order(network));
        assertEquals(Map.of("format", "pt"), network.metadata());
        String message = assertThrows(ModelException.class, () -> read("", "conv.weight:2x1x3x3",
                "fc.weight:3x18")).getMessage();
        assertEquals(folder.resolve("m.safetensors") + ": shape of conv.weight is [2, 1, 3, 3], a convolution's, for "
                + "which __metadata__ lack input_shape, such as \"1,28,28\"; and conv.convolution, such as "
                + "\"stride=1 padding=0\": add them, or export the network as ONNX", message);
        message = assertThrows(ModelException.class, () -> read("\"__metadata__\":{\"input_shape\":\"1,5,5\"},",
                "conv1.weight:2x1x3x3", "conv2.weight:2x2x3x3", "fc.weight:3x18")).getMessage();
        assertEquals(folder.resolve("m.safetensors") + ": shape of conv1.weight is [2, 1, 3, 3], a convolution's, for which "
                + "__metadata__ lack conv1.convolution, conv2.convolution, such as \"stride=1 padding=0\": add them, or export the "
                + "network as ONNX", message);
    }

    /** The layer without a number stands between those that have one: one chain of shapes fits. */
    @Test
    void givenNamesThatInterleave_whenReadWithOneChainOfShapes_thenItIsTaken() throws IOException {
        StoredNetwork network = read("", "c1.weight:5x4", "a.weight:6x5", "c2.weight:7x6", "f1.weight:8x7", "f2.weight:2x8");
        assertEquals(List.of(5, 6, 7, 8, 2), network.graph().nodes().stream().filter(node -> node.op() instanceof Op.Dense)
                .map(node -> ((Op.Dense) node.op()).out()).toList());
        assertEquals("layers were taken in the order c1.weight, a.weight, c2.weight, f1.weight, f2.weight, with a ReLU between "
                + "each two", network.notes().get(0));
        assertTrue(assertThrows(ModelException.class, () -> read("", "c1.weight:5x5", "a.weight:5x5", "c2.weight:7x5", "b.weight:5x7",
                "f1.weight:5x5", "f2.weight:5x5")).getMessage().contains("the layers may follow one another as "));
    }

    @Test
    void givenABatchNormalisation_whenRead_thenItIsNamedAndTheWayOutIsOnnx() throws IOException {
        for (String tensor : List.of("bn.running_mean", "1.num_batches_tracked", "features.4.running_var")) {
            String dtype = tensor.endsWith("tracked") ? "I64" : "F32";
            byte[] file = new SafetensorsBytes().header(("{\"0.weight\":{\"dtype\":\"F32\",\"shape\":[1,2],\"data_offsets\":[0,8]},"
                    + "\"%s\":{\"dtype\":\"%s\",\"shape\":%s,\"data_offsets\":[8,16]}}").formatted(tensor, dtype,
                    dtype.equals("I64") ? "[]" : "[2]")).floats(1, 2, 3, 4).bytes();
            Path stored = Files.write(folder.resolve("bn"), file);
            assertEquals(stored + ": " + tensor + " is a batch normalisation's, which safetensors files can't place: export the "
                    + "network as ONNX, with torch.onnx.export behind network.eval()",
                    assertThrows(ModelException.class, () -> ModelFile.read(stored)).getMessage());
        }
    }

    private Path stored(String dtype, int bytes, ByteBuffer numbers) throws IOException {
        byte[] file = new SafetensorsBytes()
                .header("{\"layers.0.weight\":{\"dtype\":\"%s\",\"shape\":[1,2],\"data_offsets\":[0,%d]}}"
                .formatted(dtype, 2 * bytes)).raw(numbers.array()).bytes();
        return Files.write(folder.resolve(dtype), file);
    }

    @Test
    void givenOtherPrecisions_whenRead_thenTheNearestFloatsAndRoundingIsSaid() throws IOException {
        ByteBuffer brain = ByteBuffer.allocate(4).order(ByteOrder.LITTLE_ENDIAN)
                .putShort((short) 0x3FC0).putShort((short) 0x8001);
        StoredNetwork short16 = ModelFile.read(stored("BF16", 2, brain));
        assertEquals(Precision.BF16, short16.precision());
        assertEquals(Tensor.of(Shape.of(1, 2), 1.5f, -0x1p-133f), weight(short16));
        ByteBuffer doubles = ByteBuffer.allocate(16).order(ByteOrder.LITTLE_ENDIAN).putDouble(0.1).putDouble(2);
        StoredNetwork long64 = ModelFile.read(stored("F64", 8, doubles));
        assertEquals(Tensor.of(Shape.of(1, 2), 0.1f, 2), weight(long64));
        assertEquals("F64 weights were rounded to float once", long64.notes().get(long64.notes().size() - 1));
        Path large = stored("F64", 8, ByteBuffer.allocate(16).order(ByteOrder.LITTLE_ENDIAN).putDouble(1e300).putDouble(2));
        assertEquals(large + ": layers.0.weight holds 1.0E300 at [0, 0], beyond the largest float",
                assertThrows(ModelException.class, () -> ModelFile.read(large)).getMessage());
    }

    private static Tensor weight(StoredNetwork network) {
        return ((Op.Dense) network.graph().nodes().get(0).op()).weight();
    }

    @Test
    void givenEveryShortFloat_whenRounded_thenItStaysAndWhatLiesBetweenGoesToTheNearest() {
        for (int bits = 0; bits <= 0xFFFF; ++bits) {
            float value = Float.intBitsToFloat(bits << 16);
            if (Float.isFinite(value)) {
                assertEquals(value, Precision.BF16.round(value));
            }
        }
        assertEquals(1f, Precision.BF16.round(1 + 0x1p-8f));
        assertEquals(1 + 0x1p-6f, Precision.BF16.round(1 + 0x1p-7f + 0x1p-8f));
        assertEquals(1 + 0x1p-7f, Precision.BF16.round(1 + 0x1.02p-8f));
        assertEquals(Float.POSITIVE_INFINITY, Precision.BF16.round(Float.MAX_VALUE));
    }
}
