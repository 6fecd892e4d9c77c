package dev.bulwark.model.io;

import dev.bulwark.model.Half;
import java.io.DataInput;
import java.io.DataOutput;
import java.io.IOException;

/** How a model file stores a number. The names are the format's own. */
public enum Precision {

    F32(Float.BYTES, Float.MAX_VALUE) {
        @Override
        double read(DataInput in) throws IOException {
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
        double read(DataInput in) throws IOException {
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
    },

    /** The upper half of a float's bits. */
    BF16(Short.BYTES, 0x1.FEp127f) {
        @Override
        double read(DataInput in) throws IOException {
            return Float.intBitsToFloat(Short.reverseBytes(in.readShort()) << 16);
        }

        @Override
        void write(float value, DataOutput out) throws IOException {
            out.writeShort(Short.reverseBytes((short) (Float.floatToRawIntBits(round(value)) >>> 16)));
        }

        @Override
        public float round(float value) {
            if (!Float.isFinite(value)) {
                return value;
            }
            int bits = Float.floatToRawIntBits(value);
            return Float.intBitsToFloat(bits + 0x7FFF + (bits >>> 16 & 1) & 0xFFFF0000);
        }
    },

    /** Rounded to float where it is read. */
    F64(Double.BYTES, Float.MAX_VALUE) {
        @Override
        double read(DataInput in) throws IOException {
            return Double.longBitsToDouble(Long.reverseBytes(in.readLong()));
        }

        @Override
        void write(float value, DataOutput out) throws IOException {
            out.writeLong(Long.reverseBytes(Double.doubleToRawLongBits(value)));
        }

        @Override
        public float round(float value) {
            return value;
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

    /** The largest finite number that is a float too. */
    public float largest() {
        return largest;
    }

    /** The stored number nearest to {@code value}, ties to even; infinite where {@code value} is out of range. */
    public abstract float round(float value);

    abstract double read(DataInput littleEndian) throws IOException;

    abstract void write(float value, DataOutput littleEndian) throws IOException;
}
