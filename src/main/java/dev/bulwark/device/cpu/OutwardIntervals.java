package dev.bulwark.device.cpu;

import dev.bulwark.device.Affine;
import dev.bulwark.device.DeviceBuffer;
import dev.bulwark.device.HostArrays;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;

/**
 * Boxes that hold the real-number network's values. Sums are taken in double, where products of floats are exact; what
 * the sums themselves may be off by is bounded (Higham 2002, section 3.1) and added outward before rounding to float.
 */
final class OutwardIntervals {

    /** Rows of x that share one pass over the weights. */
    private static final int ROWS = 16;
    /** Columns of the weights that may be multiplied at once; inputs are padded to a multiple of it. */
    static final int COLUMNS = 4;
    /** Twice the unit roundoff of double: every count of operations below has a factor of two to spare. */
    private static final double ROUNDOFF = 0x1p-52;

    private final Spans spans;
    private final Workers workers;
    private final IntervalSums sums;

    OutwardIntervals(Spans spans, Workers workers, IntervalSums sums) {
        this.spans = spans;
        this.workers = workers;
        this.sums = sums;
    }

    void box(DeviceBuffer x, long length, float centreError, double epsilon, DeviceBuffer lower, DeviceBuffer upper) {
        spans.apply(length, (s, count) -> {
            for (int i = 0; i < count; ++i) {
                double centre = s[0][i];
                double error = centre * centreError; // a power of two: exact, as are the sums with it
                s[1][i] = Math.max(down(differenceDown(centre - error, epsilon)), 0f);
                s[2][i] = Math.min(up(-differenceDown(-centre - error, epsilon)), 1f);
            }
        }, Spans.Operand.in(x, length), Spans.Operand.out(lower, length), Spans.Operand.out(upper, length));
    }

    /** The greatest double not above {@code a - b}, or the one before: a two-sum recovers what the difference lost. */
    private static double differenceDown(double a, double b) {
        double difference = a - b;
        double back = difference - a;
        double lost = (a - (difference - back)) - (b + back);
        return lost < 0 ? Math.nextDown(difference) : difference;
    }

    /** The greatest float not above {@code value}. */
    static float down(double value) {
        float nearest = (float) value;
        return nearest > value ? Math.nextDown(nearest) : nearest;
    }

    /** The least float not below {@code value}. */
    static float up(double value) {
        float nearest = (float) value;
        return nearest < value ? Math.nextUp(nearest) : nearest;
    }

    void affine(DeviceBuffer lower, DeviceBuffer upper, int rows, Affine layer, DeviceBuffer outLower, DeviceBuffer outUpper) {
        int outputs = sums.outputs();
        Weights weights = Weights.of(layer, outputs);
        int tasks = (rows + ROWS - 1) / ROWS;
        workers.run(tasks, task -> {
            int first = task * ROWS;
            int count = Math.min(ROWS, rows - first);
            Inputs inputs = Inputs.of(lower, upper, first, count, layer.in());
            float[] low = new float[count * layer.out()];
            float[] high = new float[count * layer.out()];
            double[][] centre = new double[count][outputs];
            double[][] radius = new double[count][outputs];
            for (int o = 0; o < layer.out(); o += outputs) {
                int block = Math.min(outputs, layer.out() - o);
                for (int n = 0; n < count; ++n) {
                    System.arraycopy(weights.bias, o, centre[n], 0, outputs);
                    Arrays.fill(radius[n], 0);
                }
                sums.add(weights.tiles[o / outputs], weights.bands.get(o / outputs), inputs, centre, radius);
                for (int n = 0; n < count; ++n) {
                    for (int j = 0; j < block; ++j) {
                        double slack = weights.slack(o + j, inputs.magnitude[n]);
                        float below = down(centre[n][j] - radius[n][j] - slack);
                        float above = up(centre[n][j] + radius[n][j] + slack);
                        boolean known = Float.isFinite(below) && Float.isFinite(above)
                                && !weights.meet(o + j, inputs.unknown[n]);
                        low[n * layer.out() + o + j] = known ? below : Float.NaN;
                        high[n * layer.out() + o + j] = known ? above : Float.NaN;
                    }
                }
            }
            Rows.store(low, outLower, first, layer.out());
            Rows.store(high, outUpper, first, layer.out());
        });
    }

    void margins(DeviceBuffer lower, DeviceBuffer upper, DeviceBuffer labels, int rows, Affine layer, DeviceBuffer margins) {
        float[] w = Rows.load(layer.weight(), 0, layer.out(), layer.in());
        float[] b = Rows.load(layer.bias(), 0, layer.out(), 1);
        int[] y = Rows.loadInts(labels, 0, rows, 1);
        new Rows(workers).run(rows, (first, count) -> {
            Inputs inputs = Inputs.of(lower, upper, first, count, layer.in());
            float[] margin = new float[count * layer.out()];
            for (int n = 0; n < count; ++n) {
                for (int c = 0; c < layer.out(); ++c) {
                    if (c != y[first + n]) {
                        margin[n * layer.out() + c] = margin(w, b, layer.in(), y[first + n], c, inputs, n);
                    }
                }
            }
            Rows.store(margin, margins, first, layer.out());
        });
    }

