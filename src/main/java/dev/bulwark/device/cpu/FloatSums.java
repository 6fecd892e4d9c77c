package dev.bulwark.device.cpu;

/** Sums and maxima of float arrays by halves, which the JIT vectorises; C2 on Java 17 takes floats one by one otherwise. */
final class FloatSums {

    private static final int SCALAR = 32;

    private final float[] halves;
    private final float[] quarters;

    /** @param length of the arrays */
    FloatSums(int length) {
        halves = new float[(length + 1) / 2];
        quarters = new float[(length + 3) / 4];
    }

    float sum(float[] values, int length) {
        float[] from = values;
        float[] to = halves;
        int left = length;
        while (left > SCALAR) {
            int half = left / 2;
            for (int e = 0; e < half; ++e) {
                to[e] = from[e] + from[half + e];
            }
            if (left % 2 == 1) {
                to[half] = from[left - 1];
            }
            left -= half;
            from = to;
            to = to == halves ? quarters : halves;
        }
        float sum = 0;
        for (int e = 0; e < left; ++e) {
            sum += from[e];
        }
        return sum;
    }

    /** NaN where any is NaN. */
    float max(float[] values, int length) {
        float[] from = values;
        float[] to = halves;
        int left = length;
        while (left > SCALAR) {
            int half = left / 2;
            for (int e = 0; e < half; ++e) {
                to[e] = Math.max(from[e], from[half + e]);
            }
            if (left % 2 == 1) {
                to[half] = from[left - 1];
            }
            left -= half;
            from = to;
            to = to == halves ? quarters : halves;
        }
        float max = Float.NEGATIVE_INFINITY;
        for (int e = 0; e < left; ++e) {
            max = Math.max(max, from[e]);
        }
        return max;
    }
}
