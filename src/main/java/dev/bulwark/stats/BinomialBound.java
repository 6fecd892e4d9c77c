package dev.bulwark.stats;

/**
 * Clopper-Pearson bounds for the success probability behind a count (Clopper and Pearson 1934), rounded outward.
 *
 * <p>The lower bound is the p at which {@code T(p) = P[X >= count]} reaches alpha. As a function of ln p, ln T is concave
 * (its derivative is the log-concave density of ln B, B a beta variable), so Newton's tangents lie above it and every
 * step lands at or below the root, from either side. What is returned is a p at which {@link BinomialTail}'s upper bound of ln T was
 * evaluated and found at most ln alpha: soundness rests on that last evaluation, not on the iteration.
 */
public final class BinomialBound {

    /** The relative distance below the root at which steps aim, so that rounding cannot put them above it. */
    private static final double AIM = 0x1p-46;

    /** An accepted bound lies within this relative distance below the root, plus the tail's own error. */
    private static final double TOLERANCE = 0x1p-42;

    private static final int MAX_STEPS = 100;

    private BinomialBound() {
    }

    /** @param lower never above the exact bound, at least 0 @param upper never below the exact bound, at most 1 */
    public record Interval(double lower, double upper) {

        public Interval {
            if (!(0 <= lower && lower <= upper && upper <= 1)) {
                throw new IllegalArgumentException("not an interval of probabilities: [" + lower + ", " + upper + "]");
            }
        }
    }

    /**
     * With probability at least 1 - alpha over the samples, the success probability is at least this: never above the
     * exact bound, and within a relative 10^-12 below it. A count of 0 gives 0; a full count gives alpha^(1/samples).
     *
     * @param count   successes, in [0, samples]
     * @param samples trials, 1 to 2^31 - 1
     * @param alpha   probability that the claim is false, in [1e-200, 0.5]
     */
    public static double lower(long count, long samples, double alpha) {
        requireCounts(count, samples);
        if (!(alpha >= 1e-200 && alpha <= 0.5)) {
            throw new IllegalArgumentException("alpha must lie in [1e-200, 0.5]: " + alpha);
        }
        if (count == 0) {
            return 0;
        }
        return count == samples ? lowerWhenAllSucceed(samples, alpha) : solve(count, samples, alpha);
    }

    /** With probability at least 1 - alpha, the success probability is at most this. Arguments as for {@link #lower}. */
    public static double upper(long count, long samples, double alpha) {
        requireCounts(count, samples);
        double failures = lower(samples - count, samples, alpha);
        return failures == 0 ? 1 : Math.nextUp(1 - failures);
    }

    /**
     * Two-sided interval: each side errs with probability at most {@code (1 - confidence) / 2}.
     *
     * @param confidence in (0, 1), for instance 0.95
     */
    public static Interval interval(long count, long samples, double confidence) {
        if (!(confidence > 0 && confidence < 1)) {
            throw new IllegalArgumentException("confidence must lie in (0, 1): " + confidence);
        }
        double alpha = Math.nextDown((1 - confidence) / 2);
        return new Interval(lower(count, samples, alpha), upper(count, samples, alpha));
    }

    /** {@code pow} errs by one unit in the last place, the rounded exponent by {@code |ln alpha| / samples} halves. */
    private static double lowerWhenAllSucceed(long samples, double alpha) {
        double loss = (3 - StrictMath.log(alpha) / samples) * 0x1p-52;
        return StrictMath.pow(alpha, 1.0 / samples) * (1 - loss);
    }

    private static double solve(long count, long samples, double alpha) {
        double logAlpha = Math.nextDown(StrictMath.log(alpha));
        double p = wilsonLower(count, samples, alpha);
        for (int step = 0; step < MAX_STEPS; ++step) {
            BinomialTail tail = BinomialTail.of(count, samples, p);
            double below = (logAlpha - tail.logUpper()) / tail.slope();
            if (below >= 0 && below <= TOLERANCE) {
                return p;
            }
            p *= StrictMath.exp(below - AIM);
        }
        throw new ArithmeticException(
                "no bound found for count " + count + ", samples " + samples + ", alpha " + alpha);
    }

    /** Wilson's score bound: where Newton starts, below {@code count / samples}. */
    private static double wilsonLower(long count, long samples, double alpha) {
        double z = -StandardNormal.quantile(alpha);
        double variance = (double) count * (samples - count) / samples + z * z / 4;
        return (count + z * z / 2 - z * Math.sqrt(variance)) / (samples + z * z);
    }

    private static void requireCounts(long count, long samples) {
        if (samples < 1 || samples > BinomialTail.MAX_SAMPLES) {
            throw new IllegalArgumentException(
                    "samples must lie in [1, " + BinomialTail.MAX_SAMPLES + "]: " + samples);
        }
        if (count < 0 || count > samples) {
            throw new IllegalArgumentException("count must lie in [0, samples]: " + count + " of " + samples);
        }
    }
}
