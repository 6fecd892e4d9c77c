package dev.bulwark.device.cpu;

import dev.bulwark.device.Affine;
import java.util.List;

/** How large a network's inputs may be for nothing in its forward pass to overflow. */
final class Headroom {

    /** Weights and sums up to here stay finite in float and in bf16, with a factor of almost 4 to spare. */
    private static final double MOST = 0x1p126;

    private Headroom() {
    }

    /**
     * A magnitude of inputs up to which every weight, every partial sum in any order and every activation is finite, in float
     * and with factors rounded to bf16; -1 where there is none.
     *
     * <p>A partial sum of {@code W x + b} is at most {@code max over rows of (sum of |w|) max|x| + max|b|}, but for rounding.
     */
    static double largestInput(List<Affine> layers) {
        double gain = 1; // what has entered a layer is at most gain times the input, and offset
        double offset = 0;
        double largest = MOST;
        for (Affine layer : layers) {
            double weights = largestRowSum(layer);
            double bias = magnitude(Rows.load(layer.bias(), 0, layer.out(), 1));
            if (!(weights <= MOST)) {
                return -1;
            }
            // Weights and activations to bf16 cost 2^-9 each, the additions of a float sum 2^-24 each.
            double rounding = 1 + 0x1p-6 + layer.in() * 0x1p-22;
            gain *= rounding * weights;
            offset = rounding * (weights * offset + bias);
            largest = Math.min(largest, (MOST - offset) / gain);
        }
        return largest >= 0 ? largest : -1;
    }

    /** The largest absolute value; NaN if there is one. */
    static double magnitude(float[] values) {
        return magnitude(values, 0, values.length);
    }

    /** The largest absolute value of {@code count} from {@code first} on; NaN if there is one. */
    static double magnitude(float[] values, int first, int count) {
        float largest = 0;
        for (int i = first; i < first + count; ++i) {
            largest = Math.max(largest, Math.abs(values[i]));
        }
        return largest;
    }

    private static double largestRowSum(Affine layer) {
        double largest = 0;
        for (int o = 0; o < layer.out(); ++o) {
            double sum = 0;
            for (float weight : Rows.load(layer.weight(), o, 1, layer.in())) {
                sum += Math.abs(weight);
            }
            largest = Math.max(largest, sum);
        }
        return largest;
    }
}
