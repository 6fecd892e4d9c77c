package dev.bulwark.model.io;

import dev.bulwark.model.Half;
import java.io.DataInput;
import java.io.DataOutput;
import java.io.IOException;

/** How a model file stores a number. The names are the format's own. */
public enum Precision {

    F32(Float.BYTES, Float.MAX_VALUE) {
        @Override
        float read(DataInput in) throws IOException {
            return Float.intBitsToFloat(Integer.reverseBytes(in.readInt()));
        }

        @Override
        void write(float value, DataOutput out) throws IOException {
            out.writeInt(Integer.reverseBytes(Float.floatToRawIntBits(value)));
        }

        @Override
        public float round(float value) {
            return value;
        }
    },

    F16(Short.BYTES, Half.MAX_VALUE) {
        @Override
        float read(DataInput in) throws IOException {
            return Half.toFloat(Short.reverseBytes(in.readShort()));
        }

        @Override
        void write(float value, DataOutput out) throws IOException {
            out.writeShort(Short.reverseBytes(Half.fromFloat(value)));
        }

        @Override
        public float round(float value) {
            return Half.toFloat(Half.fromFloat(value));
        }
    };

    private final int bytes;
    private final float largest;

    Precision(int bytes, float largest) {
        this.bytes = bytes;
        this.largest = largest;
    }

    /** Bytes per number. */
    public int bytes() {
        return bytes;
    }

    /** The largest finite number. */
    public float largest() {
        return largest;
    }

    /** The stored number nearest to {@code value}, ties to even; infinite where {@code value} is out of range. */
    public abstract float round(float value);

    abstract float read(DataInput littleEndian) throws IOException;

    abstract void write(float value, DataOutput littleEndian) throws IOException;
}
