package dev.bulwark.device.cpu;

/** Sums and maxima of float arrays in several chains, none of which waits for another one. */
final class FloatSums {

    private FloatSums() {
    }

    static float sum(float[] values) {
        float a = 0;
        float b = 0;
        float c = 0;
        float d = 0;
        float e = 0;
        float f = 0;
        float g = 0;
        float h = 0;
        int k = 0;
        for (; k + 7 < values.length; k += 8) {
            a += values[k];
            b += values[k + 1];
            c += values[k + 2];
            d += values[k + 3];
            e += values[k + 4];
            f += values[k + 5];
            g += values[k + 6];
            h += values[k + 7];
        }
        for (; k < values.length; ++k) {
            a += values[k];
        }
        return (a + b) + (c + d) + ((e + f) + (g + h));
    }

    /** The largest of numbers that are not negative; NaN where any is NaN. */
    static float largest(float[] values) {
        int a = 0; // bits of floats that are not negative are in the floats' order, NaN above infinity
        int b = 0;
        int c = 0;
        int d = 0;
        int k = 0;
        for (; k + 3 < values.length; k += 4) {
            a = Math.max(a, Float.floatToRawIntBits(values[k]));
            b = Math.max(b, Float.floatToRawIntBits(values[k + 1]));
            c = Math.max(c, Float.floatToRawIntBits(values[k + 2]));
            d = Math.max(d, Float.floatToRawIntBits(values[k + 3]));
        }
        for (; k < values.length; ++k) {
            a = Math.max(a, Float.floatToRawIntBits(values[k]));
        }
        return Float.intBitsToFloat(Math.max(Math.max(a, b), Math.max(c, d)));
    }
}
