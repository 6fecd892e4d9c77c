package dev.bulwark.model.io;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.bulwark.model.Graph;
import dev.bulwark.model.Mlp;
import dev.bulwark.model.Op;
import dev.bulwark.model.Tensor;
import dev.bulwark.shapes.Shape;
import dev.bulwark.shapes.Windows;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.Chars;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;
import net.jqwik.api.constraints.StringLength;
import net.jqwik.api.lifecycle.AfterProperty;
import net.jqwik.api.lifecycle.BeforeProperty;

/** Model files with a piece cut out, put in or replaced: read as networks, or refused in one line. */
class ModelFileProperties {

    private static final int LENGTH = 8;

    private Path folder;
    private Path file;
    private final List<byte[]> wholes = new ArrayList<>();

    @BeforeProperty
    void write() throws IOException {
        folder = Files.createTempDirectory("model");
        file = folder.resolve("m.safetensors");
        Op.Dense first = Mlp.dense(3, 2, new float[] {1, -2, 3, 0, 5, -6}, new float[] {1, 2});
        Op.Dense second = Mlp.dense(2, 2, new float[] {1, 2, -3, 4}, new float[] {0, -1});
        Op.Conv2d convolution = new Op.Conv2d(Tensor.of(Shape.of(2, 1, 2, 2), 1, 2, 3, 4, 5, 6, 7, 8), Tensor.vector(1, -1),
                Windows.square(2, 3, 1), 1);
        for (Graph graph : List.of(Mlp.of(List.of(first, second)), Graph.sequence(Shape.of(1, 2, 2), List.of(convolution,
                new Op.Relu(), new Op.Flatten(), second)))) {
            ModelFile.write(file, graph, Precision.F16, Map.of("preset", "quick"));
            wholes.add(Files.readAllBytes(file));
        }
    }

    @AfterProperty
    void delete() throws IOException {
        Files.delete(file);
        Files.delete(folder);
    }

    @Property(tries = 300)
    void anyBytesPutAnywhere(@ForAll @IntRange(max = 700) int from, @ForAll @IntRange(max = 30) int length,
                             @ForAll @Size(max = 12) byte[] other) throws IOException {
        for (byte[] whole : wholes) {
            int start = Math.min(from, whole.length);
            check(concatenated(Arrays.copyOf(whole, start), other,
                    Arrays.copyOfRange(whole, Math.min(whole.length, start + length), whole.length)));
        }
    }

    /** The header's length is corrected, so that its content is parsed. */
    @Property(tries = 500)
    void anyTextPutIntoTheHeader(@ForAll @IntRange(max = 600) int from, @ForAll @IntRange(max = 12) int length,
                                 @ForAll @StringLength(max = 6) String other) throws IOException {
        for (byte[] whole : wholes) {
            String header = new String(whole, LENGTH, (whole[0] & 0xFF) + 256 * (whole[1] & 0xFF), StandardCharsets.UTF_8);
            int start = Math.min(from, header.length());
            check(withHeader(whole, header,
                    header.substring(0, start) + other + header.substring(Math.min(header.length(), start + length))));
        }
    }

    /** What the metadata say of the convolution, altered: nothing but a network or one line may come of it. */
    @Property(tries = 500)
    void anyTextPutIntoTheConvolutionsWords(@ForAll @IntRange(max = 36) int from, @ForAll @IntRange(max = 8) int length,
                                            @ForAll @StringLength(max = 8) @Chars({'0', '1', '2', '9', '=', ',', ' ', '-'})
                                            String other) throws IOException {
        byte[] whole = wholes.get(1);
        String header = new String(whole, LENGTH, (whole[0] & 0xFF) + 256 * (whole[1] & 0xFF), StandardCharsets.UTF_8);
        int at = header.indexOf("1,2,2") + from;
        check(withHeader(whole, header, header.substring(0, at) + other + header.substring(at + length)));
    }

    private static byte[] withHeader(byte[] whole, String header, String text) {
        byte[] altered = text.getBytes(StandardCharsets.UTF_8);
        return new SafetensorsBytes().length(altered.length).raw(altered)
                .raw(Arrays.copyOfRange(whole, LENGTH + header.length(), whole.length)).bytes();
    }

    private void check(byte[] bytes) throws IOException {
        Files.write(file, bytes);
        try {
            ModelFile.read(file).graph();
        } catch (ModelException e) {
            assertEquals(1, e.getMessage().lines().count(), e.getMessage());
        }
    }

    private static byte[] concatenated(byte[]... parts) {
        SafetensorsBytes bytes = new SafetensorsBytes();
        for (byte[] part : parts) {
            bytes.raw(part);
        }
        return bytes.bytes();
    }
}
