package dev.bulwark.device.cpu;

import dev.bulwark.device.Affine;
import dev.bulwark.device.DeviceBuffer;
import java.util.Arrays;

/**
 * Boxes that hold the real-number network's values. Sums are taken in double, where products of floats are exact; what
 * the sums themselves may be off by is bounded (Higham 2002, section 3.1) and added outward before rounding to float.
 */
final class OutwardIntervals {

    /** Rows of x that share one pass over the weights. */
    private static final int ROWS = 16;
    /** Outputs whose sums for all {@link #ROWS} stay in the first-level cache. */
    private static final int OUTPUTS = 128;
    /** Twice the unit roundoff of double: every count of operations below has a factor of two to spare. */
    private static final double ROUNDOFF = 0x1p-52;

    private final Spans spans;
    private final Workers workers;

    OutwardIntervals(Spans spans, Workers workers) {
        this.spans = spans;
        this.workers = workers;
    }

    void box(DeviceBuffer x, long length, double epsilon, DeviceBuffer lower, DeviceBuffer upper) {
        double atLeast = Math.nextUp(epsilon); // the double may lie half a unit below the number meant
        spans.apply(length, (s, count) -> {
            for (int i = 0; i < count; ++i) {
                s[1][i] = Math.max(down(Math.nextDown(s[0][i] - atLeast)), 0f);
                s[2][i] = Math.min(up(Math.nextUp(s[0][i] + atLeast)), 1f);
            }
        }, Spans.Operand.in(x, length), Spans.Operand.out(lower, length), Spans.Operand.out(upper, length));
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
        Weights weights = Weights.of(layer);
        int tasks = (rows + ROWS - 1) / ROWS;
        workers.run(tasks, task -> {
            int first = task * ROWS;
            int count = Math.min(ROWS, rows - first);
            Inputs inputs = Inputs.of(lower, upper, first, count, layer.in());
            float[] low = new float[count * layer.out()];
            float[] high = new float[count * layer.out()];
            double[][] centre = new double[count][OUTPUTS];
            double[][] radius = new double[count][OUTPUTS];
            for (int o = 0; o < layer.out(); o += OUTPUTS) {
                int block = Math.min(OUTPUTS, layer.out() - o);
                accumulate(weights, inputs, o, block, centre, radius);
                for (int n = 0; n < count; ++n) {
                    for (int j = 0; j < block; ++j) {
                        double slack = weights.slack(o + j, inputs.magnitude[n]);
                        low[n * layer.out() + o + j] = down(centre[n][j] - radius[n][j] - slack);
                        high[n * layer.out() + o + j] = up(centre[n][j] + radius[n][j] + slack);
                    }
                }
            }
            Rows.store(low, outLower, first, layer.out());
            Rows.store(high, outUpper, first, layer.out());
        });
    }

    /** centre[n][j] = b + sum of w c; radius[n][j] = sum of |w| r; for outputs o .. o + block - 1. */
    private static void accumulate(Weights weights, Inputs inputs, int o, int block, double[][] centre, double[][] radius) {
        int in = inputs.columns;
        double[] tile = weights.tiles[o / OUTPUTS];
        for (int n = 0; n < centre.length; ++n) {
            System.arraycopy(weights.bias, o, centre[n], 0, block);
            Arrays.fill(radius[n], 0);
        }
        int i = 0;
        for (; i + 4 <= in; i += 4) {
            for (int n = 0; n < centre.length; ++n) {
                addFour(tile, i * OUTPUTS, inputs.centre, n * in + i, centre[n]);
                addFourAbsolute(tile, i * OUTPUTS, inputs.radius, n * in + i, radius[n]);
            }
        }
        for (; i < in; ++i) {
            for (int n = 0; n < centre.length; ++n) {
                double c = inputs.centre[n * in + i];
                double r = inputs.radius[n * in + i];
                for (int j = 0; j < OUTPUTS; ++j) {
                    centre[n][j] += tile[i * OUTPUTS + j] * c;
                    radius[n][j] += Math.abs(tile[i * OUTPUTS + j]) * r;
                }
            }
        }
    }

