package dev.bulwark.bounds;

import dev.bulwark.model.Graph;
import dev.bulwark.model.Mlp;
import dev.bulwark.model.Op;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * DeepPoly as published (Singh et al. 2019, section 4), for networks of dense layers and ReLUs, in double and without a thought for
 * rounding: every neuron has a relational bound on each side, in the neurons before it, and concrete ones, found by substituting
 * relational bounds back to the inputs. It is written neuron by neuron and by areas, as the paper is.
 */
final class ReferenceDeepPoly {

    /** A neuron's bounds in the neurons of the layer before it, the last coefficient a constant. */
    private record Relations(double[][] below, double[][] above) {
    }

    private final double[] lowerInput;
    private final double[] upperInput;
    private final List<Relations> abstraction = new ArrayList<>();
    private final Op.Dense last;
    /** How near the nearest ReLU is to the other choice. */
    private double leastDifference = Double.POSITIVE_INFINITY;

    ReferenceDeepPoly(Graph network, Box box) {
        lowerInput = new double[box.size()];
        upperInput = new double[box.size()];
        for (int i = 0; i < lowerInput.length; ++i) {
            lowerInput[i] = box.lower(i);
            upperInput[i] = box.upper(i);
        }
        List<Op.Dense> layers = Mlp.layers(network);
        last = layers.get(layers.size() - 1);
        for (Op.Dense layer : layers.subList(0, layers.size() - 1)) {
            double[][] affine = rows(layer);
            double[] lower = Arrays.stream(affine).mapToDouble(this::least).toArray();
            double[] upper = Arrays.stream(affine).mapToDouble(row -> -least(negated(row))).toArray();
            abstraction.add(new Relations(affine, affine));
            abstraction.add(relus(lower, upper));
        }
    }

    private static double[][] rows(Op.Dense layer) {
        float[] weight = layer.weight().toArray();
        float[] bias = layer.bias().toArray();
        double[][] rows = new double[layer.out()][layer.in() + 1];
        for (int o = 0; o < rows.length; ++o) {
            for (int i = 0; i < layer.in(); ++i) {
                rows[o][i] = weight[o * layer.in() + i];
            }
            rows[o][layer.in()] = bias[o];
        }
        return rows;
    }

    private static double[] negated(double[] row) {
        return Arrays.stream(row).map(v -> -v).toArray();
    }

    private Relations relus(double[] lower, double[] upper) {
        double[][] below = new double[lower.length][lower.length + 1];
        double[][] above = new double[lower.length][lower.length + 1];
        for (int j = 0; j < lower.length; ++j) {
            double l = lower[j];
            double u = upper[j];
            if (l >= 0) {
                below[j][j] = 1;
                above[j][j] = 1;
            } else if (u > 0) {
                above[j][j] = u / (u - l);
                above[j][lower.length] = -u * l / (u - l);
                // The triangle above y = 0 has the area u (u - l) / 2, the one above y = x has -l (u - l) / 2.
                double overZero = u * (u - l) / 2;
                double overIdentity = -l * (u - l) / 2;
                below[j][j] = overIdentity < overZero ? 1 : 0;
                leastDifference = Math.min(leastDifference, Math.abs(u + l));
            }
            leastDifference = Math.min(leastDifference, Math.min(Math.abs(l), Math.abs(u)));
        }
        return new Relations(below, above);
    }

    /** How far the nearest unit is from another choice, or another sign. */
    double distanceToAnotherChoice() {
        return leastDifference;
    }

    /** The least value of a row over the neurons of the last layer so far, or over the inputs. */
    private double least(double[] row) {
        double[] form = row;
        for (int k = abstraction.size() - 1; k >= 0; --k) {
            form = substituted(form, abstraction.get(k));
        }
        double least = form[lowerInput.length];
        for (int i = 0; i < lowerInput.length; ++i) {
            least += Math.min(form[i] * lowerInput[i], form[i] * upperInput[i]);
        }
        return least;
    }

    private static double[] substituted(double[] form, Relations relations) {
        int before = relations.below[0].length - 1;
        double[] next = new double[before + 1];
        next[before] = form[form.length - 1];
        for (int j = 0; j < form.length - 1; ++j) {
            double[] bound = form[j] >= 0 ? relations.below[j] : relations.above[j];
            for (int i = 0; i <= before; ++i) {
                next[i] += form[j] * bound[i];
            }
        }
        return next;
    }

    /** A lower bound of {@code logit[label] - logit[other]}. */
    double margin(int label, int other) {
        double[][] rows = rows(last);
        double[] difference = new double[rows[label].length];
        for (int i = 0; i < difference.length; ++i) {
            difference[i] = rows[label][i] - rows[other][i];
        }
        return least(difference);
    }
}
