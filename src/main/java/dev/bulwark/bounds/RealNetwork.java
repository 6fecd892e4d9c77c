package dev.bulwark.bounds;

import dev.bulwark.nn.Dense;
import dev.bulwark.nn.Layer;
import dev.bulwark.nn.Network;
import dev.bulwark.nn.Relu;
import java.math.BigDecimal;
import java.util.Arrays;
import java.util.Optional;

/**
 * The network that bounds speak of: a network's float weights, in real-number arithmetic. It says whether an input that
 * breaks the float network breaks this one too.
 *
 * <p>Plain host code on purpose, which shares nothing with the operations that certified the input: a fault of theirs must
 * not acquit itself. An interval pass in double, rounded outward at every operation, decides nearly every input. Where two
 * logits are too close for it, decimal fractions decide: sums and products of floats are exact in them.
 */
public final class RealNetwork {

    private final Network network;

    public RealNetwork(Network network) {
        this.network = network;
    }

    /**
     * Whether the logit of {@code label} exceeds every other at {@code point}. Where two are equal it does not.
     *
     * @param point {@code [D]}, finite
     */
    public boolean stands(float[] point, int label) {
        if (point.length != network.input().size()) {
            throw new IllegalArgumentException(
                    "point has " + point.length + " elements, the network takes " + network.input().size());
        }
        if (label < 0 || label >= network.classes()) {
            throw new IllegalArgumentException("label must lie in [0, " + network.classes() + "): " + label);
        }
        return standsByIntervals(point, label).orElseGet(() -> standsExactly(point, label));
    }

    /** By outward rounding alone; empty where that leaves it open. */
    Optional<Boolean> standsByIntervals(float[] point, int label) {
        Interval logits = Interval.at(point);
        for (Layer layer : network.layers()) {
            logits = layer.accept(logits);
        }
        boolean stands = true;
        for (int c = 0; c < logits.lower.length; ++c) {
            if (c != label && logits.upper[label] <= logits.lower[c]) {
                return Optional.of(false);
            }
            stands &= c == label || logits.lower[label] > logits.upper[c];
        }
        return stands ? Optional.of(true) : Optional.empty();
    }

    /** By exact arithmetic: a second or so for a million weights. */
    boolean standsExactly(float[] point, int label) {
        Exact logits = Exact.at(point);
        for (Layer layer : network.layers()) {
            logits = layer.accept(logits);
        }
        for (int c = 0; c < logits.values.length; ++c) {
            if (c != label && logits.values[label].compareTo(logits.values[c]) <= 0) {
                return false;
            }
        }
        return true;
    }

    /**
     * Where the real activations lie. A lower end may be -infinity and an upper end +infinity, never the other way round:
     * a rounding that overflows is taken back by {@link Math#nextDown} and {@link Math#nextUp}.
     */
    private record Interval(double[] lower, double[] upper) implements Layer.Visitor<Interval> {

        static Interval at(float[] point) {
            double[] values = new double[point.length];
            Arrays.setAll(values, k -> point[k]);
            return new Interval(values, values);
        }

        @Override
        public Interval dense(Dense layer) {
            float[] weight = layer.weight();
            float[] bias = layer.bias();
            double[] low = new double[layer.out()];
            double[] high = new double[layer.out()];
            for (int o = 0; o < layer.out(); ++o) {
                low[o] = bias[o];
                high[o] = bias[o];
                for (int i = 0; i < layer.in(); ++i) {
                    double w = weight[o * layer.in() + i];
                    if (w != 0) { // 0 times infinity would be NaN
                        low[o] = Math.nextDown(low[o] + Math.nextDown(w * (w > 0 ? lower[i] : upper[i])));
                        high[o] = Math.nextUp(high[o] + Math.nextUp(w * (w > 0 ? upper[i] : lower[i])));
                    }
                }
            }
            return new Interval(low, high);
        }

        @Override
        public Interval relu(Relu layer) {
            return new Interval(positive(lower), positive(upper));
        }

        private static double[] positive(double[] values) {
            return Arrays.stream(values).map(value -> Math.max(value, 0)).toArray();
        }
    }

    /** The real activations themselves. */
    private record Exact(BigDecimal[] values) implements Layer.Visitor<Exact> {

        static Exact at(float[] point) {
            BigDecimal[] values = new BigDecimal[point.length];
            Arrays.setAll(values, k -> new BigDecimal(point[k]));
            return new Exact(values);
        }

        @Override
        public Exact dense(Dense layer) {
            float[] weight = layer.weight();
            float[] bias = layer.bias();
            BigDecimal[] sums = new BigDecimal[layer.out()];
            for (int o = 0; o < layer.out(); ++o) {
                sums[o] = new BigDecimal(bias[o]);
                for (int i = 0; i < layer.in(); ++i) {
                    float w = weight[o * layer.in() + i];
                    if (w != 0 && values[i].signum() != 0) {
                        sums[o] = sums[o].add(new BigDecimal(w).multiply(values[i]));
                    }
                }
            }
            return new Exact(sums);
        }

        @Override
        public Exact relu(Relu layer) {
            return new Exact(Arrays.stream(values).map(value -> value.max(BigDecimal.ZERO)).toArray(BigDecimal[]::new));
        }
    }
}
