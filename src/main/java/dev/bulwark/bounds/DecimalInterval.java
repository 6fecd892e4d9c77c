package dev.bulwark.bounds;

import dev.bulwark.model.AffineMap;
import dev.bulwark.model.Op;
import java.math.BigDecimal;
import java.util.Arrays;
import java.util.List;
import java.util.function.Function;

/**
 * Where real activations lie, in decimals. Sums and products are exact, so that both ends are the activation itself until
 * something must be rounded.
 */
record DecimalInterval(BigDecimal[] lower, BigDecimal[] upper) {

    static DecimalInterval at(float[] point) {
        BigDecimal[] values = new BigDecimal[point.length];
        Arrays.setAll(values, k -> new BigDecimal(point[k]));
        return new DecimalInterval(values, values);
    }

    static DecimalInterval at(List<BigDecimal> point) {
        BigDecimal[] values = point.toArray(BigDecimal[]::new);
        return new DecimalInterval(values, values);
    }

    /** The largest value of {@code factor} times element k. */
    BigDecimal most(float factor, int k) {
        return new BigDecimal(factor).multiply(factor > 0 ? upper[k] : lower[k]);
    }

    /** One computation for both ends where they are the same. */
    private DecimalInterval ends(Function<Boolean, BigDecimal[]> end) {
        BigDecimal[] low = end.apply(false);
        return new DecimalInterval(low, lower == upper ? low : end.apply(true));
    }

    private BigDecimal end(boolean high, int k) {
        return high ? upper[k] : lower[k];
    }

    static final HostPass.Arithmetic<DecimalInterval> ARITHMETIC = new HostPass.Arithmetic<>() {
        @Override
        public DecimalInterval affine(AffineMap map, DecimalInterval x) {
            return x.ends(high -> {
                BigDecimal[] sums = new BigDecimal[map.outputs()];
                for (int o = 0; o < sums.length; ++o) {
                    int output = o;
                    sums[o] = new BigDecimal(map.bias(o));
                    map.walk(o, (weight, i) -> {
                        BigDecimal end = x.end(high == weight > 0, i);
                        if (weight != 0 && end.signum() != 0) {
                            sums[output] = sums[output].add(new BigDecimal(weight).multiply(end));
                        }
                    });
                }
                return sums;
            });
        }

        @Override
        public DecimalInterval activation(RealFunction f, DecimalInterval x) {
            return f instanceof RealFunction.Exact exact ? x.ends(high -> each(x, k -> exact.exact(x.end(high, k))))
                    : new DecimalInterval(each(x, k -> f.down(x.lower[k])), each(x, k -> f.up(x.upper[k])));
        }

        @Override
        public DecimalInterval maxPool(int[][] windows, DecimalInterval x) {
            return x.ends(high -> Arrays.stream(windows).map(window -> Arrays.stream(window)
                    .mapToObj(i -> x.end(high, i)).reduce(BigDecimal::max).orElseThrow()).toArray(BigDecimal[]::new));
        }

        @Override
        public DecimalInterval add(DecimalInterval x, DecimalInterval y) {
            DecimalInterval either = x.lower == x.upper ? y : x;
            return either.ends(high -> each(x, k -> x.end(high, k).add(y.end(high, k))));
        }

        @Override
        public DecimalInterval divide(DecimalInterval x, HostPass.Divisors divisors) {
            return new DecimalInterval(
                    each(x, k -> divisors.quotientDown(x.lower[k], k).min(divisors.quotientDown(x.upper[k], k))),
                    each(x, k -> divisors.quotientUp(x.lower[k], k).max(divisors.quotientUp(x.upper[k], k))));
        }

        @Override
        public DecimalInterval rearrange(DecimalInterval x, int[] source) {
            return x.ends(high -> Arrays.stream(source)
                    .mapToObj(k -> k == Op.Rearrange.ZERO ? BigDecimal.ZERO : x.end(high, k)).toArray(BigDecimal[]::new));
        }

        @Override
        public DecimalInterval concatenate(List<DecimalInterval> parts) {
            return new DecimalInterval(
                    parts.stream().flatMap(part -> Arrays.stream(part.lower)).toArray(BigDecimal[]::new),
                    parts.stream().flatMap(part -> Arrays.stream(part.upper)).toArray(BigDecimal[]::new));
        }

        private BigDecimal[] each(DecimalInterval x, Function<Integer, BigDecimal> element) {
            BigDecimal[] values = new BigDecimal[x.lower.length];
            Arrays.setAll(values, element::apply);
            return values;
        }
    };
}
