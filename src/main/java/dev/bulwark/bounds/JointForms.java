package dev.bulwark.bounds;

import java.util.Arrays;

/**
 * Sums of a clause's inequalities with weights that are not negative and add up to 1. Where such a sum is positive, one of the
 * inequalities holds; which of them may change from point to point, so that a sum can prove what no inequality does alone.
 *
 * <p>Weights are multiples of 2^-12, and sums that no float holds exactly are left out: a form that is entered is that very sum.
 */
final class JointForms {

    private static final int UNITS = 1 << 12;
    /** What every inequality keeps, to come back. */
    private static final double FLOOR = 1e-3;
    private static final double FIRST_STEP = 2;
    private static final double DECAY = 0.9;

    private JointForms() {
    }

    /** A form in the logits; {@code constant} is -infinity where it says nothing. */
    record Form(float[] coefficients, float constant) {
    }

    /** The same weight for each of {@code count}. */
    static double[] even(int count) {
        double[] weights = new double[count];
        Arrays.fill(weights, 1.0 / count);
        return weights;
    }

    /** The sum with the multiples of 2^-12 next to some weights. */
    static Form of(Specification.Clause clause, double[] weights) {
        int[] units = units(weights);
        float[] sum = new float[clause.anyOf().get(0).coefficients().length];
        double[] exact = new double[sum.length];
        double constant = 0;
        double size = 0;
        for (int i = 0; i < units.length; ++i) {
            double weight = (double) units[i] / UNITS;
            float[] coefficients = clause.anyOf().get(i).coefficients();
            for (int c = 0; c < sum.length; ++c) {
                double term = weight * coefficients[c]; // exact: at most 37 bits
                double next = exact[c] + term;
                if (next - exact[c] != term || next - term != exact[c]) {
                    return new Form(new float[sum.length], Float.NEGATIVE_INFINITY);
                }
                exact[c] = next;
            }
            constant += weight * clause.anyOf().get(i).constant();
            size += Math.abs(weight * clause.anyOf().get(i).constant());
        }
        for (int c = 0; c < sum.length; ++c) {
            sum[c] = (float) exact[c];
            if (sum[c] != exact[c]) {
                return new Form(new float[sum.length], Float.NEGATIVE_INFINITY);
            }
        }
        return new Form(sum, below(constant - size * units.length * 0x1p-52));
    }

    private static float below(double number) {
        float nearest = (float) number;
        return nearest > number || nearest != number ? Math.nextDown(nearest) : nearest;
    }

    private static int[] units(double[] weights) {
        int[] units = new int[weights.length];
        int left = UNITS;
        int largest = 0;
        for (int i = 0; i < units.length; ++i) {
            units[i] = (int) (weights[i] * UNITS);
            left -= units[i];
            largest = weights[i] > weights[largest] ? i : largest;
        }
        units[largest] += left;
        return units;
    }

    /**
     * Weights that make the sum larger at a point: a step of exponentiated gradients (Kivinen and Warmuth 1997).
     *
     * @param logits of the point
     * @param t      the step's number, from 1
     */
    static double[] step(Specification.Clause clause, double[] weights, float[] logits, int t) {
        double[] values = new double[weights.length];
        double mean = 0;
        for (int i = 0; i < values.length; ++i) {
            values[i] = clause.anyOf().get(i).constant();
            float[] coefficients = clause.anyOf().get(i).coefficients();
            for (int c = 0; c < logits.length; ++c) {
                values[i] += coefficients[c] == 0 ? 0 : (double) coefficients[c] * logits[c];
            }
            mean += weights[i] * values[i];
        }
        double farthest = 0;
        for (double value : values) {
            farthest = Math.max(farthest, Math.abs(value - mean));
        }
        if (!(farthest > 0 && farthest < Double.POSITIVE_INFINITY)) {
            return weights;
        }
        double[] next = new double[weights.length];
        double sum = 0;
        for (int i = 0; i < next.length; ++i) {
            next[i] = Math.max(FLOOR, weights[i] * Math.exp(FIRST_STEP * Math.pow(DECAY, t - 1) * (values[i] - mean) / farthest));
            sum += next[i];
        }
        for (int i = 0; i < next.length; ++i) {
            next[i] /= sum;
        }
        return next;
    }
}
