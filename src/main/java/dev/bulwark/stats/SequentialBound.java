package dev.bulwark.stats;

/**
 * A lower confidence bound of a success probability that is valid at every number of samples at once (a confidence
 * sequence): sampling may stop at any time, for any reason that the samples so far give, and the bound at that time is
 * false with probability at most alpha.
 *
 * <p><b>The test.</b> Having seen k successes and m failures, n = k + m, let {@code L(q) = q^k (1-q)^m}. The wealth against p
 * is the mixture of likelihood ratios over the probabilities above p, by the density of Krichevsky and Trofimov restricted
 * to them, {@code w(q) = 1 / sqrt(q (1-q))} on (p, 1):
 * <pre>
 *     W(p) = (integral of w L from p to 1) / (L(p) times integral of w from p to 1)
 *          = G / ((2m + 1) H),   G = sum over j of the products of (n+1+i)(1-p) / (m+3/2+i) for i below j,
 *                                H = sum over j of the products of (1+i)(1-p) / (3/2+i)     for i below j
 * </pre>
 * (the series of the incomplete beta functions on both sides, DLMF 8.17.8, whose common factors cancel). All terms are
 * positive. Under any success probability p' of at most p, each ratio {@code L(q)/L(p)} with q above p is a supermartingale
 * that starts at 1: one more sample multiplies it by {@code p' q/p + (1-p')(1-q)/(1-p)} on average, which rises with p' and
 * is 1 at p' = p. So is W(p), and by Ville's inequality it ever reaches 1/alpha with probability at most alpha.
 *
 * <p><b>The bound</b> is the largest p in [1/4, 1) with W(p) of at least 1/alpha, and 0 where there is none. Let the bound be
 * P at some time. <i>If W(P) is at least 1/alpha, it is so at every p in [1/4, P].</i> Let q be in that interval with W(q) above
 * 1. Then {@code ln W(q) <= k ln(k/(nq)) + m ln(m/(n(1-q))) <= k ln(k/(nq)) <= (k - nq)/q}: the first since a mixture is no
 * larger than the largest likelihood ratio, and k/n exceeds q, as otherwise no ratio exceeded 1. With
 * {@code integral of w = 2 asin(sqrt(1-q)) >= 2 sqrt(1-q)} and {@code 1 - 1/W <= ln W},
 * <pre>
 *     d ln W / dq = w(q) (1 - 1/W) / (integral of w from q to 1) - (k - nq) / (q (1-q))
 *                &lt;= ln W / (2 sqrt(q) (1-q)) - ln W / (1-q)  &lt;=  0        for q of at least 1/4,
 * </pre>
 * so that W only grows from P down to 1/4. Hence if the success probability is p' and the bound exceeds it at any time,
 * {@code W(max(p', 1/4))} has reached 1/alpha at that time, which happens with probability at most alpha.
 *
 * <p>Restricting the mixture to (p, 1) makes it worth more than over (0, 1) by a factor of {@code pi / (2 asin(sqrt(1-p)))}, 4
 * at p = 0.84 and 43 at p = 0.9987. Confidence sequences for smoothing: Voracek 2024; mixtures: Robbins 1970.
 */
public final class SequentialBound {

    /** Nothing below is claimed: the proof above does not hold there. */
    public static final double LEAST = 0.25;

    /** Trials are counted in an int elsewhere, and stay exact in a double here. */
    private static final long MAX_SAMPLES = Integer.MAX_VALUE;
    /** The relative distance to the exact bound at which the search ends. */
    private static final double TOLERANCE = 0x1p-42;
    private static final double AIM = TOLERANCE / 2;
    private static final int MAX_STEPS = 200;
    /** Larger sums are not needed: their wealth exceeds every 1 / alpha. */
    private static final double HUGE = 0x1p1000;
    private static final double SMALLEST_ALPHA = 1e-200;

    private SequentialBound() {
    }

