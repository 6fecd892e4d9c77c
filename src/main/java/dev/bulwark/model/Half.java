package dev.bulwark.model;

/** IEEE 754 binary16: 1 sign, 5 exponent and 10 fraction bits. Java 17 has no conversion of its own. */
public final class Half {

    /** The largest finite value. */
    public static final float MAX_VALUE = 65504f;

    private static final int INFINITY = 0x7C00;
    private static final int FRACTION = 0x3FF;

    /** How many more fraction bits a float has, and by how much its exponent's bias is larger. */
    private static final int EXTRA_BITS = 13;
    private static final int EXTRA_BIAS = 112;

    private static final float SMALLEST_NORMAL = 0x1p-14f;
    private static final float SUBNORMAL_UNIT = 0x1p-24f;

    private Half() {
    }

    /** The value of {@code half}, exactly: every half is a float. NaN keeps its payload. */
    public static float toFloat(short half) {
        int exponent = half >> 10 & 0x1F;
        int fraction = half & FRACTION;
        int sign = (half & 0x8000) << 16;
        if (exponent == 0) {
            return Float.intBitsToFloat(sign | Float.floatToRawIntBits(fraction * SUBNORMAL_UNIT));
        }
        int widened = exponent == 0x1F ? 0xFF : exponent + EXTRA_BIAS;
        return Float.intBitsToFloat(sign | widened << 23 | fraction << EXTRA_BITS);
    }

    /** The half nearest to {@code value}, ties to even; infinity from 65520 on. NaN keeps the payload's upper bits. */
    public static short fromFloat(float value) {
        int bits = Float.floatToRawIntBits(value);
        int sign = bits >>> 16 & 0x8000;
        return (short) (sign | fromMagnitude(bits & 0x7FFFFFFF));
    }

    private static int fromMagnitude(int bits) {
        float magnitude = Float.intBitsToFloat(bits);
        if (Float.isNaN(magnitude)) {
            int payload = bits >>> EXTRA_BITS & FRACTION;
            return INFINITY | (payload == 0 ? 0x200 : payload);
        }
        if (magnitude < SMALLEST_NORMAL) {
            // The quotient is exact and rint rounds ties to even; 1024 units carry into the smallest normal's bits.
            return (int) Math.rint(magnitude / SUBNORMAL_UNIT);
        }
        // Just under half a unit, or exactly half where the last kept bit is odd; a carry runs into the exponent.
        int rounded = bits + 0xFFF + (bits >>> EXTRA_BITS & 1);
        return Math.min(INFINITY, (rounded >>> EXTRA_BITS) - (EXTRA_BIAS << 10));
    }
}
