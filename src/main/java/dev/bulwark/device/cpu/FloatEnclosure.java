package dev.bulwark.device.cpu;

import dev.bulwark.device.LinearRelaxations;
import java.nio.FloatBuffer;
import java.util.Arrays;

/**
 * Boxes of an affine map {@code W x + b}, dense or a convolution, over boxes of x, by two float products and a bound of all
 * their rounding.
 *
 * <p>Let n be the products that an output sums, u = (n + 8) 2^-24 and g = u / (1 - u), which is
 * {@link LinearRelaxations#productError}. In whatever order, fused or not, a float sum is off by at most g times the sum of
 * the products' magnitudes, and is not below 1 - u times its value where no product is negative (Higham 2002, section 3.1). Let c
 * be a float near the box's centre and r not less than its radius from there. The real results lie within |W| r of W c + b.
 * The float product C is off from W c by at most g |W| |c|, so with s = r + g |c| they lie within |W| s of C + b. The float
 * product S of |W| with s is at least (1 - u) |W| s, so that S / (1 - u) = (1 + g) S bounds it. Zeros that pad an image are
 * rounded nowhere. What underflows, flushed to 0 or not, is covered by {@link #UNDERFLOW}: s has it in place of a c that is
 * flushed, and the width has it for every product.
 *
 * <p>A float may overflow on the way where the box does not; the result is then not finite, and sums in double decide, in
 * which products of floats are exact.
 */
final class FloatEnclosure {

    /** More than twice any number of operations can lose to underflow at one product: 2^-126 each. */
    private static final float UNDERFLOW = 0x1p-120f;
    private static final float SPARE = 1 + 0x1p-21f;
    /** More than a rounding to float, and a few in double before it. */
    private static final double ROUNDING = 0x1.01p-24;

    private final Map map;
    private final double relative;

    /** An affine map, and how to multiply by it. */
    interface Map {

        /** Rows that are in work at a time, at most. */
        int rows();

        int inputs();

        int outputs();

        /** Products that an output sums at most. */
        int terms();

        float bias(int output);

        /**
         * {@code y = W x}, or {@code |W| x}, without b. A row's result depends on no other and not on their number.
         *
         * @param count rows that matter of x {@code [rows(),inputs]} and y {@code [rows(),outputs]}
         */
        void multiply(int count, FloatBuffer x, boolean magnitudes, FloatBuffer y);

        /** Has {@code products} told every weight of an output that is not 0, and the input that it multiplies. */
        void walk(int output, Product products);
    }

    /** A weight and the input that it multiplies. */
    interface Product {
        void take(float weight, int input);
    }

    /** A worker's memory. */
    static final class Scratch {

        private FloatBuffer inputs = CpuMemory.scratch(0);
        private FloatBuffer outputs = CpuMemory.scratch(0);
        private float[] centre = {};
        private float[] spread = {};
        private float[] middle = {};
        private float[] width = {};

        private void reserve(Map map) {
            int inputLength = map.rows() * map.inputs();
            int outputLength = map.rows() * map.outputs();
            if (centre.length < inputLength) {
                inputs = CpuMemory.scratch(inputLength);
                centre = new float[inputLength];
                spread = new float[inputLength];
            }
            if (middle.length < outputLength) {
                outputs = CpuMemory.scratch(outputLength);
                middle = new float[outputLength];
                width = new float[outputLength];
            }
        }
    }

    FloatEnclosure(Map map) {
        this.map = map;
        this.relative = LinearRelaxations.productError(map.terms());
    }

