package dev.bulwark.stats;

import java.math.BigDecimal;
import java.math.BigInteger;

/** Binomial tails in exact rational arithmetic: the oracle for small sample counts. */
final class ExactBinomial {

    private ExactBinomial() {
    }

    /** {@code P[X >= count]}, exactly: a double is a finite decimal, and so are its powers and products. */
    static BigDecimal upperTail(long count, long samples, double probability) {
        BigDecimal p = new BigDecimal(probability);
        BigDecimal q = BigDecimal.ONE.subtract(p);
        BigDecimal sum = BigDecimal.ZERO;
        for (long j = count; j <= samples; ++j) {
            sum = sum.add(new BigDecimal(choose(samples, j)).multiply(p.pow((int) j)).multiply(q.pow((int) (samples - j))));
        }
        return sum;
    }

    static BigInteger choose(long n, long k) {
        BigInteger value = BigInteger.ONE;
        for (long i = 1; i <= k; ++i) {
            value = value.multiply(BigInteger.valueOf(n - k + i)).divide(BigInteger.valueOf(i));
        }
        return value;
    }
}
