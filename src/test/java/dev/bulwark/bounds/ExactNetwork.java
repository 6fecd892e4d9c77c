package dev.bulwark.bounds;

import dev.bulwark.model.Graph;
import dev.bulwark.model.Mlp;
import dev.bulwark.model.Op;
import java.math.BigDecimal;
import java.util.Arrays;
import java.util.List;

/** The real-number network and its interval bounds, in exact decimal arithmetic: floats, sums and products all fit. */
final class ExactNetwork {

    private final List<Op.Dense> layers;

    ExactNetwork(Graph network) {
        this.layers = Mlp.layers(network);
    }

    /** Exact lower and upper bounds, element by element. */
    record Interval(BigDecimal[] lower, BigDecimal[] upper) {

        Interval relu() {
            return new Interval(positive(lower), positive(upper));
        }

        private static BigDecimal[] positive(BigDecimal[] values) {
            return Arrays.stream(values).map(v -> v.max(BigDecimal.ZERO)).toArray(BigDecimal[]::new);
        }
    }

    static BigDecimal[] exactly(float[] values) {
        BigDecimal[] exact = new BigDecimal[values.length];
        for (int k = 0; k < values.length; ++k) {
            exact[k] = new BigDecimal(values[k]);
        }
        return exact;
    }

    BigDecimal[] logits(float[] point) {
        return logits(new Box(point, point)).lower();
    }

    Interval logits(Box box) {
        return affine(layers.get(layers.size() - 1), lastInput(box));
    }

    /** Lower bounds of {@code logit[label] - logit[c]} with the last layer elided. */
    BigDecimal[] margins(Box box, int label) {
        Op.Dense last = layers.get(layers.size() - 1);
        Interval hidden = lastInput(box);
        BigDecimal[] weight = exactly(last.weight().toArray());
        BigDecimal[] bias = exactly(last.bias().toArray());
        BigDecimal[] margins = new BigDecimal[last.out()];
        for (int c = 0; c < last.out(); ++c) {
            margins[c] = bias[label].subtract(bias[c]);
            for (int i = 0; i < last.in(); ++i) {
                BigDecimal w = weight[label * last.in() + i].subtract(weight[c * last.in() + i]);
                margins[c] = margins[c].add(w.multiply(w.signum() > 0 ? hidden.lower[i] : hidden.upper[i]));
            }
        }
        return margins;
    }

    private Interval lastInput(Box box) {
        Interval interval = new Interval(exactly(box.lower()), exactly(box.upper()));
        for (Op.Dense layer : layers.subList(0, layers.size() - 1)) {
            interval = affine(layer, interval).relu();
        }
        return interval;
    }

    private static Interval affine(Op.Dense layer, Interval x) {
        BigDecimal[] weight = exactly(layer.weight().toArray());
        BigDecimal[] lower = exactly(layer.bias().toArray());
        BigDecimal[] upper = exactly(layer.bias().toArray());
        for (int o = 0; o < layer.out(); ++o) {
            for (int i = 0; i < layer.in(); ++i) {
                BigDecimal w = weight[o * layer.in() + i];
                lower[o] = lower[o].add(w.multiply(w.signum() > 0 ? x.lower[i] : x.upper[i]));
                upper[o] = upper[o].add(w.multiply(w.signum() > 0 ? x.upper[i] : x.lower[i]));
            }
        }
        return new Interval(lower, upper);
    }
}
