package dev.bulwark.model.io;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Each way to get the file wrong, and the line it gives. */
class MalformedModelFileTest {

    /** One layer, 2 to 1, from offset 0: the rightful tensors that wrong ones stand beside. */
    private static final String WEIGHT =
            "\"layers.0.weight\":{\"dtype\":\"F32\",\"shape\":[1,2],\"data_offsets\":[0,8]}";
    private static final String BIAS = "\"layers.0.bias\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[8,12]}";

    @TempDir
    Path folder;

    private void assertRefused(String line, byte[] bytes) throws IOException {
        Path file = Files.write(folder.resolve("m.safetensors"), bytes);
        assertEquals(file + ": " + line, assertThrows(ModelException.class, () -> ModelFile.read(file)).getMessage());
    }

    private static Arguments bytes(String line, SafetensorsBytes file) {
        return Arguments.of(line, file.bytes());
    }

    /** A header in front of three numbers, which is what {@link #WEIGHT} and {@link #BIAS} ask for. */
    private static Arguments header(String line, String json) {
        return bytes(line, new SafetensorsBytes().header(json).floats(1, 2, 3));
    }

    private static Arguments tensors(String line, String... tensors) {
        return header(line, "{" + String.join(",", tensors) + "}");
    }

    private static String tensor(String name, String dtype, String shape, String offsets) {
        return "\"%s\":{\"dtype\":\"%s\",\"shape\":%s,\"data_offsets\":%s}".formatted(name, dtype, shape, offsets);
    }

    static Stream<Arguments> lengths() {
        return Stream.of(
                bytes("the file is empty", new SafetensorsBytes()),
                bytes("neither a safetensors nor an ONNX file: it has 7 bytes, the header's length alone takes 8",
                        new SafetensorsBytes().raw(new byte[7])),
                bytes("neither a safetensors nor an ONNX file: the header's length is 0, not 1 to 100000000",
                new SafetensorsBytes().length(0).floats(1)),
                bytes("neither a safetensors nor an ONNX file: the header's length is -1, not 1 to 100000000",
                new SafetensorsBytes().length(-1).floats(1)),
                bytes("neither a safetensors nor an ONNX file: the header's length is 100000001, not 1 to 100000000",
                        new SafetensorsBytes().length(100_000_001)),
                bytes("neither a safetensors nor an ONNX file: the header's length is 9223372036854775807, not 1 to "
                + "100000000",
                        new SafetensorsBytes().length(Long.MAX_VALUE)),
                bytes("the header's length is 100000000, the file has 4 bytes left",
                        new SafetensorsBytes().length(100_000_000).floats(1)));
    }

    static Stream<Arguments> json() {
        return Stream.of(
                header("the header is not JSON near character 8", "nonsense"),
                header("the header is not JSON near character 1", "{"),
                header("the header is not a JSON object", "[1,2]"),
                header("the header is not a JSON object", "   "),
                header("the header goes on after its JSON object", "{" + WEIGHT + "," + BIAS + "} {}"),
                header("the header holds layers.0.bias twice", "{" + BIAS + "," + WEIGHT + "," + BIAS + "}"),
                header("the header holds __metadata__ twice", "{\"__metadata__\":{},\"__metadata__\":{}}"),
                header("__metadata__ is not a JSON object", "{\"__metadata__\":\"a\"}"),
                header("the metadata hold a twice", "{\"__metadata__\":{\"a\":\"1\",\"a\":\"1\"}}"),
                header("metadata seed is 7, not a string", "{\"__metadata__\":{\"seed\":7}}"),
                header("metadata seed is null, not a string", "{\"__metadata__\":{\"seed\":null}}"),
                header("metadata seed is {, not a string", "{\"__metadata__\":{\"seed\":{}}}"),
                bytes("the header is not UTF-8",
                        new SafetensorsBytes().length(4).raw((byte) '{', (byte) '"', (byte) 0xFF, (byte) '"')),
                header("layers.0.bias is not a JSON object", "{\"layers.0.bias\":3}"),
                header("layers.0.bias holds an unknown size", "{\"layers.0.bias\":{\"size\":3}}"),
                header("layers.0.bias holds dtype twice",
                        "{\"layers.0.bias\":{\"dtype\":\"F32\",\"dtype\":\"F32\"}}"),
                header("layers.0.bias lacks its shape",
                        "{\"layers.0.bias\":{\"dtype\":\"F32\",\"data_offsets\":[8,12]}}"),
                header("a??[31mb?c is not a JSON object", "{\"a\\n\\u001b[31mb\\u009bc\":3}"));
    }

