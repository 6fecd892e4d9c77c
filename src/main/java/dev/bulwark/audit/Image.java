package dev.bulwark.audit;

import dev.bulwark.files.Sha256;
import java.math.BigDecimal;
import java.nio.ByteBuffer;
import java.security.MessageDigest;

/**
 * An image as its data have it: bytes k, which stand for k / 255 exactly, or floats, which stand for themselves. Channel by
 * channel, row by row.
 */
public final class Image {

    static final int LARGEST = 255;

    private final boolean bytes;
    /** k, or the float. */
    private final float[] values;

    private Image(boolean bytes, float[] values) {
        this.bytes = bytes;
        this.values = values;
    }

    /**
     * @param bytes    whether elements stand for bytes
     * @param elements in [0, 1]; of bytes the floats nearest to k / 255
     */
    public static Image of(boolean bytes, float[] elements) {
        float[] values = elements.clone();
        for (int i = 0; i < values.length; ++i) {
            if (!(values[i] >= 0 && values[i] <= 1)) {
                throw new IllegalArgumentException("element " + i + " is " + values[i] + ", not in [0, 1]");
            }
            values[i] = bytes ? Math.round(values[i] * LARGEST) : values[i];
        }
        return new Image(bytes, values);
    }

    int size() {
        return values.length;
    }

    /** Whether elements are bytes over 255. */
    public boolean isBytes() {
        return bytes;
    }

    /** What element i stands for is this over {@link #denominator}. */
    BigDecimal numerator(int i) {
        return new BigDecimal(values[i]);
    }

    BigDecimal denominator() {
        return bytes ? BigDecimal.valueOf(LARGEST) : BigDecimal.ONE;
    }

    /** SHA-256 of the bytes, or of the floats as big-endian IEEE 754 numbers. */
    public String sha256() {
        MessageDigest digest = Sha256.start();
        ByteBuffer buffer = ByteBuffer.allocate(values.length * (bytes ? 1 : Float.BYTES));
        for (float value : values) {
            if (bytes) {
                buffer.put((byte) value);
            } else {
                buffer.putFloat(value);
            }
        }
        digest.update(buffer.array());
        return Sha256.finish(digest);
    }
}
