package dev.bulwark.bounds;

import dev.bulwark.device.Affine;
import dev.bulwark.device.Backend;
import dev.bulwark.device.HostArrays;
import dev.bulwark.device.LinearRelaxations;
import java.util.Arrays;
import java.util.List;

/**
 * What a float forward pass can say against a certificate. An image lies in its own box, so a certificate contradicts a
 * clean prediction other than the label, but only as far as the pass's own rounding allows: where that may be larger than
 * the margin, the network is a different function in floats than in real numbers, and neither is wrong.
 *
 * <p><b>How far the two may lie apart.</b> A float sum of n products and a bias, in any order, fused or not, is off by at
 * most g (|W| |h| + |b|) with g = {@link LinearRelaxations#productError} (Higham 2002, section 3.1), plus a term for
 * underflow. So if v is the input of a layer as double arithmetic finds it, and e bounds how far the float's and the real
 * number's may lie from v, then those of the outputs lie within |W| e + g (|W| (|v| + e) + |b|) of W v + b, and what
 * rounding to double adds is less than g again. A ReLU brings nothing closer or further apart. Where the sum of absolute
 * values may exceed the largest float, the pass may have overflowed and nothing is known of it.
 */
final class FloatPass {

    /** The smallest normal float: less is lost where a product underflows, even if subnormal numbers are flushed to 0. */
    private static final double UNDERFLOW = 0x1p-126;
    /** For the roundings of the bound itself, some of each of a layer's terms. */
    private static final double SPARE = 1 + 0x1p-20;

    private FloatPass() {
    }

    /** Whether an image is certified and yet given another class than its label, so that there is something to ask. */
    static boolean disagrees(Bounds bounds) {
        return bounds.certified() && bounds.cleanPrediction() != bounds.label();
    }

    /**
     * Complains where the bounds, or the pass, must be wrong.
     *
     * @param index       the image's, for the message
     * @param bounds      with which the pass disagrees
     * @param image       {@code [D]}, in the box that {@code bounds} are of
     * @param cleanLogits {@code [C]}, by the backend's float pass
     * @throws IllegalStateException if a margin is proven larger than the float logits can be reconciled with
     */
    static void requireNoContradiction(Backend backend, List<Affine> layers, int index, Bounds bounds, float[] image,
                                       float[] cleanLogits) {
        double[] errors = errors(backend, layers, image);
        float[] marginLower = bounds.marginLower();
        for (int c = 0; c < cleanLogits.length; ++c) {
            double missing = marginLower[c] - ((double) cleanLogits[bounds.label()] - cleanLogits[c]);
            if (missing > 2 * SPARE * (errors[bounds.label()] + errors[c])) { // of the float and of the real number
                throw new IllegalStateException("image " + index + " is certified, but its clean logits are "
                        + Arrays.toString(cleanLogits) + ": bounds and forward pass contradict each other; " + bounds);
            }
        }
    }

    /** {@code [C]}: how far real and float logits may lie from those in double; infinite where the pass may overflow. */
    static double[] errors(Backend backend, List<Affine> layers, float[] image) {
        double[] values = new double[image.length];
        Arrays.setAll(values, i -> image[i]);
        double[] errors = new double[image.length];
        for (int k = 0; k < layers.size(); ++k) {
            Affine layer = layers.get(k);
            float[] weight = HostArrays.read(backend, layer.weight());
            float[] bias = HostArrays.read(backend, layer.bias());
            double[] nextValues = new double[layer.out()];
            double[] nextErrors = new double[layer.out()];
            for (int o = 0; o < layer.out(); ++o) {
                double sum = bias[o];
                double absolute = Math.abs(bias[o]);
                double passedOn = 0;
                double tiny = 1;
                for (int i = 0; i < layer.in(); ++i) {
                    double w = weight[o * layer.in() + i];
                    double size = Math.abs(values[i]) + errors[i];
                    sum += w * values[i];
                    absolute += Math.abs(w) * size;
                    passedOn += Math.abs(w) * errors[i];
                    tiny += 1 + Math.abs(w) + size;
                }
                double error = SPARE * (passedOn + 2 * LinearRelaxations.productError(layer.in()) * absolute
                        + UNDERFLOW * tiny);
                nextErrors[o] = absolute + error < Float.MAX_VALUE ? error : Double.POSITIVE_INFINITY;
                nextValues[o] = k < layers.size() - 1 ? Math.max(sum, 0) : sum;
            }
            values = nextValues;
            errors = nextErrors;
        }
        return errors;
    }
}