    static Stream<Arguments> layouts() {
        return Stream.of(
                tensors("dtype of layers.0.bias is I8, not one of [F32, F16, BF16, F64]",
                        WEIGHT, tensor("layers.0.bias", "I8", "[1]", "[8,9]")),
                tensors("dtype of layers.0.bias is F33, not one of [F32, F16, BF16, F64]",
                        WEIGHT, tensor("layers.0.bias", "F33", "[1]", "[8,12]")),
                tensors("shape of layers.0.bias holds -1, not a positive number",
                        WEIGHT, tensor("layers.0.bias", "F32", "[-1]", "[8,12]")),
                tensors("shape of layers.0.bias holds 0, not a positive number",
                        WEIGHT, tensor("layers.0.bias", "F32", "[0]", "[8,8]")),
                tensors("shape of layers.0.bias is [], a scalar's",
                        WEIGHT, tensor("layers.0.bias", "F32", "[]", "[8,12]")),
                tensors("shape of layers.0.bias is [65536, 65536], more than 2147483647 elements",
                        WEIGHT, tensor("layers.0.bias", "F32", "[65536,65536]", "[8,12]")),
                tensors("shape of layers.0.bias is [4294967296, 4294967296], more than 2147483647 elements",
                        WEIGHT, tensor("layers.0.bias", "F32", "[4294967296,4294967296]", "[8,12]")),
                tensors("shape of layers.0.bias holds 9223372036854775808, not a 64-bit integer",
                        WEIGHT, tensor("layers.0.bias", "F32", "[9223372036854775808]", "[8,12]")),
                tensors("shape of layers.0.bias holds 1.5, not a 64-bit integer",
                        WEIGHT, tensor("layers.0.bias", "F32", "[1.5]", "[8,12]")),
                tensors("shape of layers.0.bias is 1, not a list",
                        WEIGHT, tensor("layers.0.bias", "F32", "1", "[8,12]")),
                tensors("data_offsets of layers.0.bias are [8], not a begin and an end",
                        WEIGHT, tensor("layers.0.bias", "F32", "[1]", "[8]")),
                tensors("layers.0.bias lies at [8, 16], the file holds data at [0, 12]",
                        WEIGHT, tensor("layers.0.bias", "F32", "[1]", "[8,16]")),
                tensors("layers.0.bias lies at [-4, 0], the file holds data at [0, 12]",
                        WEIGHT, tensor("layers.0.bias", "F32", "[1]", "[-4,0]")),
                tensors("layers.0.bias lies at [12, 8], the file holds data at [0, 12]",
                        WEIGHT, tensor("layers.0.bias", "F32", "[1]", "[12,8]")),
                tensors("layers.0.bias lies at [8, 9223372036854775807], the file holds data at [0, 12]",
                        WEIGHT, tensor("layers.0.bias", "F32", "[1]", "[8,9223372036854775807]")),
                tensors("layers.0.bias takes 3 bytes, F32 of shape [1] needs 4",
                        WEIGHT, tensor("layers.0.bias", "F32", "[1]", "[8,11]")),
                tensors("layers.0.bias begins at 4, inside the tensor that ends at 8",
                        WEIGHT, tensor("layers.0.bias", "F32", "[1]", "[4,8]")),
                bytes("layers.0.bias begins at 12, after a hole that begins at 8", new SafetensorsBytes()
                        .header("{" + WEIGHT + "," + tensor("layers.0.bias", "F32", "[1]", "[12,16]") + "}")
                        .floats(1, 2, 3, 4)),
                bytes("the tensors end at 12, the data at 13", new SafetensorsBytes()
                        .header("{" + WEIGHT + "," + BIAS + "}").floats(1, 2, 3).raw((byte) 0)));
    }

