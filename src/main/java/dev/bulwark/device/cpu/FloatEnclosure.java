package dev.bulwark.device.cpu;

import dev.bulwark.device.DeviceBuffer;
import dev.bulwark.device.Directed;
import dev.bulwark.device.Enclosure;
import dev.bulwark.device.LinearRelaxations;
import java.nio.FloatBuffer;
import java.util.Arrays;
import java.util.Optional;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;

/**
 * Boxes of an affine map {@code W x + b}, dense or a convolution, over boxes of x, by two float products and a bound of all
 * their rounding.
 *
 * <p>Let n be how many roundings a product of a sum goes through at most, u = (n + 8) 2^-24 and g = u / (1 - u), which is
 * {@link LinearRelaxations#productError}. In whatever order, fused or not, a float sum is off by at most g times the sum of
 * the products' magnitudes, and is not below 1 - u times its value where no product is negative (Higham 2002, section 3.1); with
 * W and with |W|, n may differ. Let c
 * be a float near the box's centre and r not less than its radius from there. The real results lie within |W| r of W c + b.
 * The float product C is off from W c by at most g |W| |c|, so with s = r + g |c| they lie within |W| s of C + b. The float
 * product S of |W| with s is at least (1 - u) |W| s, so that S / (1 - u) = (1 + g) S bounds it. Zeros that pad an image are
 * rounded nowhere. What underflows, flushed to 0 or not, is covered by {@link #UNDERFLOW}: s has it in place of a c that is
 * flushed, and the width has it for every product.
 *
 * <p>A float may overflow on the way where the box does not; the result is then not finite, and sums in double decide, in
 * which products of floats are exact.
 */
final class FloatEnclosure implements Enclosure {

    /** More than twice any number of operations can lose to underflow at one product: 2^-126 each. */
    private static final float UNDERFLOW = 0x1p-120f;
    private static final float SPARE = 1 + 0x1p-21f;
    /** More than a rounding to float, and a few in double before it. */
    private static final double ROUNDING = 0x1.01p-24;

    private final Workers workers;
    private final Map map;
    /** The relative error of sums with W, and with |W|. */
    private final double relative;
    private final double relativeOfWidths;
    private final float[] bias;
    /** Each for one task at a time. */
    private final Queue<Lane> lanes = new ConcurrentLinkedQueue<>();

    /** An affine map, and how to multiply by it. */
    interface Map {

        /** Rows of a product. */
        int rows();

        int inputs();

        int outputs();

        /** Products that an output sums at most. */
        int terms();

        /** How many roundings a product with W goes through at most, on its own or as part of a sum. */
        default int roundings() {
            return terms();
        }

        float bias(int output);

        /** {@code W x}, without b. */
        PreparedProduct products();

        /** {@code |W| x}. */
        PreparedProduct magnitudes();

        /** Has {@code products} told every weight of an output that is not 0, and the input that it multiplies. */
        void walk(int output, Product product);
    }

    /** A weight and the input that it multiplies. */
    interface Product {
        void take(float weight, int input);
    }

    /** The map belongs to this object, which closes its products. */
    FloatEnclosure(Workers workers, Map map) {
        this.workers = workers;
        this.map = map;
        this.relative = LinearRelaxations.productError(map.roundings());
        this.relativeOfWidths = LinearRelaxations.productError(map.terms());
        this.bias = new float[map.outputs()];
        for (int o = 0; o < bias.length; ++o) {
            bias[o] = map.bias(o);
        }
    }

    static float[] magnitudes(float[] weight) {
        float[] magnitudes = new float[weight.length];
        for (int k = 0; k < weight.length; ++k) {
            magnitudes[k] = Math.abs(weight[k]);
        }
        return magnitudes;
    }

    @Override
    public void run(DeviceBuffer lower, DeviceBuffer upper, int rows, DeviceBuffer outLower, DeviceBuffer outUpper) {
        long inputs = (long) rows * map.inputs();
        long outputs = (long) rows * map.outputs();
        Operands operands = new Operands(CpuMemory.floats(lower.require("lower", inputs)),
                CpuMemory.floats(upper.require("upper", inputs)),
                CpuMemory.floatsToWrite(outLower.require("outLower", outputs)),
                CpuMemory.floatsToWrite(outUpper.require("outUpper", outputs)));
        int most = map.rows();
        workers.run((rows + most - 1) / most, task -> {
            Lane lane = Optional.ofNullable(lanes.poll()).orElseGet(Lane::new);
            lane.run(operands, task * most, Math.min(most, rows - task * most));
            lanes.add(lane);
        });
    }

    @Override
    public void close() {
        for (Lane lane = lanes.poll(); lane != null; lane = lanes.poll()) {
            lane.close();
        }
        map.products().close();
        map.magnitudes().close();
    }

    /** Boxes of x and of the results, in which what is not finite at both ends is NaN at both. */
    private record Operands(FloatBuffer low, FloatBuffer high, FloatBuffer outLow, FloatBuffer outHigh) {
    }

    /** A worker's memory: for products, and for one row at a time of all else, which stays in the nearest cache. */
    private final class Lane {

        private final int in = map.inputs();
        private final int out = map.outputs();
        private final PreparedProduct.Lane products = map.products().lane();
        private final PreparedProduct.Lane magnitudes = map.magnitudes().lane();
        private final float[] low = new float[in];
        private final float[] high = new float[in];
        private final float[] centre = new float[in];
        private final float[] spread = new float[in];
        private final float[] middle = new float[out];
        private final float[] width = new float[out];
        private final float[] outLow = new float[out];
        private final float[] outHigh = new float[out];
        /** Of the row that was split last. */
        private float size;