    /** Adds four columns of a tile, from {@code w} on, times four neighbouring inputs. */
    private static void addFour(double[] tile, int w, double[] x, int at, double[] sum) {
        double x0 = x[at];
        double x1 = x[at + 1];
        double x2 = x[at + 2];
        double x3 = x[at + 3];
        for (int j = 0; j < OUTPUTS; ++j) {
            sum[j] += tile[w + j] * x0 + tile[w + OUTPUTS + j] * x1
                    + (tile[w + 2 * OUTPUTS + j] * x2 + tile[w + 3 * OUTPUTS + j] * x3);
        }
    }

    private static void addFourAbsolute(double[] tile, int w, double[] x, int at, double[] sum) {
        double x0 = x[at];
        double x1 = x[at + 1];
        double x2 = x[at + 2];
        double x3 = x[at + 3];
        for (int j = 0; j < OUTPUTS; ++j) {
            sum[j] += Math.abs(tile[w + j]) * x0 + Math.abs(tile[w + OUTPUTS + j]) * x1
                    + (Math.abs(tile[w + 2 * OUTPUTS + j]) * x2 + Math.abs(tile[w + 3 * OUTPUTS + j]) * x3);
        }
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
            centre += difference * inputs.centre[n * in + i];
            radius += Math.abs(difference) * inputs.radius[n * in + i];
            norm += Math.abs(difference);
        }
        double slack = Weights.slack(in, norm, inputs.magnitude[n], Math.abs((double) b[label]) + Math.abs(b[other]));
        return down(centre - radius - slack);
    }

    /**
     * A layer's weights in double, {@link #OUTPUTS} outputs a tile: {@code tiles[o / OUTPUTS][i OUTPUTS + o % OUTPUTS]}.
     * A tile is read front to back; whole columns would be read in steps that no prefetcher follows.
     */
    private record Weights(double[][] tiles, double[] bias, double[] norm, int in) {

        static Weights of(Affine layer) {
            int in = layer.in();
            float[] w = Rows.load(layer.weight(), 0, layer.out(), in);
            float[] b = Rows.load(layer.bias(), 0, layer.out(), 1);
            double[][] tiles = new double[(layer.out() + OUTPUTS - 1) / OUTPUTS][in * OUTPUTS];
            double[] bias = new double[layer.out()];
            double[] norm = new double[layer.out()];
            for (int o = 0; o < layer.out(); ++o) {
                bias[o] = b[o];
                double[] tile = tiles[o / OUTPUTS];
                for (int i = 0; i < in; ++i) {
                    double weight = w[o * in + i];
                    tile[i * OUTPUTS + o % OUTPUTS] = weight;
                    norm[o] += Math.abs(weight);
                }
            }
            return new Weights(tiles, bias, norm, in);
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

    /** Centres and radii of some rows' boxes, and the largest absolute bound in each row. */
    private record Inputs(double[] centre, double[] radius, double[] magnitude, int columns) {

        static Inputs of(DeviceBuffer lower, DeviceBuffer upper, int first, int count, int columns) {
            float[] l = Rows.load(lower, first, count, columns);
            float[] u = Rows.load(upper, first, count, columns);
            double[] centre = new double[l.length];
            double[] radius = new double[l.length];
            double[] magnitude = new double[count];
            for (int k = 0; k < l.length; ++k) {
                centre[k] = 0.5 * ((double) u[k] + l[k]);
                radius[k] = 0.5 * ((double) u[k] - l[k]);
                magnitude[k / columns] = Math.max(magnitude[k / columns], Math.max(Math.abs(l[k]), Math.abs(u[k])));
            }
            return new Inputs(centre, radius, magnitude, columns);
        }
    }
}