    /** A lower bound of logit[label] - logit[other] as one affine map of the box of row n. */
    private static float margin(float[] w, float[] b, int in, int label, int other, Inputs inputs, int n) {
        double centre = (double) b[label] - b[other];
        double radius = 0;
        double norm = 0;
        for (int i = 0; i < in; ++i) {
            double difference = (double) w[label * in + i] - w[other * in + i];
            centre += difference * inputs.centre[n * inputs.stride + i];
            radius += Math.abs(difference) * inputs.radius[n * inputs.stride + i];
            norm += Math.abs(difference);
        }
        double slack = Weights.slack(in, norm, inputs.magnitude[n], Math.abs((double) b[label]) + Math.abs(b[other]));
        for (int i : inputs.unknown[n]) {
            if (w[label * in + i] != w[other * in + i]) {
                return Float.NaN;
            }
        }
        float below = down(centre - radius - slack);
        return Math.abs(below) < Float.MAX_VALUE ? below : Float.NaN;
    }

    /**
     * A layer's weights in double, some outputs a tile: {@code tiles[o / outputs][i outputs + o % outputs]}.
     * A tile is read front to back; whole columns would be read in steps that no prefetcher follows. A tile's zeros before and
     * behind its band are left out of the sums, which they would not change.
     *
     * @param rows {@code [out,in]}, as the layer has them
     */
    private record Weights(float[] rows, double[][] tiles, List<Band> bands, double[] bias, double[] norm, int in) {

        static Weights of(Affine layer, int outputs) {
            int in = layer.in();
            float[] w = Rows.load(layer.weight(), 0, layer.out(), in);
            float[] b = Rows.load(layer.bias(), 0, layer.out(), 1);
            double[][] tiles = new double[(layer.out() + outputs - 1) / outputs][
                    HostArrays.length("a tile's weights", padded(in), outputs)];
            double[] bias = new double[tiles.length * outputs];
            double[] norm = new double[layer.out()];
            for (int o = 0; o < layer.out(); ++o) {
                bias[o] = b[o];
                double[] tile = tiles[o / outputs];
                for (int i = 0; i < in; ++i) {
                    double weight = w[o * in + i];
                    tile[i * outputs + o % outputs] = weight;
                    norm[o] += Math.abs(weight);
                }
            }
            return new Weights(w, tiles, Band.of(w, layer.out(), in, outputs), bias, norm, in);
        }

        /** Whether an output depends on any of these columns. */
        boolean meet(int output, int[] columns) {
            for (int i : columns) {
                if (rows[output * in + i] != 0) {
                    return true;
                }
            }
            return false;
        }

        double slack(int output, double magnitude) {
            return slack(in, norm[output], magnitude, Math.abs(bias[output]));
        }

        /**
         * Bound of all rounding in a sum of {@code terms} products whose weights' absolute values sum to {@code norm}
         * and whose other factors are at most {@code magnitude}: centre, radius, their parts' rounding and the norm's.
         */
        static double slack(int terms, double norm, double magnitude, double bias) {
            return 2 * (terms + 8) * ROUNDOFF * (norm * magnitude + bias) + Double.MIN_NORMAL;
        }
    }

    private static int padded(int in) {
        return (in + COLUMNS - 1) / COLUMNS * COLUMNS;
    }

    /**
     * Centres and radii of some rows' boxes, and the largest absolute bound in each row.
     *
     * @param unknown columns of each row whose interval is unknown: they stand as [0, 0] among the others
     * @param stride  elements from row to row; those behind a row's own are zero
     */
    record Inputs(double[] centre, double[] radius, double[] magnitude, int[][] unknown, int stride) {

        private static final int[] NONE = {};

        static Inputs of(DeviceBuffer lower, DeviceBuffer upper, int first, int count, int columns) {
            float[] l = Rows.load(lower, first, count, columns);
            float[] u = Rows.load(upper, first, count, columns);
            int stride = padded(columns);
            double[] centre = new double[count * stride];
            double[] radius = new double[count * stride];
            double[] magnitude = new double[count];
            int[][] unknown = new int[count][];
            for (int n = 0; n < count; ++n) {
                unknown[n] = takeUnknown(l, u, n * columns, columns);
            }
            for (int k = 0; k < l.length; ++k) {
                int n = k / columns;
                centre[n * stride + k % columns] = 0.5 * ((double) u[k] + l[k]);
                radius[n * stride + k % columns] = 0.5 * ((double) u[k] - l[k]);
                magnitude[n] = Math.max(magnitude[n], Math.max(Math.abs(l[k]), Math.abs(u[k])));
            }
            return new Inputs(centre, radius, magnitude, unknown, stride);
        }

        /** The columns of a row that have no finite interval, which becomes [0, 0]. */
        private static int[] takeUnknown(float[] lower, float[] upper, int at, int columns) {
            boolean known = true;
            for (int i = at; i < at + columns; ++i) {
                known &= Float.isFinite(lower[i]) & Float.isFinite(upper[i]);
            }
            if (known) {
                return NONE;
            }
            int[] unknown = IntStream.range(0, columns)
                    .filter(i -> !(Float.isFinite(lower[at + i]) && Float.isFinite(upper[at + i]))).toArray();
            for (int i : unknown) {
                lower[at + i] = 0;
                upper[at + i] = 0;
            }
            return unknown;
        }
    }
}
