package dev.bulwark.bounds;

import dev.bulwark.model.Graph;
import dev.bulwark.model.Mlp;
import dev.bulwark.model.Op;
import java.util.Arrays;
import java.util.List;

/**
 * CROWN as published (Zhang et al. 2018, theorem 3.2), one image and one form at a time, in double and without a thought
 * for rounding: what the bounds should be, up to that.
 */
final class ReferenceCrown {

    private final List<Op.Dense> layers;
    private final double[] lowerInput;
    private final double[] upperInput;
    /** Bounds of every hidden layer's pre-activations. */
    private final double[][] lower;
    private final double[][] upper;

    /** Lower slopes by hidden layer and unit. */
    interface Slopes {
        double of(int layer, int unit);
    }

    /** What bounds the hidden layers. */
    enum Units {
        /** The box of a layer's inputs, pushed through. */
        IBP,
        /** The published formula. */
        CROWN,
        /** The tighter of both, and the formula only where intervals leave the sign open. */
        BOTH
    }

    ReferenceCrown(Graph network, Box box) {
        this(network, box, Units.BOTH);
    }

    ReferenceCrown(Graph network, Box box, Units units) {
        layers = Mlp.layers(network);
        lowerInput = widen(box.lower());
        upperInput = widen(box.upper());
        int hidden = layers.size() - 1;
        lower = new double[hidden][];
        upper = new double[hidden][];
        double[] low = lowerInput;
        double[] high = upperInput;
        for (int k = 0; k < hidden; ++k) {
            bound(k, low, high, units);
            low = Arrays.stream(lower[k]).map(v -> Math.max(v, 0)).toArray();
            high = Arrays.stream(upper[k]).map(v -> Math.max(v, 0)).toArray();
        }
    }

    private static double[] widen(float[] values) {
        double[] doubles = new double[values.length];
        for (int k = 0; k < values.length; ++k) {
            doubles[k] = values[k];
        }
        return doubles;
    }

    private void bound(int layer, double[] low, double[] high, Units units) {
        Op.Dense dense = layers.get(layer);
        float[] weight = dense.weight().toArray();
        lower[layer] = widen(dense.bias().toArray());
        upper[layer] = widen(dense.bias().toArray());
        for (int o = 0; o < dense.out(); ++o) {
            double[] row = new double[dense.in()];
            double[] negated = new double[dense.in()];
            for (int i = 0; i < dense.in(); ++i) {
                double w = weight[o * dense.in() + i];
                row[i] = w;
                negated[i] = -w;
                lower[layer][o] += w * (w > 0 ? low[i] : high[i]);
                upper[layer][o] += w * (w > 0 ? high[i] : low[i]);
            }
            double least = bound(row, dense.bias().toArray()[o], layer, this::adaptive);
            double largest = -bound(negated, -dense.bias().toArray()[o], layer, this::adaptive);
            if (units == Units.CROWN) {
                lower[layer][o] = least;
                upper[layer][o] = largest;
            } else if (units == Units.BOTH && lower[layer][o] < 0 && upper[layer][o] > 0) {
                lower[layer][o] = Math.max(lower[layer][o], least);
                upper[layer][o] = Math.min(upper[layer][o], largest);
            }
        }
    }

    /** Takes what is known of a unit, or of its negative, from elsewhere. */
    void take(int layer, int form, double bound) {
        int units = lower[layer].length;
        if (form < units) {
            lower[layer][form] = Math.max(lower[layer][form], bound);
        } else {
            upper[layer][form - units] = Math.min(upper[layer][form - units], -bound);
        }
    }

    /** A lower bound of a unit's pre-activation, or of its negative. */
    double side(int layer, int form, Slopes slopes) {
        Op.Dense dense = layers.get(layer);
        int sign = form < dense.out() ? 1 : -1;
        double[] row = new double[dense.in()];
        for (int i = 0; i < row.length; ++i) {
            row[i] = sign * (double) dense.weight().toArray()[form % dense.out() * dense.in() + i];
        }
        return bound(row, sign * (double) dense.bias().toArray()[form % dense.out()], layer, slopes);
    }

    double adaptive(int layer, int unit) {
        return upper[layer][unit] > -lower[layer][unit] ? 1 : 0;
    }

    /** How far the nearest unit of open sign is from another adaptive slope, or another sign. */
    double distanceToAnotherChoice() {
        double least = Double.POSITIVE_INFINITY;
        for (int k = 0; k < lower.length; ++k) {
            for (int j = 0; j < lower[k].length; ++j) {
                double l = lower[k][j];
                double u = upper[k][j];
                least = Math.min(least, Math.min(Math.abs(u + l), Math.min(Math.abs(l), Math.abs(u))));
            }
        }
        return least;
    }

    boolean open(int layer, int unit) {
        return lower[layer][unit] < 0 && upper[layer][unit] > 0;
    }

    /** A lower bound of {@code logit[label] - logit[other]}. */
    double margin(int label, int other, Slopes slopes) {
        Op.Dense last = layers.get(layers.size() - 1);
        double[] form = new double[last.in()];
        for (int i = 0; i < last.in(); ++i) {
            form[i] = (double) last.weight().toArray()[label * last.in() + i] - last.weight().toArray()[other * last.in() + i];
        }
        return bound(form, (double) last.bias().toArray()[label] - last.bias().toArray()[other], layers.size() - 1, slopes);
    }

    /** A lower bound of {@code form h + constant}, h the inputs of layer {@code depth}. */
    double bound(double[] form, double constant, int depth, Slopes slopes) {
        double[] a = form;
        double c = constant;
        for (int k = depth - 1; k >= 0; --k) {
            Op.Dense dense = layers.get(k);
            double[] next = new double[dense.in()];
            for (int j = 0; j < dense.out(); ++j) {
                double l = lower[k][j];
                double u = upper[k][j];
                double t;
                if (l >= 0 || u <= 0) {
                    t = l >= 0 ? a[j] : 0;
                } else if (a[j] >= 0) {
                    t = a[j] * slopes.of(k, j);
                } else {
                    t = a[j] * u / (u - l);
                    c -= t * l;
                }
                c += t * dense.bias().toArray()[j];
                for (int i = 0; i < dense.in(); ++i) {
                    next[i] += t * dense.weight().toArray()[j * dense.in() + i];
                }
            }
            a = next;
        }
        for (int i = 0; i < a.length; ++i) {
            c += a[i] * (a[i] > 0 ? lowerInput[i] : upperInput[i]);
        }
        return c;
    }
}
