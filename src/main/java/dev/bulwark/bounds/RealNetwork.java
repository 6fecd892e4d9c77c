package dev.bulwark.bounds;

import dev.bulwark.model.AffineMap;
import dev.bulwark.model.Graph;
import java.math.BigDecimal;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.function.BiPredicate;

/**
 * The network that bounds speak of: a network's float weights, in real-number arithmetic. It says whether an input that
 * breaks the float network breaks this one too.
 *
 * <p>Plain host code on purpose, which shares nothing with the operations that certified the input: a fault of theirs must
 * not acquit itself. An interval pass in double, rounded outward at every operation, decides nearly every input. Where two
 * logits are too close for it, decimal fractions decide: sums and products of floats are exact in them. What they must round
 * (quotients, roots, sigmoids, hyperbolic tangents) is known to 60 digits at least. Where these still leave it open, the
 * answer is the one that claims less.
 */
public final class RealNetwork {

    private final Graph network;

    public RealNetwork(Graph network) {
        this.network = network;
    }

    /**
     * Whether the logit of {@code label} exceeds every other at {@code point}. Where two are equal, or 60 digits don't tell
     * them apart, it does not.
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

    /**
     * Whether a specification holds at {@code point}. It does not only where it surely fails: where 60 digits leave that
     * open, it counts as one that holds.
     *
     * @param point {@code [D]}, finite
     */
    public boolean satisfies(float[] point, Specification specification) {
        List<Specification.Inequality> inequalities = specification.inequalities();
        Interval logits = HostPass.run(network, Interval.at(point), Interval.ARITHMETIC);
        if (specification.provenBy(k -> leftSide(inequalities.get(k), logits).lower[0])) {
            return true;
        }
        return specification.provenBy(k -> leftSide(inequalities.get(k), logits).upper[0])
                && satisfiesExactly(point, specification);
    }

    /**
     * Whether a claim about the outputs at {@code point} is sure: where it holds of ends between which they lie. Where outward
     * rounding in double leaves it open, decimals decide, as above.
     *
     * @param point {@code [D]}, any decimals
     * @param claim takes the outputs' lower ends, then their upper ends
     */
    public boolean surely(List<BigDecimal> point, BiPredicate<List<BigDecimal>, List<BigDecimal>> claim) {
        Interval nearly = HostPass.run(network, Interval.around(point), Interval.ARITHMETIC);
        if (nearly.isFinite() && claim.test(decimals(nearly.lower), decimals(nearly.upper))) {
            return true;
        }
        DecimalInterval exactly = HostPass.run(network, DecimalInterval.at(point), DecimalInterval.ARITHMETIC);
        return claim.test(List.of(exactly.lower()), List.of(exactly.upper()));
    }

    private static List<BigDecimal> decimals(double[] values) {
        return Arrays.stream(values).mapToObj(BigDecimal::new).toList();
    }

    private static Interval leftSide(Specification.Inequality inequality, Interval logits) {
        Interval sum = new Interval(new double[] {inequality.constant()}, new double[] {inequality.constant()});
        float[] coefficients = inequality.coefficients();
        for (int c = 0; c < coefficients.length; ++c) {
            sum.addProduct(0, coefficients[c], logits, c);
        }
        return sum;
    }

    private boolean satisfiesExactly(float[] point, Specification specification) {
        List<Specification.Inequality> inequalities = specification.inequalities();
        DecimalInterval logits = exactly(point);
        return specification.provenBy(k -> {
            float[] coefficients = inequalities.get(k).coefficients();
            BigDecimal most = new BigDecimal(inequalities.get(k).constant());
            for (int c = 0; c < coefficients.length; ++c) {
                most = most.add(logits.most(coefficients[c], c));
            }
            return most.signum();
        });
    }

    private DecimalInterval exactly(float[] point) {
        return HostPass.run(network, DecimalInterval.at(point), DecimalInterval.ARITHMETIC);
    }

    /** By outward rounding alone; empty where that leaves it open. */
    Optional<Boolean> standsByIntervals(float[] point, int label) {
        Interval logits = HostPass.run(network, Interval.at(point), Interval.ARITHMETIC);
        boolean stands = true;
        for (int c = 0; c < logits.lower.length; ++c) {
            if (c != label && logits.upper[label] <= logits.lower[c]) {
                return Optional.of(false);
            }
            stands &= c == label || logits.lower[label] > logits.upper[c];
        }
        return stands ? Optional.of(true) : Optional.empty();
    }

