package dev.bulwark.smoothing;

import dev.bulwark.stats.Sampling;
import dev.bulwark.stats.StandardNormal;
import java.math.BigDecimal;
import java.util.OptionalDouble;

/**
 * The l2 radius that a count of votes supports: {@code sigma Phi^-1(pALower)}, Theorem 1 of Cohen et al. 2019 with
 * {@code pB <= 1 - pA}. Bound, quantile and product each round down.
 *
 * <p><b>Which sigma.</b> Noise is drawn with the float nearest to the sigma that is asked for and recorded, which may lie on
 * either side of it. A radius takes the smaller of the two: it is true of the noise drawn, and never more than the recorded
 * sigma supports. They differ by a part in 10^7 at most, and not at all where a float holds sigma, as with 0.25, 0.5 and 1.
 * Discrete noise is drawn with the decimal that sigma prints as; where that is below the double, the next double down counts.
 *
 * @param pALower with probability at least 1 - alpha, no more than the probability of the class counted
 * @param value   the radius, in input units; empty where pALower is at most 1/2 and nothing may be claimed
 */
public record Radius(double pALower, OptionalDouble value) {

    /**
     * @param count   votes for one class, chosen without looking at these votes
     * @param samples votes in all, those for no class included, in a number that was fixed beforehand
     * @param sigma   noise standard deviation, in input units
     * @param alpha   probability that the claim is false
     */
    public static Radius of(long count, long samples, double sigma, double alpha) {
        return of(Sampling.FIXED, count, samples, sigma, alpha);
    }

    /** As {@link #of(long, long, double, double)}, with the bound that is valid for how sampling stopped. */
    public static Radius of(Sampling sampling, long count, long samples, double sigma, double alpha) {
        requireSigma(sigma);
        return of(sampling.lower(count, samples, alpha), sigma);
    }

    /** @param pALower a bound that was shown before; below 1 */
    public static Radius of(double pALower, double sigma) {
        requireSigma(sigma);
        return new Radius(pALower, pALower > 0.5
                ? OptionalDouble.of(multiplyDown(Math.min(below(sigma), (float) sigma), StandardNormal.quantile(pALower)))
                : OptionalDouble.empty());
    }

    static void requireSigma(double sigma) {
        if (!((float) sigma > 0 && Float.isFinite((float) sigma))) {
            throw new IllegalArgumentException("sigma must be positive and finite, as a float too: " + sigma);
        }
    }

    /** The largest double that is not above the decimal that {@code sigma} prints as. */
    private static double below(double sigma) {
        return new BigDecimal(sigma).compareTo(BigDecimal.valueOf(sigma)) > 0 ? Math.nextDown(sigma) : sigma;
    }

    /** The product rounded to nearest may lie half a unit in the last place above the exact one. */
    private static double multiplyDown(double sigma, double quantile) {
        return Math.max(0, Math.nextDown(sigma * quantile));
    }
}
