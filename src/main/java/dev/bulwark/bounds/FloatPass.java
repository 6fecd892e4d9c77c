package dev.bulwark.bounds;

import dev.bulwark.device.LinearRelaxations;
import dev.bulwark.model.AffineMap;
import dev.bulwark.model.Graph;
import dev.bulwark.plan.Plan;
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
 * rounding to double adds is less than g again. No activation is steeper than 1, and a maximum moves no further than what it
 * is of: neither brings anything further apart, but for the rounding of an activation other than a ReLU. Where the sum of
 * absolute values may exceed the largest float, the pass may have overflowed and nothing is known of it.
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

    /** As below, by what a plan's bounds claim: where that is of every float pass, whatever this one disagrees with is wrong. */
    static void requireNoContradiction(Plan plan, int index, Bounds bounds, float[] image, float[] cleanLogits) {
        if (Claim.of(plan) == Claim.DEPLOYED) {
            throw new IllegalStateException("image " + index + " is certified for every float32 evaluation, but one makes the logits "
                    + Arrays.toString(cleanLogits) + ": the bounds are wrong; " + bounds);
        }
        requireNoContradiction(plan.graph(), index, bounds, image, cleanLogits);
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
    static void requireNoContradiction(Graph network, int index, Bounds bounds, float[] image, float[] cleanLogits) {
        double[] errors = errors(network, image);
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
    static double[] errors(Graph network, float[] image) {
        double[] values = new double[image.length];
        Arrays.setAll(values, i -> image[i]);
        return HostPass.run(network, new Rounded(values, new double[image.length]), Rounded.ARITHMETIC).errors;
    }

    /**
     * Values as double arithmetic finds them.
     *
     * @param errors how far those of the float pass, and the real ones, may lie from them
     */
    private record Rounded(double[] values, double[] errors) {

        static final HostPass.Arithmetic<Rounded> ARITHMETIC = new HostPass.Arithmetic<>() {
            @Override
            public Rounded affine(AffineMap map, Rounded x) {
                Rounded y = new Rounded(new double[map.outputs()], new double[map.outputs()]);
                double relative = 2 * LinearRelaxations.productError(map.terms());
                for (int o = 0; o < map.outputs(); ++o) {
                    Sum sum = new Sum(x, map.bias(o));
                    map.walk(o, sum);
                    y.set(o, sum.value, sum.passedOn + relative * sum.absolute + UNDERFLOW * sum.tiny, sum.absolute);
                }
                return y;
            }

            @Override
            public Rounded activation(RealFunction f, Rounded x) {
                if (f instanceof RealFunction.Relu) {
                    return new Rounded(Arrays.stream(x.values).map(f::at).toArray(), x.errors);
                }
                Rounded y = new Rounded(new double[x.values.length], new double[x.values.length]);
                for (int k = 0; k < x.values.length; ++k) {
                    double value = f.at(x.values[k]);
                    double absolute = Math.abs(value) + x.errors[k];
                    y.set(k, value, x.errors[k] + 2 * LinearRelaxations.productError(1) * absolute + UNDERFLOW, absolute);
                }
                return y;
            }

            @Override
            public Rounded maxPool(int[][] windows, Rounded x) {
                return new Rounded(largest(windows, x.values), largest(windows, x.errors));
            }

            @Override
            public Rounded add(Rounded x, Rounded y) {
                Rounded sum = new Rounded(new double[x.values.length], new double[x.values.length]);
                for (int k = 0; k < x.values.length; ++k) {
                    double passedOn = x.errors[k] + y.errors[k];
                    double absolute = Math.abs(x.values[k]) + Math.abs(y.values[k]) + passedOn;
                    sum.set(k, x.values[k] + y.values[k],
                            passedOn + 2 * LinearRelaxations.productError(1) * absolute, absolute);
                }
                return sum;
            }

            /** By a rounded divisor, or times its rounded inverse. */
            @Override
            public Rounded divide(Rounded x, HostPass.Divisors divisors) {
                Rounded quotients = new Rounded(new double[x.values.length], new double[x.values.length]);
                for (int k = 0; k < x.values.length; ++k) {
                    double divisor = divisors.lower(k);
                    double absolute = (Math.abs(x.values[k]) + x.errors[k]) / Math.abs(divisor);
                    quotients.set(k, x.values[k] / divisor, x.errors[k] / Math.abs(divisor)
                            + 2 * LinearRelaxations.productError(1) * absolute + UNDERFLOW * (1 + absolute), absolute);
                }
                return quotients;
            }

            @Override
            public Rounded rearrange(Rounded x, int[] source) {
                return new Rounded(HostPass.rearranged(x.values, source), HostPass.rearranged(x.errors, source));
            }

            @Override
            public Rounded concatenate(List<Rounded> parts) {
                return new Rounded(parts.stream().flatMapToDouble(part -> Arrays.stream(part.values)).toArray(),
                        parts.stream().flatMapToDouble(part -> Arrays.stream(part.errors)).toArray());
            }
        };

        private static double[] largest(int[][] windows, double[] x) {
            return Arrays.stream(windows).mapToDouble(
                    window -> Arrays.stream(window).mapToDouble(i -> x[i]).max().orElseThrow()).toArray();
        }

        /** @param absolute nothing that the pass adds up is larger, but for its rounding */
        private void set(int k, double value, double error, double absolute) {
            values[k] = value;
            errors[k] = absolute + SPARE * error < Float.MAX_VALUE ? SPARE * error : Double.POSITIVE_INFINITY;
        }
    }

    /** A sum of products as it grows. */
    private static final class Sum implements AffineMap.Product {

        private final Rounded x;
        private double value;
        private double absolute;
        private double passedOn;
        private double tiny = 1;

        Sum(Rounded x, float bias) {
            this.x = x;
            this.value = bias;
            this.absolute = Math.abs(bias);
        }

        @Override
        public void take(float weight, int i) {
            double w = weight;
            double size = Math.abs(x.values[i]) + x.errors[i];
            value += w * x.values[i];
            absolute += Math.abs(w) * size;
            passedOn += Math.abs(w) * x.errors[i];
            tiny += 1 + Math.abs(w) + size;
        }
    }
}
