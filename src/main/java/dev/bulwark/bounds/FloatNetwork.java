package dev.bulwark.bounds;

import dev.bulwark.model.AffineMap;
import dev.bulwark.model.Graph;
import dev.bulwark.model.Op;
import java.math.BigDecimal;
import java.util.Arrays;
import java.util.List;

/**
 * A plain float32 forward pass on the host: products are rounded and added one after the other, then the bias. It is one of
 * those of which {@link Claim#DEPLOYED} speaks, and what breaks it is a counterexample to that.
 */
final class FloatNetwork {

    private final Graph network;

    FloatNetwork(Graph network) {
        this.network = network;
    }

    /** {@code [classes]}. @param point {@code [D]} */
    float[] logits(float[] point) {
        return HostPass.run(network, point, ARITHMETIC);
    }

    /** Whether a specification holds of the logits at {@code point}, which are compared exactly; NaN fulfils nothing. */
    boolean satisfies(float[] point, Specification specification) {
        float[] logits = logits(point);
        List<Specification.Inequality> inequalities = specification.inequalities();
        return specification.provenBy(k -> leftSide(inequalities.get(k), logits));
    }

    /** Its sign, or NaN where a logit in it is no number. */
    private static double leftSide(Specification.Inequality inequality, float[] logits) {
        float[] coefficients = inequality.coefficients();
        BigDecimal sum = new BigDecimal(inequality.constant());
        for (int c = 0; c < coefficients.length; ++c) {
            if (coefficients[c] != 0) {
                if (!Float.isFinite(logits[c])) {
                    return Double.NaN;
                }
                sum = sum.add(new BigDecimal(coefficients[c]).multiply(new BigDecimal(logits[c])));
            }
        }
        return sum.signum();
    }

    private static final HostPass.Arithmetic<float[]> ARITHMETIC = new HostPass.Arithmetic<>() {
        @Override
        public float[] affine(AffineMap map, float[] x) {
            float[] y = new float[map.outputs()];
            for (int o = 0; o < y.length; ++o) {
                float[] sum = new float[1];
                map.walk(o, (weight, i) -> sum[0] += weight * x[i]);
                y[o] = sum[0] + map.bias(o);
            }
            return y;
        }

        @Override
        public float[] activation(RealFunction f, float[] x) {
            float[] y = new float[x.length];
            for (int k = 0; k < y.length; ++k) {
                y[k] = (float) f.at(x[k]);
            }
            return y;
        }

        @Override
        public float[] maxPool(int[][] windows, float[] x) {
            float[] y = new float[windows.length];
            for (int k = 0; k < y.length; ++k) {
                y[k] = (float) Arrays.stream(windows[k]).mapToDouble(i -> x[i]).max().orElseThrow();
            }
            return y;
        }

        @Override
        public float[] add(float[] x, float[] y) {
            float[] sum = new float[x.length];
            for (int k = 0; k < sum.length; ++k) {
                sum[k] = x[k] + y[k];
            }
            return sum;
        }

        @Override
        public float[] divide(float[] x, HostPass.Divisors divisors) {
            float[] quotients = new float[x.length];
            for (int k = 0; k < quotients.length; ++k) {
                quotients[k] = x[k] / (float) divisors.upper(k);
            }
            return quotients;
        }

        @Override
        public float[] rearrange(float[] x, int[] source) {
            float[] y = new float[source.length];
            for (int k = 0; k < y.length; ++k) {
                y[k] = source[k] == Op.Rearrange.ZERO ? 0 : x[source[k]];
            }
            return y;
        }

        @Override
        public float[] concatenate(List<float[]> parts) {
            float[] all = new float[parts.stream().mapToInt(part -> part.length).sum()];
            int at = 0;
            for (float[] part : parts) {
                System.arraycopy(part, 0, all, at, part.length);
                at += part.length;
            }
            return all;
        }
    };
}