    /**
     * The boxes of at most {@link Map#rows} rows. Where one is not finite at both ends it is NaN at both.
     *
     * @param low    {@code [rows,inputs]}, as is high; finite
     * @param outLow {@code [rows,outputs]}, as is outHigh
     */
    void run(int rows, float[] low, float[] high, Scratch scratch, float[] outLow, float[] outHigh) {
        int in = map.inputs();
        int out = map.outputs();
        scratch.reserve(map);
        float[] largest = new float[rows];
        for (int n = 0; n < rows; ++n) {
            largest[n] = split(low, high, n * in, in, scratch);
        }
        multiply(rows, scratch.centre, false, scratch, scratch.middle);
        multiply(rows, scratch.spread, true, scratch, scratch.width);
        float[] bias = new float[out];
        for (int o = 0; o < out; ++o) {
            bias[o] = map.bias(o);
        }
        double grown = (1 + relative) * (1 + 0x1p-50);
        for (int n = 0; n < rows; ++n) {
            double tiny = (double) UNDERFLOW * map.terms() * (1 + 2.0 * largest[n]);
            for (int o = 0, k = n * out; o < out; ++o, ++k) {
                double middle = (double) scratch.middle[k] + bias[o];
                double width = scratch.width[k] * grown + tiny;
                double slack = ROUNDING * (Math.abs(middle) + width);
                outLow[k] = (float) (middle - width - slack);
                outHigh[k] = (float) (middle + width + slack);
            }
            for (int o = 0, k = n * out; o < out; ++o, ++k) {
                if (!(Math.abs(outLow[k]) <= Float.MAX_VALUE && Math.abs(outHigh[k]) <= Float.MAX_VALUE)) {
                    inDouble(o, low, high, n * in, k, outLow, outHigh);
                }
            }
        }
    }

    /**
     * Centres, and s. In float: each operation is off by at most 2^-24 of its result, and {@link #SPARE} is more than the five
     * of them. Overflow makes s infinite. Returns a bound of the magnitudes in the row.
     */
    private float split(float[] low, float[] high, int from, int count, Scratch scratch) {
        float[] centre = scratch.centre;
        float[] spread = scratch.spread;
        float error = CpuOutwardIntervals.up(relative);
        for (int k = from; k < from + count; ++k) {
            float c = 0.5f * low[k] + 0.5f * high[k];
            centre[k] = c;
            spread[k] = (Math.max(high[k] - c, c - low[k]) + error * Math.abs(c)) * SPARE + UNDERFLOW;
        }
        float largest = 0;
        for (int k = from; k < from + count; ++k) {
            float magnitude = Math.abs(centre[k]) + spread[k];
            largest = magnitude > largest ? magnitude : largest;
        }
        return largest;
    }

    private void multiply(int rows, float[] x, boolean magnitudes, Scratch scratch, float[] y) {
        scratch.inputs.put(0, x, 0, rows * map.inputs());
        map.multiply(rows, scratch.inputs, magnitudes, scratch.outputs); // whatever is left in the other rows
        scratch.outputs.get(0, y, 0, rows * map.outputs());
    }

    /** One output, by sums in double; twice what they can be off by is added. */
    private void inDouble(int output, float[] low, float[] high, int from, int to, float[] outLow, float[] outHigh) {
        float bias = map.bias(output);
        double[] sums = {bias, bias, Math.abs(bias)};
        map.walk(output, (w, i) -> {
            double atLow = (double) w * low[from + i];
            double atHigh = (double) w * high[from + i];
            sums[0] += Math.min(atLow, atHigh);
            sums[1] += Math.max(atLow, atHigh);
            sums[2] += Math.max(Math.abs(atLow), Math.abs(atHigh));
        });
        double slack = (map.terms() + 8) * 0x1p-51 * sums[2] + Double.MIN_NORMAL;
        float below = CpuOutwardIntervals.down(sums[0] - slack);
        float above = CpuOutwardIntervals.up(sums[1] + slack);
        boolean known = Float.isFinite(below) && Float.isFinite(above);
        outLow[to] = known ? below : Float.NaN;
        outHigh[to] = known ? above : Float.NaN;
    }

    /** Leaves both ends of an output unknown wherever one of these inputs has a weight. */
    void forget(int[] inputs, int to, float[] outLow, float[] outHigh) {
        boolean[] unknown = new boolean[map.inputs()];
        Arrays.stream(inputs).forEach(i -> unknown[i] = true);
        for (int o = 0; o < map.outputs(); ++o) {
            int at = to + o;
            map.walk(o, (w, i) -> {
                if (unknown[i]) {
                    outLow[at] = Float.NaN;
                    outHigh[at] = Float.NaN;
                }
            });
        }
    }
}