    static Stream<Arguments> networks() {
        return Stream.of(
                tensors("the file holds no tensor"),
                tensors("layers.0.weight is missing, though there is layers.0.bias", BIAS),
                tensors("unexpected tensor head.scale: weights and biases of dense layers and convolutions are "
                + "read; export "
                        + "other networks as ONNX", WEIGHT, BIAS, tensor("head.scale", "F32", "[1]", "[12,16]")),
                tensors("shape of head.weight is [1], not of rank 2: export networks of other layers as ONNX",
                        WEIGHT, BIAS, tensor("head.weight", "F32", "[1]", "[12,16]")),
                tensors("layers.00.weight is missing, though there is layers.00.bias",
                        WEIGHT, BIAS, tensor("layers.00.bias", "F32", "[1]", "[12,16]")),
                tensors("layers.0.weight and layers.00.weight have the same number: rename the tensors layers.0.weight, "
                + "layers.0.bias, "
                        + "layers.1.weight, ..., or export the network as ONNX",
                        WEIGHT, BIAS, tensor("layers.00.weight", "F32", "[1,1]", "[12,16]")),
                tensors("layers.0.weight is F32, layers.0.bias is F16",
                        WEIGHT, tensor("layers.0.bias", "F16", "[1]", "[8,10]")),
                tensors("shape of layers.0.weight is [2], not of rank 2: export networks of other layers as ONNX",
                        tensor("layers.0.weight", "F32", "[2]", "[0,8]"), BIAS),
                tensors("shape of layers.0.bias is [1, 1], not of rank 1",
                        WEIGHT, tensor("layers.0.bias", "F32", "[1,1]", "[8,12]")),
                tensors("layers.0.bias of shape [2] doesn't fit layers.0.weight of shape [1, 2]",
                        WEIGHT, tensor("layers.0.bias", "F32", "[2]", "[8,16]")),
                tensors("layers.1.weight of shape [1, 2] doesn't follow layers.0.weight of shape [1, 2]", WEIGHT, BIAS,
                        tensor("layers.1.weight", "F32", "[1,2]", "[12,20]"),
                        tensor("layers.1.bias", "F32", "[1]", "[20,24]")),
                bytes("layers.0.weight holds NaN at [0, 1]", new SafetensorsBytes()
                        .header("{" + WEIGHT + "," + BIAS + "}").floats(1, Float.NaN, 3)),
                bytes("layers.0.bias holds -Infinity at [0]", new SafetensorsBytes()
                        .header("{" + WEIGHT + "," + BIAS + "}").floats(1, 2, Float.NEGATIVE_INFINITY)));
    }

    private static Arguments convolution(String line, String metadata, String... more) {
        return header(line, "{\"__metadata__\":{" + metadata + "},"
                + tensor("layers.0.weight", "F32", "[1,1,1,2]", "[0,8]") + "," + BIAS + String.join("", more) + "}");
    }

    private static Arguments words(String line, String words) {
        return convolution("metadata layers.0.convolution is \"" + words + "\"" + line,
                "\"input_shape\":\"1,2,2\",\"layers.0.convolution\":\"" + words + "\"");
    }

