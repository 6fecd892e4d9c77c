package dev.bulwark.nn;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.bulwark.shapes.Shape;
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
    private static Network tiny() {
        return Network.mlp(List.of(
                new Dense(3, 2, new float[] {1.5f, -2, 0.25f, -0f, 0x1p-24f, -65504}, new float[] {-1, 0.5f}),
                new Dense(2, 1, new float[] {3, -4}, new float[] {0.125f})));
    }

    private static Network random(int seed, int... widths) {
        Random random = new Random(seed);
        Dense[] layers = new Dense[widths.length - 1];
        for (int i = 0; i < layers.length; ++i) {
            layers[i] = new Dense(widths[i], widths[i + 1], gaussians(random, widths[i] * widths[i + 1]),
                    gaussians(random, widths[i + 1]));
        }
        return Network.mlp(List.of(layers));
    }

    private static float[] gaussians(Random random, int count) {
        float[] values = new float[count];
        for (int k = 0; k < count; ++k) {
            values[k] = (float) random.nextGaussian();
        }
        return values;
    }

    private static void assertSame(Network expected, Network actual) {
        assertArrayEquals(expected.widths(), actual.widths());
        assertEquals(expected.layers().size(), actual.layers().size());
        for (int i = 0; i < expected.denseLayers().size(); ++i) {
            assertArrayEquals(bits(expected.denseLayers().get(i).weight()), bits(actual.denseLayers().get(i).weight()));
            assertArrayEquals(bits(expected.denseLayers().get(i).bias()), bits(actual.denseLayers().get(i).bias()));
        }
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
        Network network = random(1, 31, 33, 7, 10);
        Map<String, String> metadata = Map.of("seed", "17", "recipe", "smoothing \"0.25\"\n", "größe", "σ");
        ModelFile.write(file, network, Precision.F32, metadata);
        StoredNetwork stored = ModelFile.read(file);
        assertSame(network, stored.network());
        assertEquals(Precision.F32, stored.precision());
        assertEquals(metadata, stored.metadata());
    }

    @Test
    void givenHalfPrecision_whenWrittenAndRead_thenTheRoundedNetworkReturns() {
        Path file = folder.resolve("m.safetensors");
        Network network = random(2, 31, 33, 10);
        ModelFile.write(file, network, Precision.F16, Map.of());
        StoredNetwork stored = ModelFile.read(file);
        assertSame(ModelFile.roundedToHalf(network), stored.network());
        assertSame(stored.network(), ModelFile.roundedToHalf(stored.network()));
        assertEquals(Precision.F16, stored.precision());
    }

    @Test
    void givenANetwork_whenRoundedToHalf_thenTiesGoToEven() {
        Network network = Network.mlp(List.of(new Dense(2, 1, new float[] {2049, -2051}, new float[] {0x1p-25f})));
        Dense rounded = ModelFile.roundedToHalf(network).denseLayers().get(0);
        assertArrayEquals(new float[] {2048, -2052}, rounded.weight());
        assertArrayEquals(new float[] {0}, rounded.bias());
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
        assertSame(tiny(), stored.network());
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
        Dense layer = ModelFile.read(file).network().denseLayers().get(0);
        assertArrayEquals(bits(new float[] {1, -0x1p-24f, -65504}), bits(layer.weight()));
        assertArrayEquals(bits(new float[] {-0f}), bits(layer.bias()));
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
        assertSame(tiny(), stored.network());
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
        assertSame(tiny(), ModelFile.read(file).network());
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
        Network network = Network.mlp(List.of(new Dense(2, 2, new float[] {1, 2, 3, -65520}, new float[] {0, 0})));
        Path file = folder.resolve("m.safetensors");
        assertEquals("layers.0.weight holds -65520.0 at [1, 1], the largest F16 is 65504.0",
                assertThrows(ArithmeticException.class,
                        () -> ModelFile.write(file, network, Precision.F16, Map.of())).getMessage());
        assertThrows(ArithmeticException.class, () -> ModelFile.roundedToHalf(network));
        assertTrue(filesInFolder().isEmpty());
    }

    @Test
    void givenMoreThanTheFormatHolds_whenWritten_thenThrows() {
        Dense dense = new Dense(4, 2, new float[8], new float[2]);
        Path file = folder.resolve("m.safetensors");
        for (Network network : List.of(
                new Network(Shape.of(4), List.of(dense, new Relu())),
                new Network(Shape.of(1, 2, 2), List.of(dense)),
                new Network(Shape.of(4), List.of(new Relu())))) {
            assertThrows(IllegalArgumentException.class,
                    () -> ModelFile.write(file, network, Precision.F32, Map.of()));
        }
    }

    private List<Path> filesInFolder() throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            return files.toList();
        }
    }
}
