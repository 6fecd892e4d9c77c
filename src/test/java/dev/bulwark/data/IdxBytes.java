package dev.bulwark.data;

import dev.bulwark.shapes.ImageShape;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.zip.GZIPOutputStream;

/** Well-formed IDX content for tests to write, and to spoil. */
final class IdxBytes {

    static final int IMAGE = 28 * 28;

    private IdxBytes() {
    }

    /** {@code count} images whose pixel {@code k} is {@code 7 k mod 256}, counted through all images. */
    static byte[] images(int count) {
        ByteBuffer file = ByteBuffer.allocate(16 + count * IMAGE);
        file.putInt(0x0803).putInt(count).putInt(28).putInt(28);
        for (int k = 0; k < count * IMAGE; ++k) {
            file.put((byte) (7 * k));
        }
        return file.array();
    }

    /** {@code count} images of a shape, in three dimensions where they are grey, else in four. */
    static byte[] images(int count, ImageShape shape, byte[] pixels) {
        boolean grey = shape.channels() == 1;
        ByteBuffer file = ByteBuffer.allocate((grey ? 16 : 20) + pixels.length);
        file.putInt(grey ? 0x0803 : 0x0804).putInt(count);
        if (!grey) {
            file.putInt(shape.channels());
        }
        return file.putInt(shape.height()).putInt(shape.width()).put(pixels).array();
    }

    /** {@code count} labels: 0, 1, ... 9, 0, 1, ... */
    static byte[] labels(int count) {
        ByteBuffer file = ByteBuffer.allocate(8 + count);
        file.putInt(0x0801).putInt(count);
        for (int k = 0; k < count; ++k) {
            file.put((byte) (k % 10));
        }
        return file.array();
    }

    /** {@code content} with the big-endian 32-bit number at {@code offset} replaced. */
    static byte[] withInt(byte[] content, int offset, int value) {
        byte[] changed = content.clone();
        ByteBuffer.wrap(changed).putInt(offset, value);
        return changed;
    }

    static byte[] withByte(byte[] content, int offset, int value) {
        byte[] changed = content.clone();
        changed[offset] = (byte) value;
        return changed;
    }

    /** The first {@code length} bytes, or all of them followed by zeros. */
    static byte[] resized(byte[] content, int length) {
        return Arrays.copyOf(content, length);
    }

    static byte[] concatenated(byte[] first, byte[] second) {
        byte[] both = Arrays.copyOf(first, first.length + second.length);
        System.arraycopy(second, 0, both, first.length, second.length);
        return both;
    }

    static byte[] gzip(byte[] content) {
        ByteArrayOutputStream packed = new ByteArrayOutputStream();
        try (GZIPOutputStream out = new GZIPOutputStream(packed)) {
            out.write(content);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return packed.toByteArray();
    }
}
