package dev.bulwark.report;

import dev.bulwark.results.RunLayout;
import dev.bulwark.stats.StandardNormal;
import java.math.BigDecimal;
import java.math.RoundingMode;
import java.util.Locale;
import java.util.Optional;

/** How far a number of noise samples can certify at all, whatever the network: by arithmetic. */
public final class Reach {

    private Reach() {
    }

    /** The largest radius that n agreeing votes can show: sigma * quantile(alpha^(1/n)). */
    public static double maxRadius(double sigma, long n, double alpha) {
        return sigma * StandardNormal.quantile(Math.pow(alpha, 1.0 / n));
    }

    /** The smallest n with which {@code radius} can be certified at all. */
    public static long samplesFor(double radius, double sigma, double alpha) {
        long tooFew = 0;
        long enough = 1;
        while (maxRadius(sigma, enough, alpha) < radius) {
            tooFew = enough;
            enough = Math.multiplyExact(2, enough);
        }
        while (enough - tooFew > 1) {
            long middle = (tooFew + enough) >>> 1;
            if (maxRadius(sigma, middle, alpha) < radius) {
                tooFew = middle;
            } else {
                enough = middle;
            }
        }
        return enough;
    }

    /** Why nothing can be certified at this radius with so few samples, whatever the network. */
    static Optional<String> reason(double sigma, double radius, long n, double alpha) {
        double reach = maxRadius(sigma, n, alpha);
        return reach >= radius ? Optional.empty() : Optional.of(String.format(Locale.ROOT,
                "0 by arithmetic: with n = %,d and alpha = %s no radius exceeds %s at sigma %s, even if all votes agree; "
                        + "r = %.2f needs n >= %,d.", n, BigDecimal.valueOf(alpha),
                BigDecimal.valueOf(Math.max(0, reach)).setScale(4, RoundingMode.UP), RunLayout.decimals(sigma), radius,
                samplesFor(radius, sigma, alpha)));
    }
}
