package dev.bulwark.data;

import dev.bulwark.shapes.ImageShape;
import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/** The bytes of {@code .npy} files of float32, little-endian and row by row (format 1.0), as NumPy and {@code --data} read them. */
public final class NpyFloats {

    /** Bytes of every header, whatever the shape, so that one can be written when the number of elements is known. */
    public static final int HEADER = 128;
    private static final int BEFORE_TEXT = 10;

    private NpyFloats() {
    }

    /** The header of images {@code [count,channels,height,width]}. */
    public static ByteBuffer header(int count, ImageShape shape) {
        return header(count, shape.channels(), shape.height(), shape.width());
    }

    /** The whole file of one image, {@code [channels,height,width]}. */
    public static byte[] file(float[] image, ImageShape shape) {
        ByteBuffer file = ByteBuffer.allocate(HEADER + image.length * Float.BYTES);
        return file.put(header(shape.channels(), shape.height(), shape.width())).put(body(image)).array();
    }

    /** Elements as they stand behind a header. */
    public static ByteBuffer body(float[] elements) {
        ByteBuffer body = ByteBuffer.allocate(elements.length * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
        body.asFloatBuffer().put(elements);
        return body;
    }

    /**
     * Images of an array {@code [count,channels,height,width]} of float32, or of one image {@code [channels,height,width]}.
     *
     * @throws DataException if it is none of images of this shape
     */
    public static List<float[]> read(Path file, ImageShape shape) throws IOException {
        NpyArray array;
        try (InputStream content = new BufferedInputStream(Files.newInputStream(file))) {
            array = NpyArray.read(content, file.toString(), Files.size(file));
        } catch (NoSuchFileException e) {
            throw new DataException(file + ": no such file");
        }
        int count = array.rank() == 4 ? array.size(0) : 1;
        int first = array.rank() - 3;
        int size = shape.size();
        if (first != 0 && first != 1 || array.size(first) != shape.channels() || array.size(first + 1) != shape.height()
                || array.size(first + 2) != shape.width() || !array.type().equals("float32") || array.stride(array.rank() - 1) != 1) {
            throw new DataException(file + ": holds " + array.words() + " of " + array.type() + ", not images " + shape
                    + " of float32, row by row, as an attack keeps them");
        }
        return IntStream.range(0, count).mapToObj(n -> {
            float[] image = new float[size];
            for (int k = 0; k < size; ++k) {
                image[k] = (float) array.real(n * size + k);
            }
            return image;
        }).toList();
    }

    private static ByteBuffer header(int... shape) {
        String text = "{'descr': '<f4', 'fortran_order': False, 'shape': ("
                + IntStream.of(shape).mapToObj(String::valueOf).collect(Collectors.joining(", ")) + "), }";
        byte[] padded = new byte[HEADER - BEFORE_TEXT];
        Arrays.fill(padded, (byte) ' ');
        byte[] ascii = text.getBytes(StandardCharsets.US_ASCII);
        System.arraycopy(ascii, 0, padded, 0, ascii.length);
        padded[padded.length - 1] = '\n';
        return ByteBuffer.allocate(HEADER).order(ByteOrder.LITTLE_ENDIAN).put(NpyArray.MAGIC).put((byte) 1).put((byte) 0)
                .putShort((short) padded.length).put(padded).flip();
    }
}
