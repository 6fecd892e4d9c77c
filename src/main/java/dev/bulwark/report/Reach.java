package dev.bulwark.report;

import dev.bulwark.results.RunLayout;
import dev.bulwark.stats.Sampling;
import dev.bulwark.stats.StandardNormal;
import java.math.BigDecimal;
import java.math.RoundingMode;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalLong;

/** How far a number of noise samples can certify at all, whatever the network: by arithmetic. */
public final class Reach {

    /** Samples an image: far more than anybody draws, and few enough for alpha^(1/n) to be told from 1. */
    private static final long MOST = 1L << 40;

    /** Of those that stop when the votes say enough. */
    private static final long MOST_SEQUENTIAL = 1L << 30;

    private Reach() {
    }

    /**
     * The largest radius that n agreeing votes can show: sigma * quantile(alpha^(1/n)); infinite, which excludes no radius, where
     * doubles don't tell alpha^(1/n) from 1.
     */
    public static double maxRadius(double sigma, long n, double alpha) {
        return maxRadius(Sampling.FIXED, sigma, n, alpha);
    }

    /** The same for how it is decided when to stop, n samples at most. */
    public static double maxRadius(Sampling sampling, double sigma, long n, double alpha) {
        if (sampling == Sampling.SEQUENTIAL) {
            double bound = sampling.lower(Math.min(n, MOST_SEQUENTIAL), Math.min(n, MOST_SEQUENTIAL), alpha);
            return bound > 0 ? sigma * StandardNormal.quantile(bound) : 0;
        }
        double share = Math.pow(alpha, 1.0 / n);
        return share < 1 ? sigma * StandardNormal.quantile(share) : Double.POSITIVE_INFINITY;
    }

    /** The smallest n with which {@code radius} can be certified at all; empty if it is beyond any practical number. */
    public static OptionalLong samplesFor(double radius, double sigma, double alpha) {
        return samplesFor(Sampling.FIXED, radius, sigma, alpha);
    }

    private static OptionalLong samplesFor(Sampling sampling, double radius, double sigma, double alpha) {
        long tooFew = 0;
        long enough = 1;
        while (maxRadius(sampling, sigma, enough, alpha) < radius) {
            if (enough >= (sampling == Sampling.FIXED ? MOST : MOST_SEQUENTIAL)) {
                return OptionalLong.empty();
            }
            tooFew = enough;
            enough *= 2;
        }
        if (maxRadius(sampling, sigma, enough, alpha) == Double.POSITIVE_INFINITY) {
            return OptionalLong.empty();
        }
        while (enough - tooFew > 1) {
            long middle = (tooFew + enough) >>> 1;
            if (maxRadius(sampling, sigma, middle, alpha) < radius) {
                tooFew = middle;
            } else {
                enough = middle;
            }
        }
        return OptionalLong.of(enough);
    }

    /** The number of samples that {@code radius} takes, in words. */
    public static String needed(double radius, double sigma, double alpha) {
        return needed(Sampling.FIXED, radius, sigma, alpha);
    }

    private static String needed(Sampling sampling, double radius, double sigma, double alpha) {
        OptionalLong samples = samplesFor(sampling, radius, sigma, alpha);
        return samples.isPresent() ? String.format(Locale.ROOT, "r = %.2f needs n >= %,d", radius, samples.getAsLong())
                : String.format(Locale.ROOT, "no practical number of samples reaches r = %.2f", radius);
    }

    /** Why nothing can be certified at this radius with so few samples, whatever the network. */
    static Optional<String> reason(Sampling sampling, double sigma, double radius, long n, double alpha) {
        double reach = maxRadius(sampling, sigma, n, alpha);
        return reach >= radius ? Optional.empty() : Optional.of(String.format(Locale.ROOT,
                "0 by arithmetic: with n = %,d and alpha = %s no radius exceeds %s at sigma %s, even if all votes agree; "
                        + "%s.", n, BigDecimal.valueOf(alpha),
                BigDecimal.valueOf(Math.max(0, reach)).setScale(4, RoundingMode.UP), RunLayout.decimals(sigma),
                needed(sampling, radius, sigma, alpha)));
    }
}
