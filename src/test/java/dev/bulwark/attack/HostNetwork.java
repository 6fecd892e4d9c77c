package dev.bulwark.attack;

import dev.bulwark.model.ExactGraph;
import dev.bulwark.model.Graph;
import dev.bulwark.model.Mlp;
import java.math.BigDecimal;
import java.util.Arrays;
import java.util.SplittableRandom;
import java.util.stream.IntStream;

/** Networks on the host, rounded once at the end: the yardstick of these tests. */
final class HostNetwork {

    private HostNetwork() {
    }

    static Graph random(SplittableRandom random, double scale, int... widths) {
        return Mlp.random(random, scale, widths);
    }

    static float[] values(SplittableRandom random, int length, double from, double to) {
        return Mlp.values(random, length, from, to);
    }

    static double[] logits(Graph network, double[] x) {
        BigDecimal[] exact = Arrays.stream(x).mapToObj(BigDecimal::new).toArray(BigDecimal[]::new);
        return Arrays.stream(ExactGraph.logits(network, exact)).mapToDouble(BigDecimal::doubleValue).toArray();
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
