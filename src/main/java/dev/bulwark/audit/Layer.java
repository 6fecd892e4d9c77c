package dev.bulwark.audit;

import java.util.Arrays;
import java.util.stream.IntStream;

/**
 * {@code z = W h + b}, W either dense or, of a convolution, a list of non-zeros a row. Numbers are the file's floats, which
 * are doubles exactly.
 */
public final class Layer {

    private static final int TOGETHER = 4;

    private final int in;
    private final double[] bias;
    /** {@code [out,in]} row by row, or the non-zeros, row by row. */
    private final double[] weight;
    /** Of non-zeros: row o's are those from {@code begin[o]} to {@code begin[o + 1]}. */
    private final int[] begin;
    /** Of non-zeros; empty of a dense matrix. */
    private final int[] column;
    private final boolean dense;

    private Layer(int in, double[] bias, double[] weight, int[] begin, int[] column, boolean dense) {
        this.in = in;
        this.bias = bias;
        this.weight = weight;
        this.begin = begin;
        this.column = column;
        this.dense = dense;
    }

    /** @param weight {@code [out,in]} */
    static Layer dense(int in, double[] weight, double[] bias) {
        int[] begin = new int[bias.length + 1];
        Arrays.setAll(begin, o -> o * in);
        return new Layer(in, bias, weight, begin, new int[0], true);
    }

    /** @param begin {@code [out + 1]}, where each row's non-zeros begin */
    static Layer sparse(int in, double[] nonZeros, int[] begin, int[] column, double[] bias) {
        return new Layer(in, bias, nonZeros, begin, column, false);
    }

    int in() {
        return in;
    }

    int out() {
        return bias.length;
    }

    double bias(int o) {
        return bias[o];
    }

    /** Row o as a vector {@code [in]}. */
    double[] row(int o) {
        double[] row = new double[in];
        for (int p = begin[o]; p < begin[o + 1]; ++p) {
            row[dense ? p - begin[o] : column[p]] += weight[p];
        }
        return row;
    }

    /** The same without the outputs and the inputs that are not kept: inputs must be 0 there. */
    Layer keeping(int[] outputs, int[] inputs) {
        int[] place = new int[in];
        Arrays.fill(place, -1);
        for (int k = 0; k < inputs.length; ++k) {
            place[inputs[k]] = k;
        }
        double[] keptBias = IntStream.of(outputs).mapToDouble(o -> bias[o]).toArray();
        int[] first = new int[outputs.length + 1];
        double[] values = new double[IntStream.of(outputs).map(o -> begin[o + 1] - begin[o]).sum()];
        int[] columns = new int[dense ? 0 : values.length];
        int count = 0;
        for (int k = 0; k < outputs.length; ++k) {
            for (int p = begin[outputs[k]]; p < begin[outputs[k] + 1]; ++p) {
                int at = place[dense ? p - begin[outputs[k]] : column[p]];
                if (at >= 0) {
                    values[count] = weight[p];
                    if (!dense) {
                        columns[count] = at;
                    }
                    ++count;
                }
            }
            first[k + 1] = count;
        }
        return new Layer(inputs.length, keptBias, Arrays.copyOf(values, count), first,
                dense ? columns : Arrays.copyOf(columns, count), dense);
    }

    /** Bounds of z where h lies in {@code of}: sums of products, less what these are off by. */
    Interval bounds(Interval of) {
        double[] low = new double[out()];
        double[] high = new double[out()];
        IntStream.range(0, out()).parallel().forEach(o -> {
            double below = bias[o];
            double above = bias[o];
            double size = Math.abs(bias[o]);
            for (int p = begin[o]; p < begin[o + 1]; ++p) {
                int i = dense ? p - begin[o] : column[p];
                double w = weight[p];
                double toLower = w * of.lower()[i];
                double toUpper = w * of.upper()[i];
                below += w > 0 ? toLower : toUpper;
                above += w > 0 ? toUpper : toLower;
                size += Math.max(Math.abs(toLower), Math.abs(toUpper));
            }
            double slack = Rounding.slack(begin[o + 1] - begin[o] + 1, size);
            low[o] = Rounding.addDown(below, -slack);
            high[o] = -Rounding.addDown(-above, -slack);
        });
        return new Interval(low, high);
    }

    /** {@code [out]}: at least the sums over i of |W[o,i]| sizes[i]. */
    double[] magnitudes(double[] sizes) {
        double[] sums = new double[out()];
        for (int o = 0; o < sums.length; ++o) {
            double sum = 0;
            for (int p = begin[o]; p < begin[o + 1]; ++p) {
                sum += Math.abs(weight[p]) * sizes[dense ? p - begin[o] : column[p]];
            }
            sums[o] = Rounding.above(begin[o + 1] - begin[o], sum);
        }
        return sums;
    }

    /** {@code W h + b} to nearest: for choices alone, not for claims. */
    double[] near(double[] h) {
        double[] z = new double[out()];
        for (int o = 0; o < z.length; ++o) {
            double sum = bias[o];
            for (int p = begin[o]; p < begin[o + 1]; ++p) {
                sum += weight[p] * h[dense ? p - begin[o] : column[p]];
            }
            z[o] = sum;
        }
        return z;
    }

    /**
     * {@code t W} for each row t of {@code [rows,out]}: each element a sum of {@link #out} products at most.
     *
     * @return {@code [rows,in]}
     */
    double[][] back(double[][] t) {
        double[][] made = new double[t.length][in];
        IntStream.range(0, (t.length + TOGETHER - 1) / TOGETHER).parallel().forEach(block -> {
            int from = block * TOGETHER;
            int to = Math.min(from + TOGETHER, t.length);
            if (dense && to - from == TOGETHER) {
                backFour(t, made, from);
            } else {
                for (int r = from; r < to; ++r) {
                    backOne(t[r], made[r]);
                }
            }
        });
        return made;
    }

    private void backFour(double[][] t, double[][] made, int from) {
        double[] a0 = made[from];
        double[] a1 = made[from + 1];
        double[] a2 = made[from + 2];
        double[] a3 = made[from + 3];
        for (int o = 0; o < out(); ++o) {
            double t0 = t[from][o];
            double t1 = t[from + 1][o];
            double t2 = t[from + 2][o];
            double t3 = t[from + 3][o];
            if (t0 != 0 || t1 != 0 || t2 != 0 || t3 != 0) {
                int at = begin[o];
                for (int i = 0; i < a0.length; ++i) {
                    double w = weight[at + i];
                    a0[i] += t0 * w;
                    a1[i] += t1 * w;
                    a2[i] += t2 * w;
                    a3[i] += t3 * w;
                }
            }
        }
    }

    private void backOne(double[] t, double[] made) {
        for (int o = 0; o < out(); ++o) {
            double by = t[o];
            if (by != 0) {
                int at = begin[o];
                for (int p = at; p < begin[o + 1]; ++p) {
                    made[dense ? p - at : column[p]] += by * weight[p];
                }
            }
        }
    }
}
