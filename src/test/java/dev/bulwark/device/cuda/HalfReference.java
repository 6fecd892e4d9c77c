package dev.bulwark.device.cuda;

import dev.bulwark.model.io.Precision;

/**
 * A network in half precision, summed in double, with a bound on how far a sum in float may lie from it.
 *
 * <p>A float sum of k products and a bias, in any order and rounded or truncated at each addition, is off by at most
 * {@code (k + 1) 2^-23} times the sum of absolute values; the products are exact. That error counts for the next layer
 * only where it can move an activation to another fp16 number.
 */
final class HalfReference {

    private final int[] widths;
    private final float[][] weights;
    private final float[][] biases;

    /** @param weights {@code [out,in]} a layer, rounded here */
    HalfReference(int[] widths, float[][] weights, float[][] biases) {
        this.widths = widths;
        this.biases = biases;
        this.weights = new float[weights.length][];
        for (int i = 0; i < weights.length; ++i) {
            this.weights[i] = new float[weights[i].length];
            for (int k = 0; k < weights[i].length; ++k) {
                this.weights[i][k] = Precision.F16.round(weights[i][k]);
            }
        }
    }

    /** Numbers, and how far from each the tested one may lie. */
    record Values(double[] value, double[] error) {
    }

    /** @param x a noisy input in float */
    Values logits(float[] x) {
        double[] rounded = new double[x.length];
        for (int i = 0; i < x.length; ++i) {
            rounded[i] = Precision.F16.round(x[i]);
        }
        Values values = new Values(rounded, new double[x.length]);
        for (int layer = 0; layer < weights.length; ++layer) {
            values = affine(layer, values);
            if (layer < weights.length - 1) {
                values = activations(values);
            }
        }
        return values;
    }

    /** The class with the largest logit; -1 where the bounds on the errors allow another. */
    int vote(float[] x) {
        Values logits = logits(x);
        int best = 0;
        for (int c = 1; c < logits.value.length; ++c) {
            best = logits.value[c] > logits.value[best] ? c : best;
        }
        for (int c = 0; c < logits.value.length; ++c) {
            double margin = logits.value[best] - logits.value[c];
            if (c != best && margin <= logits.error[best] + logits.error[c]) {
                return -1;
            }
        }
        return best;
    }

    private Values affine(int layer, Values in) {
        int inputs = widths[layer];
        int outputs = widths[layer + 1];
        Values out = new Values(new double[outputs], new double[outputs]);
        for (int o = 0; o < outputs; ++o) {
            double sum = biases[layer][o];
            double absolute = Math.abs(sum);
            double carried = 0;
            for (int i = 0; i < inputs; ++i) {
                double w = weights[layer][o * inputs + i];
                sum += w * in.value[i];
                absolute += Math.abs(w) * (Math.abs(in.value[i]) + in.error[i]);
                carried += Math.abs(w) * in.error[i];
            }
            out.value[o] = sum;
            out.error[o] = carried + (inputs + 1) * 0x1p-23 * absolute;
        }
        return out;
    }

    private static Values activations(Values sums) {
        Values out = new Values(new double[sums.value.length], new double[sums.value.length]);
        for (int i = 0; i < sums.value.length; ++i) {
            double value = activation(sums.value[i]);
            out.value[i] = value;
            out.error[i] = Math.max(activation(sums.value[i] + sums.error[i]) - value,
                    value - activation(sums.value[i] - sums.error[i]));
        }
        return out;
    }

    private static double activation(double sum) {
        return Precision.F16.round((float) Math.max(sum, 0));
    }
}
