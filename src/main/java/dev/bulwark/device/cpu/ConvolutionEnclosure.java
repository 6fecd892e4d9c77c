package dev.bulwark.device.cpu;

import dev.bulwark.device.Backend;
import dev.bulwark.device.Convolution;
import dev.bulwark.device.cpu.ConvolutionBlocks.Geometry;
import java.nio.FloatBuffer;

/**
 * Boxes of one convolution's outputs by two float convolutions and a bound of all their rounding.
 *
 * <p>Let n be the products of a sum, r = (n + 8) 2^-24 and g = r / (1 - r), which is {@link Backend#productError}. Whatever
 * the order of a float sum, fused or not, it is off by at most g times the sum of the products' magnitudes, and is not below
 * 1 - r times its value where no product is negative (Higham 2002, section 3.1).
 * <ul>
 * <li>With a float c near an interval's centre and a radius ρ so that every x in it has |x - c| ≤ ρ, W x lies within
 * |W| ρ of W c.
 * <li>The float convolution C of c lies within g |W| |c| of W c. So with s ≥ ρ + g |c|, W x lies within |W| s of C.
 * <li>The float convolution S of |W| and s is at least (1 - r) |W| s. So |W| s ≤ S / (1 - r) = (1 + g) S.
 * <li>Underflow, gradual or flushed to 0: with M the largest |c| + s, a product is off by at most 2^-126 (1 + M), a subnormal
 * weight taken for 0 included, and an addition by 2^-126, which makes 2^-126 n (2 + M) in C and twice as much in |W| s: less
 * than 2^-120 n (1 + M), which is added. A subnormal c taken for 0 counts 2^-126 |W|; s is {@link #TINY} larger for it.
 * <li>{@code C + b ± ((1 + g) S + 2^-120 n (1 + M))} is taken in double, whose roundings and the last one to float
 * {@link #SLACK} covers.
 * </ul>
 *
 * <p>Zeros that pad an image or a layout take part in no rounding. Overflow leaves C or S infinite or NaN, as an unknown
 * interval does in every output whose window it lies in. Such an output is summed in double, which products of floats fit
 * exactly, and without weights of 0; what is not finite then is unknown.
 */
final class ConvolutionEnclosure {

    /** Floats of an image's input or output, times images, that are in work at a time. */
    private static final int ELEMENTS = 1 << 16;
    private static final int MOST_ROWS = 16;
    private static final double UNDERFLOW = 0x1p-120;
    /** Rounded to float it stays above {@link #UNDERFLOW}. */
    private static final double TINY = 0x1p-119;
    /** Twice a rounding to float, and roundings in double beside it. */
    private static final double UP = 1 + 0x1p-22;
    /** A rounding to float, and roundings in double beside it. */
    private static final double SLACK = 0x1.01p-24;

    private final ConvolutionBlocks blocks;
    private final Geometry g;
    private final float[] weight;
    private final float[] bias;
    private final FloatBuffer weights;
    private final FloatBuffer magnitudes;
    private final double relative;

    /** @throws IllegalArgumentException if an output sums more products than an error is known of */
    ConvolutionEnclosure(ConvolutionBlocks blocks, Convolution layer) {
        this.blocks = blocks;
        this.g = Geometry.of(layer);
        this.weight = Rows.load(layer.weight(), 0, g.weights(), 1);
        this.bias = Rows.load(layer.bias(), 0, g.output().channels(), 1);
        this.weights = CpuMemory.floats(layer.weight());
        this.magnitudes = CpuMemory.scratch(g.weights());
        for (int k = 0; k < weight.length; ++k) {
            magnitudes.put(k, Math.abs(weight[k]));
        }
        this.relative = Backend.productError(g.taps());
    }

    /**
     * Boxes of rows {@code first .. first + count - 1}, some at a time, so that what is in work stays in cache.
     *
     * @param lower    {@code [rows,input]}, as is {@code upper}
     * @param outLower {@code [rows,output]}, as is {@code outUpper}
     */
    void run(FloatBuffer lower, FloatBuffer upper, int first, int count, FloatBuffer outLower, FloatBuffer outUpper) {
        int in = g.input().size();
        int out = g.output().size();
        int most = Math.max(1, Math.min(Math.min(MOST_ROWS, count), ELEMENTS / Math.max(in, out)));
        Block block = new Block(most);
        for (int row = first; row < first + count; row += most) {
            int rows = Math.min(most, first + count - row);
            lower.get(row * in, block.low, 0, rows * in);
            upper.get(row * in, block.high, 0, rows * in);
            block.run(rows);
            outLower.put(row * out, block.outLow, 0, rows * out);
            outUpper.put(row * out, block.outHigh, 0, rows * out);
        }
    }

