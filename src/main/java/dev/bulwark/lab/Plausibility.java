package dev.bulwark.lab;

import dev.bulwark.report.Reach;
import dev.bulwark.report.Table1;
import java.math.BigDecimal;
import java.math.RoundingMode;
import java.util.Locale;
import java.util.Optional;

/** Whether a reported smoothing figure can be true at all, by arithmetic rather than by comparison with ours. */
final class Plausibility {

    /** The lab report's setting. */
    private static final long REPORTED_N = 10_000;
    private static final double REPORTED_ALPHA = 0.001;
    private static final BigDecimal ALL = BigDecimal.valueOf(100);

    private Plausibility() {
    }

    /** Why the reported figure for a sigma in the column with a key can't be right or is hard to believe. */
    static Optional<String> objection(Literature.Figures reported, Literature.Figures published, double sigma,
            String column) {
        Optional<BigDecimal> figure = reported.figure(sigma, column);
        if (column.equals(Table1.ABSTAIN)) {
            return figure.flatMap(abstain -> moreThanAll(reported, published, sigma, abstain));
        }
        return Table1.RADII.stream().filter(radius -> column.equals(Table1.certifiedAt(radius))).findFirst()
                .flatMap(radius -> figure.flatMap(share -> beyondReach(sigma, radius, share)));
    }

    private static Optional<String> beyondReach(double sigma, double radius, BigDecimal reported) {
        double reach = Reach.maxRadius(sigma, REPORTED_N, REPORTED_ALPHA);
        if (reported.signum() == 0 || reach >= radius) {
            return Optional.empty();
        }
        return Optional.of(String.format(Locale.ROOT,
                "Impossible: with n = %,d and alpha = %s, p_A is shown to be at most alpha^(1/n) = %.6f even if all votes "
                        + "agree, so no radius exceeds %s at sigma %.2f; %s.",
                REPORTED_N, BigDecimal.valueOf(REPORTED_ALPHA), Math.pow(REPORTED_ALPHA, 1.0 / REPORTED_N),
                BigDecimal.valueOf(reach).setScale(4, RoundingMode.UP), sigma,
                Reach.needed(radius, sigma, REPORTED_ALPHA)));
    }

    private static Optional<String> moreThanAll(Literature.Figures reported, Literature.Figures published,
            double sigma, BigDecimal abstain) {
        Optional<BigDecimal> clean = reported.figure(sigma, Table1.CLEAN);
        Optional<BigDecimal> other = published.figure(sigma, Table1.ABSTAIN);
        return clean.map(abstain::add).filter(sum -> sum.compareTo(ALL) > 0).map(sum ->
                "Implausible: clean accuracy " + clean.get() + " and abstentions " + abstain + " add up to " + sum
                        + "%, so images without a clear majority would have to be classified correctly all the same"
                        + other.map(rate -> " (published abstention: " + rate + "%).").orElse("."));
    }
}