    static Stream<Arguments> convolutions() {
        String form = ", not like \"stride=1 padding=0 dilation=1 groups=1\", of which the last two may be left out; "
                + "stride and dilation may be height,width, padding also top,bottom,left,right";
        return Stream.concat(Stream.of("", "stride=1", "padding=0", "stride=1 padding=0 stride=1", "stride=1 padding=same",
                "stride=1, padding=0", "stride=1 padding=-1", "stride=1;padding=0", "stride=1,1,1 padding=0",
                "stride=1 padding=0,0,0", "stride=1 padding=0 dilation=1,1,1", "stride=1 padding=0 groups=1,1",
                "stride=1000000 padding=0", "stride=1 padding=0 output=1").map(text -> words(form, text)), Stream.of(
                words(": stride must be at least 1: 0", "stride=0 padding=0"),
                words(": dilation must be at least 1: 0", "stride=1 padding=0 dilation=1,0"),
                words(": 1 channels don't fall into 0 groups", "stride=1 padding=0 groups=0"),
                words(": 1 channels don't fall into 2 groups", "stride=1 padding=0 groups=2"),
                convolution("shape of layers.0.weight is [1, 1, 1, 2], a convolution's, for which __metadata__ lack "
                        + "layers.0.convolution, such as \"stride=1 padding=0\": add it, or export the network as ONNX",
                        "\"input_shape\":\"1,2,2\""),
                convolution("shape of layers.0.weight is [1, 1, 1, 2], a convolution's, for which __metadata__ lack input_shape, "
                        + "such as \"1,28,28\": add it, or export the network as ONNX",
                        "\"layers.0.convolution\":\"stride=1 padding=0\""),
                convolution("metadata input_shape is 1x2x2, not a number or \"channels,height,width\"",
                        "\"input_shape\":\"1x2x2\",\"layers.0.convolution\":\"stride=1 padding=0\""),
                convolution("metadata input_shape: a sample of shape [65536, 65536, 2] has more than 2147483647 elements",
                        "\"input_shape\":\"65536,65536,2\",\"layers.0.convolution\":\"stride=1 padding=0\""),
                convolution("layers.0.weight of shape [1, 1, 1, 2] doesn't follow inputs, of shape [4]; groups=1 means 1 "
                + "channels",
                        "\"input_shape\":\"4\",\"layers.0.convolution\":\"stride=1 padding=0\""),
                convolution("layers.0.weight of shape [1, 1, 1, 2] doesn't follow inputs, of shape "
                        + "[2, 2, 2]; groups=1 means 1 channels",
                        "\"input_shape\":\"2,2,2\",\"layers.0.convolution\":\"stride=1 padding=0\""),
                convolution("layers.0.weight: an edge of 1 elements has no room for a window of 2",
                        "\"input_shape\":\"1,2,1\",\"layers.0.convolution\":\"stride=1 padding=0\""),
                convolution("layers.0.weight: a sample of shape [1, 1999999, 2000000] has more than 2147483647 elements",
                        "\"input_shape\":\"1,1,3\",\"layers.0.convolution\":\"stride=1 padding=999999\""),
                convolution("metadata layers.0.conv says nothing of any layer: of a convolution it is called "
                + "layers.0.convolution",
                        "\"input_shape\":\"1,2,2\",\"layers.0.conv\":\"groups=1\",\"layers.0.convolution\":\"stride=1 "
                        + "padding=0\""),
                convolution("metadata layers.00.convolution says nothing of any layer: of a convolution it is called "
                        + "layers.0.convolution", "\"input_shape\":\"1,2,2\","
                        + "\"layers.00.convolution\":\"stride=2 padding=0\",\"layers.0.convolution\":\"stride=1 "
                        + "padding=0\""),
                convolution("metadata layers.1.convolution is for a layer that is not there", "\"input_shape\":\"1,2,2\","
                        + "\"layers.0.convolution\":\"stride=1 padding=0\",\"layers.1.convolution\":\"stride=1 padding=0\""),
                convolution("layers.1.weight of shape [1, 3] doesn't follow layers.0.weight of shape [1, 1, 1, 2], of shape "
                        + "[1, 2, 1]", "\"input_shape\":\"1,2,2\",\"layers.0.convolution\":\"stride=1 padding=0\"",
                        "," + tensor("layers.1.weight", "F32", "[1,3]", "[12,24]"),
                        "," + tensor("layers.1.bias", "F32", "[1]", "[24,28]")),
                tensors("shape of layers.0.weight is [1, 2], not of rank 4",
                        "\"__metadata__\":{\"layers.0.convolution\":\"stride=1 padding=0\"}", WEIGHT, BIAS),
                tensors("layers.0.weight of shape [1, 2] doesn't follow inputs, of shape [3, 1, 1]",
                        "\"__metadata__\":{\"input_shape\":\"3,1,1\"}", WEIGHT, BIAS)));
    }

    @ParameterizedTest
    @MethodSource({"lengths", "json", "layouts", "networks", "convolutions"})
    void givenAFlaw_whenRead_thenItsOwnLine(String line, byte[] bytes) throws IOException {
        assertRefused(line, bytes);
    }

