package dev.bulwark.device.cpu;

import dev.bulwark.device.Affine;
import dev.bulwark.device.Convolution;
import dev.bulwark.device.DeviceBuffer;
import dev.bulwark.device.Layer;
import dev.bulwark.device.SmoothingNoise;
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
        return largest(layers.stream().map(Headroom::growth).toList());
    }

    /** The same of a chain. */
    static double largestInputOf(List<Layer> layers) {
        return largest(layers.stream().map(Headroom::growthIn).toList());
    }

    /**
     * What a layer can make of its input: at most {@code weights} times that, and {@code bias}, in sums of {@code terms}.
     */
    private record Growth(double weights, double bias, int terms) {
    }

    private static double largest(List<Growth> layers) {
        double gain = 1; // what has entered a layer is at most gain times the input, and offset
        double offset = 0;
        double largest = MOST;
        for (Growth layer : layers) {
            if (!(layer.weights <= MOST)) {
                return -1;
            }
            // Weights and activations to bf16 cost 2^-9 each, the additions of a float sum 2^-24 each.
            double rounding = 1 + 0x1p-6 + layer.terms * 0x1p-22;
            gain *= rounding * layer.weights;
            offset = rounding * (layer.weights * offset + layer.bias);
            largest = Math.min(largest, (MOST - offset) / gain);
        }
        return largest >= 0 ? largest : -1;
    }

    private static Growth growth(Affine layer) {
        return growth(layer.weight(), layer.out(), layer.in(), layer.bias());
    }

    private static Growth growth(DeviceBuffer weight, int rows, int columns, DeviceBuffer bias) {
        double largest = 0;
        for (int o = 0; o < rows; ++o) {
            double sum = 0;
            for (float w : Rows.load(weight, o, 1, columns)) {
                sum += Math.abs(w);
            }
            largest = Math.max(largest, sum);
        }
        return new Growth(largest, magnitude(Rows.load(bias, 0, rows, 1)), columns);
    }

    private static Growth growthIn(Layer layer) {
        if (layer instanceof Layer.Dense dense) {
            return growth(dense.affine());
        }
        if (layer instanceof Layer.Convolve convolve) {
            Convolution of = convolve.convolution();
            return growth(of.weight(), of.output().channels(), of.taps(), of.bias());
        }
        Layer.Pool pool = (Layer.Pool) layer;
        int elements = pool.pooling().windows().elements();
        // An average is divided after it is summed.
        return new Growth(pool.kind() == Layer.Pool.Kind.AVERAGE ? elements : 1, 0, elements);
    }

    /** The largest magnitude that a sample of the image in {@code count} elements of x from {@code first} on can have. */
    static double reach(float[] x, int first, int count, SmoothingNoise noise) {
        return noise.reach(magnitude(x, first, count));
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
}
