package dev.bulwark.attack;

import dev.bulwark.nn.Dense;
import dev.bulwark.nn.Network;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.IntStream;

/** Networks in double on the host, the yardstick of these tests. */
final class HostNetwork {

    private HostNetwork() {
    }

    /** Weights and biases in [-scale, scale]. */
    static Network random(SplittableRandom random, double scale, int... widths) {
        List<Dense> layers = new ArrayList<>();
        for (int i = 0; i + 1 < widths.length; ++i) {
            layers.add(new Dense(widths[i], widths[i + 1],
                    values(random, widths[i] * widths[i + 1], -scale, scale),
                    values(random, widths[i + 1], -scale, scale)));
        }
        return Network.mlp(layers);
    }

    static float[] values(SplittableRandom random, int length, double from, double to) {
        float[] values = new float[length];
        for (int k = 0; k < length; ++k) {
            values[k] = (float) random.nextDouble(from, to);
        }
        return values;
    }

    static double[] logits(Network network, double[] x) {
        double[] values = x;
        List<Dense> layers = network.denseLayers();
        for (int i = 0; i < layers.size(); ++i) {
            values = affine(layers.get(i), values, i < layers.size() - 1);
        }
        return values;
    }

    private static double[] affine(Dense layer, double[] x, boolean relu) {
        float[] weight = layer.weight();
        float[] bias = layer.bias();
        double[] y = new double[layer.out()];
        for (int o = 0; o < y.length; ++o) {
            y[o] = bias[o];
            for (int i = 0; i < x.length; ++i) {
                y[o] += (double) weight[o * x.length + i] * x[i];
            }
            y[o] = relu ? Math.max(y[o], 0) : y[o];
        }
        return y;
    }

    static int argMax(double[] logits) {
        int best = 0;
        for (int c = 1; c < logits.length; ++c) {
            best = logits[c] > logits[best] ? c : best;
        }
        return best;
    }

    /** {@code -log softmax(logits)[label]}. */
    static double crossEntropy(double[] logits, int label) {
        double sum = 0;
        for (double logit : logits) {
            sum += Math.exp(logit - logits[label]);
        }
        return Math.log(sum);
    }

    /** The best other logit less the label's. */
    static double margin(double[] logits, int label) {
        return IntStream.range(0, logits.length).filter(c -> c != label).mapToDouble(c -> logits[c]).max().orElseThrow()
                - logits[label];
    }

    static double[] row(float[] matrix, int row, int columns) {
        double[] values = new double[columns];
        for (int k = 0; k < columns; ++k) {
            values[k] = matrix[row * columns + k];
        }
        return values;
    }
}