    @Test
    void givenHalfInfinity_whenRead_thenNamedByPosition() throws IOException {
        assertRefused("layers.0.weight holds Infinity at [1, 0]", new SafetensorsBytes()
                .header("{" + tensor("layers.0.weight", "F16", "[2,1]", "[0,4]") + ","
                        + tensor("layers.0.bias", "F16", "[2]", "[4,8]") + "}")
                .halves(0x3C00, 0x7C00, 0, 0).bytes());
    }

    @Test
    void givenNestingWithoutEnd_whenRead_thenRefusedAtTheFirstSurprise() throws IOException {
        String deep = "[".repeat(1_000_000);
        assertRefused("the header is not a JSON object", new SafetensorsBytes().header(deep).bytes());
        assertRefused("shape of a holds [, not a 64-bit integer",
                new SafetensorsBytes().header("{\"a\":{\"shape\":" + deep).bytes());
        assertRefused("metadata a is [, not a string",
                new SafetensorsBytes().header("{\"__metadata__\":{\"a\":" + deep).bytes());
    }

    @Test
    void givenTensorsWithoutEnd_whenRead_thenRefused() throws IOException {
        StringBuilder header = new StringBuilder("{");
        for (int i = 0; i <= 10_000; ++i) {
            header.append(tensor("t" + i, "F32", "[1]", "[0,4]")).append(',');
        }
        assertRefused("the header holds more than 10000 tensors",
                new SafetensorsBytes().header(header.toString()).bytes());
    }

    @Test
    void givenListsWithoutEnd_whenRead_thenRefused() throws IOException {
        assertRefused("shape of a holds more than 8 numbers",
                new SafetensorsBytes().header("{\"a\":{\"shape\":[" + "1,".repeat(1_000_000)).bytes());
        StringBuilder header = new StringBuilder("{\"__metadata__\":{");
        for (int i = 0; i <= 10_000; ++i) {
            header.append('"').append(i).append("\":\"\",");
        }
        assertRefused("the metadata hold more than 10000 strings",
                new SafetensorsBytes().header(header.toString()).bytes());
    }

    @Test
    void givenALongQuotation_whenRefused_thenTheLineIsCut() throws IOException {
        Path file = Files.write(folder.resolve("m.safetensors"),
                new SafetensorsBytes().header("{\"" + "x".repeat(40_000) + "\":1}").bytes());
        String message = assertThrows(ModelException.class, () -> ModelFile.read(file)).getMessage();
        assertTrue(message.endsWith("x ...") && message.length() < 320 + file.toString().length());
    }

    @Test
    void givenAnyPrefixOfAFile_whenRead_thenRefusedWithOneLine() throws IOException {
        byte[] whole = new SafetensorsBytes().header("{" + WEIGHT + "," + BIAS + "}").floats(1, 2, 3).bytes();
        for (int length = 0; length < whole.length; ++length) {
            Path file = Files.write(folder.resolve("m.safetensors"), Arrays.copyOf(whole, length));
            String message = assertThrows(ModelException.class, () -> ModelFile.read(file)).getMessage();
            assertTrue(message.startsWith(file + ": "));
            assertFalse(message.contains("\n"));
        }
    }

    @Test
    void givenNoFile_whenRead_thenSaysSo() {
        Path file = folder.resolve("absent.safetensors");
        assertEquals(file + ": no such file",
                assertThrows(ModelException.class, () -> ModelFile.read(file)).getMessage());
    }

    @Test
    void givenAFolder_whenRead_thenOneLine() {
        String message = assertThrows(ModelException.class, () -> ModelFile.read(folder)).getMessage();
        assertTrue(message.startsWith(folder + ": cannot be read: "), message);
    }

    @Test
    @Timeout(60)
    void givenAPipe_whenRead_thenRefusedAtOnce() throws Exception {
        Path pipe = folder.resolve("pipe.safetensors");
        assumeTrue(new ProcessBuilder("mkfifo", pipe.toString()).start().waitFor() == 0, "no mkfifo here");
        String message = assertThrows(ModelException.class, () -> ModelFile.read(pipe)).getMessage();
        assertTrue(message.startsWith(pipe + ": it is neither a file"), message);
    }
}
