package dev.bulwark.stats;

import org.apache.commons.math3.distribution.BinomialDistribution;

/**
 * {@code T(p) = P[X >= count]} for X binomial with {@code samples} trials of success probability p, from above.
 *
 * <p>{@code T(p) = P[X = count] S}, where S sums the later terms relative to the first: all positive, so nothing
 * cancels. Commons Math's incomplete beta function is not used: its continued fraction neither states an error nor
 * keeps one at ten million samples. Its saddle-point {@code logProbability} (Loader 2000) keeps its digits.
 *
 * @param logUpper never below {@code ln T(p)}
 * @param slope    {@code d ln T / d ln p = count / S}, to about a part in 10^9 or better
 */
record BinomialTail(double logUpper, double slope) {

    /** Commons Math counts trials in an int. */
    static final long MAX_SAMPLES = Integer.MAX_VALUE;

    /** Four units in the last place: what one term, logarithm or product may lose, with a factor of two to spare. */
    private static final double ROUNDING = 0x1p-50;

    /**
     * @param count strictly between 0 and {@code samples}
     * @param p     in (0, count / samples], or 1/2 with {@code count} above half: the terms then fall from the first on
     */
    static BinomialTail of(long count, long samples, double p) {
        double logFirst = new BinomialDistribution(null, (int) samples, p).logProbability((int) count);
        double odds = p / (1 - p);
        double term = 1;
        double sum = 1;
        long j = count;
        double ratio = odds * (samples - j) / (j + 1);
        while (term * ratio > 0x1p-54 * sum * (1 - ratio)) {
            term *= ratio;
            sum += term;
            ++j;
            ratio = odds * (samples - j) / (j + 1);
        }
        // Ratios fall, so a geometric series bounds the rest: added rather than dropped.
        sum += term * ratio / (1 - ratio);
        return new BinomialTail(logFirst + StrictMath.log(sum) + error(count, samples, p, logFirst, j - count + 1),
                count / sum);
    }

    /**
     * Bounds the rounding error of {@code ln T}. Each of the {@code terms} is a product one factor longer than its
     * predecessor. The deviances in {@code logFirst} lose a relative error of their own, which {@code |logFirst|} bounds,
     * and the rounding of {@code samples * p}, to which they react with {@code |count - samples * p|}. Commons Math forms
     * {@code ln(1 - count / samples)} from a rounded quotient, which costs {@code samples / (samples - count)}.
     */
    private static double error(long count, long samples, double p, double logFirst, long terms) {
        return 2 * ROUNDING * (1 + Math.abs(logFirst) + Math.abs(count - samples * p)
                + (double) samples / (samples - count) + terms);
    }
}
