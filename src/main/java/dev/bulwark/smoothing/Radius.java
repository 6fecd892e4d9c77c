package dev.bulwark.smoothing;

import dev.bulwark.stats.BinomialBound;
import dev.bulwark.stats.StandardNormal;
import java.util.OptionalDouble;

/**
 * The l2 radius that a count of votes supports: {@code sigma Phi^-1(pALower)}, Theorem 1 of Cohen et al. 2019 with
 * {@code pB <= 1 - pA}. Bound, quantile and product each round down.
 *
 * @param pALower with probability at least 1 - alpha, no more than the probability of the class counted
 * @param value   the radius, in input units; empty where pALower is at most 1/2 and nothing may be claimed
 */
public record Radius(double pALower, OptionalDouble value) {

    /**
     * @param count   votes for one class, chosen without looking at these votes
     * @param samples votes in all, those for nobody included
     * @param sigma   noise standard deviation, in input units
     * @param alpha   probability that the claim is false
     */
    public static Radius of(long count, long samples, double sigma, double alpha) {
        requireSigma(sigma);
        double pALower = BinomialBound.lower(count, samples, alpha);
        return new Radius(pALower, pALower > 0.5
                ? OptionalDouble.of(multiplyDown(sigma, StandardNormal.quantile(pALower)))
                : OptionalDouble.empty());
    }

    static void requireSigma(double sigma) {
        if (!(sigma > 0 && Double.isFinite(sigma))) {
            throw new IllegalArgumentException("sigma must be positive and finite: " + sigma);
        }
    }

    /** The product rounded to nearest may lie half a unit in the last place above the exact one. */
    private static double multiplyDown(double sigma, double quantile) {
        return Math.max(0, Math.nextDown(sigma * quantile));
    }
}
