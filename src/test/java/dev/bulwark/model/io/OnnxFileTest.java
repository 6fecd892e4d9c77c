package dev.bulwark.model.io;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.bulwark.model.Op;
import dev.bulwark.model.io.onnx.OnnxBuilder;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import java.util.zip.GZIPOutputStream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** ONNX models in files: under any name, compressed, with weights beside them; and files of other kinds. */
class OnnxFileTest {

    private static final String EXPORT =
            "export the network with torch.onnx.export, as README shows under \"Your own network\"";
    private static final String CONVERT = "convert the network to ONNX with tf2onnx (python -m tf2onnx.convert)";

    @TempDir
    Path folder;

    private static byte[] model() {
        return new OnnxBuilder(13).input(1, 2).weight("w", 2, 3).then("MatMul", OnnxBuilder.of("w")).bytes();
    }

    private static byte[] packed(byte[] bytes) throws IOException {
        ByteArrayOutputStream packed = new ByteArrayOutputStream();
        try (OutputStream out = new GZIPOutputStream(packed)) {
            out.write(bytes);
        }
        return packed.toByteArray();
    }

    private static byte[] zip(String entry) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (ZipOutputStream zip = new ZipOutputStream(bytes)) {
            zip.putNextEntry(new ZipEntry(entry));
        }
        return bytes.toByteArray();
    }

    @Test
    void givenAModelUnderAnyName_whenRead_thenItsGraphPrecisionAndDigest() throws IOException {
        for (String name : List.of("m.onnx", "m.safetensors", "model")) {
            StoredNetwork network = ModelFile.read(Files.write(folder.resolve(name), model()));
            assertEquals(Op.Dense.class, network.graph().nodes().get(0).op().getClass());
            assertEquals(Precision.F32, network.precision());
            assertEquals(List.of(), network.notes());
        }
        StoredNetwork packed = ModelFile.read(Files.write(folder.resolve("m.onnx.gz"), packed(model())));
        assertNotEquals(ModelFile.read(folder.resolve("m.onnx")).sha256(), packed.sha256());
        assertEquals(ModelFile.read(folder.resolve("m.onnx")).graph().nodes().get(0).op(),
                packed.graph().nodes().get(0).op());
    }

    private String refusal(Path file) {
        String message = assertThrows(ModelException.class, () -> ModelFile.read(file)).getMessage();
        assertEquals(file + ": ", message.substring(0, Math.min(message.length(), file.toString().length() + 2)));
        return message.substring(file.toString().length() + 2);
    }

    static Stream<Arguments> foreign() throws IOException {
        byte[] truncated = Arrays.copyOf(model(), 40);
        return Stream.of(
                Arguments.of("the file is empty", new byte[0]),
                Arguments.of("a PyTorch checkpoint of pickled objects: " + EXPORT, zip("archive/data.pkl")),
                Arguments.of("a Keras archive: " + CONVERT, zip("model.weights.h5")),
                Arguments.of("a NumPy archive, not a network: " + EXPORT, zip("x.npy")),
                Arguments.of("a zip archive: unpack it, and name the .onnx or .safetensors file", zip("m.onnx")),
                Arguments.of("a zip archive that is cut off or damaged", Arrays.copyOf(zip("m"), 20)),
                Arguments.of("a Python pickle, as torch.save once wrote them: " + EXPORT,
                latin("\u0080\u0002\u008a\nl\u00fc")),
                Arguments.of("a Python pickle: " + EXPORT, latin("\u0080\u0004\u0095")),
                Arguments.of("an HDF5 file, as Keras saves networks: " + CONVERT, latin("\u0089HDF\r\n\u001a\n")),
                Arguments.of("a NumPy array, not a network: " + EXPORT, latin("\u0093NUMPY\1\0")),
                Arguments.of("a TensorFlow Lite model: " + CONVERT, latin("\34\0\0\0TFL3")),
                Arguments.of("a JSON file, not a network: name a .safetensors or .onnx file", latin("{\"a\": 1}")),
                Arguments.of("a pointer of Git LFS, not the file itself: fetch it with git lfs pull",
                        latin("version https://git-lfs.github.com/spec/v1\noid")),
                Arguments.of("a gzip file that is cut off or damaged", Arrays.copyOf(packed(model()), 30)),
                Arguments.of("a gzip file that holds no ONNX model: unpack it with gunzip", packed(latin("hello"))),
                Arguments.of("not an ONNX model, or one that is cut off or damaged: While parsing a protocol message, the "
                + "input ended "
                        + "unexpectedly in the middle of a field", truncated),
                Arguments.of("neither a safetensors nor an ONNX file: the header's length is 8031924123371070824, not 1 to "
                + "100000000",
                        latin("hello world")));
    }

    private static byte[] latin(String text) {
        return text.getBytes(StandardCharsets.ISO_8859_1);
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("foreign")
    void givenAFileOfAnotherKind_whenRead_thenOneLineSaysWhatItIsAndWhatToDo(String line, byte[] bytes) throws IOException {
        assertEquals(line, refusal(Files.write(folder.resolve("m"), bytes)));
    }

    @Test
    void givenWeightsInAFileBeside_whenRead_thenTheyAreReadAndPartOfTheDigest() throws IOException {
        Path file = Files.write(folder.resolve("m.onnx"), OnnxBuilder.external("weights.bin", 4, 24));
        Path weights = folder.resolve("weights.bin");
        assertEquals("it keeps weights in \"weights.bin\", which is not beside it: copy that file too", refusal(file));
        Files.write(weights, new byte[27]);
        assertEquals("it keeps weights in \"weights.bin\", which has 27 bytes, where it wants 24 from 4 on", refusal(file));
        byte[] bytes = new byte[30];
        bytes[6] = (byte) 0x80;
        bytes[7] = 0x3F;
        Files.write(weights, bytes);
        StoredNetwork network = ModelFile.read(file);
        assertEquals(1, ((Op.Dense) network.graph().nodes().get(0).op()).weight().at(0));
        bytes[29] = 1; // behind the tensor
        Files.write(weights, bytes);
        assertEquals(network.sha256(), ModelFile.read(file).sha256());
        bytes[12] = 1;
        Files.write(weights, bytes);
        assertNotEquals(network.sha256(), ModelFile.read(file).sha256());
    }

    @Test
    void givenWeightsOutsideTheFolder_whenRead_thenRefused() throws IOException {
        Path secret = Files.write(folder.resolve("secret"), new byte[64]);
        Path inner = Files.createDirectory(folder.resolve("inner"));
        Files.createSymbolicLink(inner.resolve("link"), secret);
        for (String location : List.of("../secret", secret.toString(), "link", "", "a/../../secret")) {
            Path file = Files.write(inner.resolve("m.onnx"), OnnxBuilder.external(location, 0, 24));
            assertEquals("it keeps weights in \"" + location + "\", outside its folder: put that file beside it",
                    refusal(file));
        }
        for (Map.Entry<byte[], String> wrong : Map.of(
                OnnxBuilder.external("w", 0, 23),
                "tensor w has 23 bytes in a file beside, and needs 24: the model is damaged",
                OnnxBuilder.external("w", -1, 24),
                "tensor w has the offset \"-1\" in a file beside, no number").entrySet()) {
            assertEquals(wrong.getValue(), refusal(Files.write(inner.resolve("m.onnx"), wrong.getKey())));
        }
    }
}