        void run(Operands boxes, int first, int count) {
            float[] sizes = new float[count];
            int[][] unknown = new int[count][];
            for (int n = 0; n < count; ++n) {
                unknown[n] = load(boxes, first + n);
                sizes[n] = size;
                products.x().put(n * in, centre);
                magnitudes.x().put(n * in, spread);
            }
            products.run();
            magnitudes.run();
            for (int n = 0; n < count; ++n) {
                products.y().get(n * out, middle);
                magnitudes.y().get(n * out, width);
                if (!join(sizes[n])) {
                    load(boxes, first + n);
                    decideInDouble();
                }
                if (unknown[n].length > 0) {
                    forget(unknown[n], outLow, outHigh);
                }
                boxes.outLow.put((first + n) * out, outLow);
                boxes.outHigh.put((first + n) * out, outHigh);
            }
        }

        /** A row of x, split; returns its columns that are unknown, which stand as [0, 0]. */
        private int[] load(Operands boxes, int row) {
            boxes.low.get(row * in, low);
            boxes.high.get(row * in, high);
            split();
            if (size < Float.POSITIVE_INFINITY) {
                return CpuOutwardIntervals.NONE;
            }
            int[] unknown = CpuOutwardIntervals.takeUnknown(low, high, 0, in);
            split();
            return unknown;
        }

        /**
         * Centres, and s. In float: each operation is off by at most 2^-24 of its result, and {@link #SPARE} is more than the
         * five of them. Overflow makes s infinite; a bound that is not finite makes c or s so.
         */
        private void split() {
            float error = Directed.up(relative);
            for (int k = 0; k < in; ++k) {
                float c = 0.5f * low[k] + 0.5f * high[k];
                centre[k] = c;
                spread[k] = (Math.max(high[k] - c, c - low[k]) + error * Math.abs(c)) * SPARE + UNDERFLOW;
            }
            size = size();
        }

        /** A bound of the magnitudes in the row: NaN or infinite where c or s is. Four maxima, which don't wait for each other. */
        private float size() {
            float a = 0;
            float b = 0;
            float c = 0;
            float d = 0;
            int k = 0;
            for (; k + 3 < in; k += 4) {
                a = Math.max(a, Math.abs(centre[k]) + spread[k]);
                b = Math.max(b, Math.abs(centre[k + 1]) + spread[k + 1]);
                c = Math.max(c, Math.abs(centre[k + 2]) + spread[k + 2]);
                d = Math.max(d, Math.abs(centre[k + 3]) + spread[k + 3]);
            }
            for (; k < in; ++k) {
                a = Math.max(a, Math.abs(centre[k]) + spread[k]);
            }
            return Math.max(Math.max(a, b), Math.max(c, d));
        }

        /** The row's box from its products; whether it is finite. */
        private boolean join(float size) {
            double grown = (1 + relativeOfWidths) * (1 + 0x1p-50);
            double tiny = (double) UNDERFLOW * map.terms() * (1 + 2.0 * size);
            double reach = 0;
            for (int o = 0; o < out; ++o) {
                double m = (double) middle[o] + bias[o];
                double w = width[o] * grown + tiny;
                double magnitude = Math.abs(m) + w;
                double slack = ROUNDING * magnitude;
                outLow[o] = (float) (m - w - slack);
                outHigh[o] = (float) (m + w + slack);
                reach += magnitude;
            }
            return reach <= Float.MAX_VALUE / 2;
        }

        private void decideInDouble() {
            for (int o = 0; o < out; ++o) {
                if (!(Math.abs(outLow[o]) <= Float.MAX_VALUE && Math.abs(outHigh[o]) <= Float.MAX_VALUE)) {
                    inDouble(o, low, high, outLow, outHigh);
                }
            }
        }

        void close() {
            products.close();
            magnitudes.close();
        }
    }

    /** One output, by sums in double; twice what they can be off by is added. */
    private void inDouble(int output, float[] low, float[] high, float[] outLow, float[] outHigh) {
        double[] sums = {bias[output], bias[output], Math.abs(bias[output])};
        map.walk(output, (w, i) -> {
            double atLow = (double) w * low[i];
            double atHigh = (double) w * high[i];
            sums[0] += Math.min(atLow, atHigh);
            sums[1] += Math.max(atLow, atHigh);
            sums[2] += Math.max(Math.abs(atLow), Math.abs(atHigh));
        });
        double slack = (map.terms() + 8) * 0x1p-51 * sums[2] + Double.MIN_NORMAL;
        float below = Directed.down(sums[0] - slack);
        float above = Directed.up(sums[1] + slack);
        boolean known = Float.isFinite(below) && Float.isFinite(above);
        outLow[output] = known ? below : Float.NaN;
        outHigh[output] = known ? above : Float.NaN;
    }

    /** Leaves both ends of an output unknown wherever one of these inputs has a weight. */
    private void forget(int[] inputs, float[] outLow, float[] outHigh) {
        boolean[] unknown = new boolean[map.inputs()];
        Arrays.stream(inputs).forEach(i -> unknown[i] = true);
        for (int o = 0; o < map.outputs(); ++o) {
            int at = o;
            map.walk(o, (w, i) -> {
                if (unknown[i]) {
                    outLow[at] = Float.NaN;
                    outHigh[at] = Float.NaN;
                }
            });
        }
    }
}