    /**
     * With probability at least 1 - alpha, the success probability is at least this bound at all times: never above the exact
     * bound, and within a relative 10^-12 below it.
     *
     * @param count   successes so far, in [0, samples]
     * @param samples trials so far, 1 to 2^31 - 1
     * @param alpha   probability that the bound is ever false, in [1e-200, 0.5]
     */
    public static double lower(long count, long samples, double alpha) {
        requireCounts(count, samples, alpha);
        double low = LEAST;
        double high = (double) count / samples;
        if (high <= low || !rejects(count, samples, low, alpha)) {
            return 0;
        }
        double p = Math.min(Math.max(start(count, samples, alpha), low), high);
        for (int step = 0; step < MAX_STEPS; ++step) {
            Wealth wealth = Wealth.against(p, count, samples);
            double excess = wealth.log() + StrictMath.log(alpha); // for the search alone
            double further = -excess / wealth.slope() / p;
            if (wealth.atLeastInverse(alpha)) {
                low = p;
                if (further <= TOLERANCE) {
                    return p;
                }
            } else {
                high = p;
            }
            p *= 1 + further - AIM;
            if (!(p > low && p < high)) {
                p = low + (high - low) / 2;
                if (p <= low || p >= high) {
                    return low;
                }
            }
        }
        throw new ArithmeticException("no bound found for count " + count + ", samples " + samples + ", alpha " + alpha);
    }

    /**
     * Whether so many successes show that the success probability is above p. For any p and any stopping time, this is said with
     * probability at most alpha if it is not; rounding can only keep it from being said.
     *
     * @param p strictly between 0 and 1
     */
    public static boolean rejects(long count, long samples, double p, double alpha) {
        requireCounts(count, samples, alpha);
        if (!(p > 0 && p < 1)) {
            throw new IllegalArgumentException("p must lie strictly between 0 and 1: " + p);
        }
        return Wealth.against(p, count, samples).atLeastInverse(alpha);
    }

    /** The Wilson score bound of a somewhat smaller alpha: where the search starts. */
    private static double start(long count, long samples, double alpha) {
        double z = -StandardNormal.quantile(alpha / 4);
        double variance = (double) count * (samples - count) / samples + z * z / 4;
        return (count + z * z / 2 - z * Math.sqrt(variance)) / (samples + z * z);
    }

    /**
     * W(p) as a quotient, with the error of its sums.
     *
     * @param above    G, of which this many terms were summed
     * @param below    (2m + 1) H, the terms left out of H included
     * @param error    relative error of the quotient: each term is three roundings longer than the one before it, and is added
     * @param slope    {@code d ln W / dp}, for the search alone
     */
    private record Wealth(double above, double below, double error, double slope) {

        static Wealth against(double p, long count, long samples) {
            double failing = complement(p);
            long failures = samples - count;
            double term = 1;
            double sum = 1;
            long terms = 1;
            double ratio = (samples + 1) * failing / (failures + 1.5);
            while (sum < HUGE && !(ratio < 1 && term * ratio <= 0x1p-54 * sum * (1 - ratio))) {
                term *= ratio;
                sum += term;
                ratio = (samples + 1 + terms) * failing / (failures + 1.5 + terms);
                ++terms;
            }
            double prior = 1;
            term = 1;
            long priorTerms = 1;
            while (term > 0x1p-54 * (1 - failing)) {
                term *= priorTerms * failing / (priorTerms + 0.5);
                prior += term;
                ++priorTerms;
            }
            prior += term * failing / (1 - failing) * (1 + 0x1p-50); // ratios stay below 1 - p
            double quotient = sum / ((2 * failures + 1) * prior);
            double slope = ((1 - 1 / quotient) / (2 * prior) - (count - samples * p)) / (p * failing);
            return new Wealth(sum, (2 * failures + 1) * prior, (terms + priorTerms + 4) * 0x1p-50, slope);
        }

        /** 1 - p or less: what is shown at a larger p is shown at p, too. */
        private static double complement(double p) {
            double failing = 1 - p;
            return p >= 0.5 ? failing : Math.nextDown(failing); // exact from 1/2 on
        }

        boolean atLeastInverse(double alpha) {
            return above * (1 - error) * alpha * (1 - 0x1p-50) >= below;
        }

        double log() {
            return StrictMath.log(above * (1 - error) / below);
        }
    }

    private static void requireCounts(long count, long samples, double alpha) {
        if (samples < 1 || samples > MAX_SAMPLES) {
            throw new IllegalArgumentException("samples must lie in [1, " + MAX_SAMPLES + "]: " + samples);
        }
        if (count < 0 || count > samples) {
            throw new IllegalArgumentException("count must lie in [0, samples]: " + count + " of " + samples);
        }
        if (!(alpha >= SMALLEST_ALPHA && alpha <= 0.5)) {
            throw new IllegalArgumentException("alpha must lie in [" + SMALLEST_ALPHA + ", 0.5]: " + alpha);
        }
    }
}
