package dev.bulwark.data;

import dev.bulwark.shapes.ImageShape;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
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
