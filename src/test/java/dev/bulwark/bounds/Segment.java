package dev.bulwark.bounds;

import dev.bulwark.model.Graph;
import dev.bulwark.model.Mlp;
import dev.bulwark.model.Op;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.apache.commons.math3.fraction.BigFraction;

/**
 * A network of ReLUs along a segment of inputs, in fractions: between two of finitely many points everything is linear, so that the
 * least value of any linear function of the logits is taken at one of them.
 */
public final class Segment {

    /** The logits at each of these points. */
    private final List<BigFraction[]> logits;

    /** From one input to another. */
    public Segment(Graph network, float[] from, float[] to) {
        List<Op.Dense> layers = Mlp.layers(network);
        List<BigFraction[]> points = List.of(fractions(from), fractions(to));
        for (int k = 0; k < layers.size(); ++k) {
            points = affine(layers.get(k), points);
            points = k + 1 < layers.size() ? relu(points) : points;
        }
        logits = points;
    }

    private static BigFraction fraction(float value) {
        BigDecimal exact = new BigDecimal(value);
        return exact.scale() <= 0 ? new BigFraction(exact.toBigInteger())
                : new BigFraction(exact.unscaledValue(), java.math.BigInteger.TEN.pow(exact.scale())).reduce();
    }

    private static BigFraction[] fractions(float[] values) {
        BigFraction[] fractions = new BigFraction[values.length];
        Arrays.setAll(fractions, k -> fraction(values[k]));
        return fractions;
    }

    private static List<BigFraction[]> affine(Op.Dense layer, List<BigFraction[]> points) {
        BigFraction[] weight = fractions(layer.weight().toArray());
        BigFraction[] bias = fractions(layer.bias().toArray());
        List<BigFraction[]> images = new ArrayList<>();
        for (BigFraction[] x : points) {
            BigFraction[] y = bias.clone();
            for (int o = 0; o < y.length; ++o) {
                for (int i = 0; i < x.length; ++i) {
                    y[o] = y[o].add(weight[o * x.length + i].multiply(x[i]));
                }
            }
            images.add(y);
        }
        return images;
    }

    /** Puts a point wherever a unit's sign changes. */
    private static List<BigFraction[]> relu(List<BigFraction[]> points) {
        List<BigFraction[]> refined = new ArrayList<>();
        for (int p = 0; p + 1 < points.size(); ++p) {
            BigFraction[] a = points.get(p);
            BigFraction[] b = points.get(p + 1);
            refined.add(a);
            List<BigFraction> shares = new ArrayList<>();
            for (int j = 0; j < a.length; ++j) {
                if (signum(a[j]) * signum(b[j]) < 0) {
                    shares.add(a[j].divide(a[j].subtract(b[j])));
                }
            }
            shares.stream().sorted().distinct().forEach(share -> refined.add(between(a, b, share)));
        }
        refined.add(points.get(points.size() - 1));
        return refined.stream().map(z -> Arrays.stream(z).map(v -> signum(v) < 0 ? BigFraction.ZERO : v)
                .toArray(BigFraction[]::new)).toList();
    }

    private static int signum(BigFraction value) {
        return value.getNumerator().signum() * value.getDenominator().signum();
    }

    private static BigFraction[] between(BigFraction[] a, BigFraction[] b, BigFraction share) {
        BigFraction[] point = new BigFraction[a.length];
        Arrays.setAll(point, j -> a[j].add(share.multiply(b[j].subtract(a[j]))));
        return point;
    }

    /** The least value of an inequality's left side. */
    public BigFraction least(Specification.Inequality inequality) {
        return least(List.of(inequality));
    }

    /** The least value of the largest left side, at these points: exact of a single inequality, else not below it. */
    BigFraction least(List<Specification.Inequality> anyOf) {
        BigFraction least = null;
        for (BigFraction[] y : logits) {
            BigFraction largest = null;
            for (Specification.Inequality inequality : anyOf) {
                BigFraction sum = fraction(inequality.constant());
                for (int c = 0; c < y.length; ++c) {
                    sum = sum.add(fraction(inequality.coefficients()[c]).multiply(y[c]));
                }
                largest = largest == null || sum.compareTo(largest) > 0 ? sum : largest;
            }
            least = least == null || largest.compareTo(least) < 0 ? largest : least;
        }
        return least;
    }
}