    /** By decimals: a second or so for a million weights. */
    boolean standsExactly(float[] point, int label) {
        DecimalInterval logits = exactly(point);
        for (int c = 0; c < logits.lower().length; ++c) {
            if (c != label && logits.lower()[label].compareTo(logits.upper()[c]) <= 0) {
                return false;
            }
        }
        return true;
    }

    /**
     * Where the real activations lie. A lower end may be -infinity and an upper end +infinity, never the other way round:
     * a rounding that overflows is taken back by {@link Math#nextDown} and {@link Math#nextUp}.
     */
    private record Interval(double[] lower, double[] upper) {

        static final HostPass.Arithmetic<Interval> ARITHMETIC = new HostPass.Arithmetic<>() {
            @Override
            public Interval affine(AffineMap map, Interval x) {
                Interval y = new Interval(new double[map.outputs()], new double[map.outputs()]);
                for (int o = 0; o < map.outputs(); ++o) {
                    int output = o;
                    y.lower[o] = map.bias(o);
                    y.upper[o] = map.bias(o);
                    map.walk(o, (weight, i) -> y.addProduct(output, weight, x, i));
                }
                return y;
            }

            @Override
            public Interval activation(RealFunction f, Interval x) {
                return new Interval(Arrays.stream(x.lower).map(f::down).toArray(), Arrays.stream(x.upper).map(f::up)
                        .toArray());
            }

            @Override
            public Interval maxPool(int[][] windows, Interval x) {
                return new Interval(largest(windows, x.lower), largest(windows, x.upper));
            }

            @Override
            public Interval add(Interval x, Interval y) {
                Interval sum = new Interval(x.lower.clone(), x.upper.clone());
                for (int k = 0; k < x.lower.length; ++k) {
                    sum.add(k, y.lower[k], y.upper[k]);
                }
                return sum;
            }

            @Override
            public Interval divide(Interval x, HostPass.Divisors divisors) {
                Interval quotients = new Interval(new double[x.lower.length], new double[x.lower.length]);
                for (int k = 0; k < x.lower.length; ++k) {
                    double[] corners = {x.lower[k] / divisors.lower(k), x.lower[k] / divisors.upper(k),
                        x.upper[k] / divisors.lower(k), x.upper[k] / divisors.upper(k)};
                    quotients.lower[k] = Math.nextDown(Arrays.stream(corners).min().getAsDouble());
                    quotients.upper[k] = Math.nextUp(Arrays.stream(corners).max().getAsDouble());
                }
                return quotients;
            }

            @Override
            public Interval rearrange(Interval x, int[] source) {
                return new Interval(HostPass.rearranged(x.lower, source), HostPass.rearranged(x.upper, source));
            }

            @Override
            public Interval concatenate(List<Interval> parts) {
                return new Interval(parts.stream().flatMapToDouble(part -> Arrays.stream(part.lower)).toArray(),
                        parts.stream().flatMapToDouble(part -> Arrays.stream(part.upper)).toArray());
            }
        };

        static Interval at(float[] point) {
            double[] values = new double[point.length];
            Arrays.setAll(values, k -> point[k]);
            return new Interval(values, values);
        }

        static Interval around(List<BigDecimal> point) {
            double[] nearest = point.stream().mapToDouble(BigDecimal::doubleValue).toArray();
            return new Interval(Arrays.stream(nearest).map(Math::nextDown).toArray(), Arrays.stream(nearest).map(Math::nextUp)
                    .toArray());
        }

        boolean isFinite() {
            return Arrays.stream(lower).allMatch(Double::isFinite) && Arrays.stream(upper).allMatch(Double::isFinite);
        }

        private void addProduct(int output, double w, Interval x, int i) {
            if (w != 0) { // 0 times infinity would be NaN
                add(output, Math.nextDown(w * (w > 0 ? x.lower[i] : x.upper[i])),
                        Math.nextUp(w * (w > 0 ? x.upper[i] : x.lower[i])));
            }
        }

        private void add(int element, double least, double most) {
            lower[element] = Math.nextDown(lower[element] + least);
            upper[element] = Math.nextUp(upper[element] + most);
        }

        private static double[] largest(int[][] windows, double[] values) {
            return Arrays.stream(windows).mapToDouble(
                    window -> Arrays.stream(window).mapToDouble(i -> values[i]).max().orElseThrow()).toArray();
        }
    }
}