    /** Some images in work. */
    private final class Block {
        private final int in = g.input().size();
        private final int out = g.output().size();
        private final float[] low;
        private final float[] high;
        private final float[] centre;
        private final float[] spread;
        private final float[] outLow;
        private final float[] outHigh;
        private final FloatBuffer source;
        private final FloatBuffer target;

        Block(int rows) {
            low = new float[rows * in];
            high = new float[rows * in];
            centre = new float[rows * in];
            spread = new float[rows * in];
            outLow = new float[rows * out];
            outHigh = new float[rows * out];
            source = CpuMemory.scratch(rows * in);
            target = CpuMemory.scratch(rows * out);
        }

        void run(int rows) {
            double[] tiny = new double[rows];
            for (int n = 0; n < rows; ++n) {
                tiny[n] = UNDERFLOW * g.taps() * (1 + split(n * in, (n + 1) * in));
            }
            convolve(rows, centre, weights, outLow);
            convolve(rows, spread, magnitudes, outHigh);
            for (int n = 0; n < rows; ++n) {
                for (int o = 0; o < bias.length; ++o) {
                    int from = n * out + o * g.output().area();
                    join(from, from + g.output().area(), bias[o], tiny[n]);
                }
                settle(n);
            }
        }

        /** Centres and spreads; returns the largest finite |c| + s. */
        private double split(int from, int to) {
            double largest = 0;
            for (int k = from; k < to; ++k) {
                double l = low[k];
                double h = high[k];
                float c = (float) (0.5 * (l + h));
                float s = (float) ((Math.max(h - c, c - l) + relative * Math.abs(c)) * UP + TINY);
                centre[k] = c;
                spread[k] = s;
                double reach = (double) Math.abs(c) + s;
                if (reach > largest && reach < Double.POSITIVE_INFINITY) {
                    largest = reach;
                }
            }
            return largest;
        }

        private void convolve(int rows, float[] images, FloatBuffer by, float[] results) {
            source.put(0, images, 0, rows * in);
            blocks.apply(g, rows, source, by, target);
            target.get(0, results, 0, rows * out);
        }

        /** Bounds in the place of C and S. */
        private void join(int from, int to, double constant, double tiny) {
            double above = 1 + relative;
            for (int k = from; k < to; ++k) {
                double middle = outLow[k] + constant;
                double width = outHigh[k] * above + tiny;
                width += SLACK * (Math.abs(middle) + width);
                outLow[k] = (float) (middle - width);
                outHigh[k] = (float) (middle + width);
            }
        }

        /** Gives outputs without two finite bounds those that sums in double have, or none. */
        private void settle(int n) {
            for (int k = n * out; k < (n + 1) * out; ++k) {
                if (!finite(k)) {
                    inDouble(n, k - n * out);
                    if (!finite(k)) {
                        outLow[k] = Float.NaN;
                        outHigh[k] = Float.NaN;
                    }
                }
            }
        }

        private boolean finite(int k) {
            return Math.abs(outLow[k]) <= Float.MAX_VALUE & Math.abs(outHigh[k]) <= Float.MAX_VALUE;
        }

        /** Output k of image n. All roundings together are less than n + 8 times 2^-51 of the magnitudes' sum. */
        private void inDouble(int n, int k) {
            int channel = k / g.output().area();
            double magnitude = Math.abs(bias[channel]);
            double[] sums = {bias[channel], bias[channel], magnitude, magnitude}; // lower, upper, and what went into them
            JavaConvolution.walk(g, channel, k % g.output().area(), (w, input, output) -> {
                if (weight[w] != 0) {
                    double least = (double) weight[w] * (weight[w] > 0 ? low : high)[n * in + input];
                    double most = (double) weight[w] * (weight[w] > 0 ? high : low)[n * in + input];
                    sums[0] += least;
                    sums[1] += most;
                    sums[2] += Math.abs(least);
                    sums[3] += Math.abs(most);
                }
            });
            double roundings = (g.taps() + 8) * 0x1p-51;
            outLow[n * out + k] = OutwardIntervals.down(sums[0] - roundings * sums[2] - Double.MIN_NORMAL);
            outHigh[n * out + k] = OutwardIntervals.up(sums[1] + roundings * sums[3] + Double.MIN_NORMAL);
        }
    }
}
