package dev.bulwark.report;

import dev.bulwark.results.RunLayout;
import dev.bulwark.stats.StandardNormal;
import java.math.BigDecimal;
import java.math.RoundingMode;
import java.util.ArrayList;
import java.util.List;
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

    /** What is wrong with the figures that the lab report's table 1 states, row by row. */
    static List<Literature.Misstatement> objections(Literature literature) {
        List<Literature.Misstatement> found = new ArrayList<>();
        for (Literature.Row row : literature.table1().reported().rows()) {
            for (Column<?> column : Table1.DEFINITION.columns()) {
                objection(literature.table1(), row.at().doubleValue(), column.key()).ifPresent(fact -> found.add(
                        new Literature.Misstatement("Table 1, sigma " + row.at() + ", " + column.title() + ": "
                                + row.figures().get(column.key()) + "%.", fact)));
            }
        }
        return List.copyOf(found);
    }

    /** Why the reported figure for a sigma in the column with a key can't be right or is hard to believe. */
    static Optional<String> objection(Literature.Beside beside, double sigma, String column) {
        Optional<BigDecimal> reported = beside.reported().figure(sigma, column);
        if (column.equals(Table1.ABSTAIN)) {
            return reported.flatMap(abstain -> moreThanAll(beside, sigma, abstain));
        }
        return Table1.RADII.stream().filter(radius -> column.equals(Table1.certifiedAt(radius))).findFirst()
                .flatMap(radius -> reported.flatMap(share -> beyondReach(sigma, radius, share)));
    }

    /** The largest radius that n agreeing votes can show: sigma * quantile(alpha^(1/n)). */
    static double maxRadius(double sigma, long n, double alpha) {
        return sigma * StandardNormal.quantile(Math.pow(alpha, 1.0 / n));
    }

    /** The smallest n with which {@code radius} can be certified at all. */
    static long samplesFor(double radius, double sigma, double alpha) {
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
    static Optional<String> outOfReach(double sigma, double radius, long n, double alpha) {
        double reach = maxRadius(sigma, n, alpha);
        return reach >= radius ? Optional.empty() : Optional.of(String.format(Locale.ROOT,
                "0 by arithmetic: with n = %,d and alpha = %s no radius exceeds %s at sigma %s, even if all votes agree; "
                        + "r = %.2f needs n >= %,d.", n, BigDecimal.valueOf(alpha),
                BigDecimal.valueOf(Math.max(0, reach)).setScale(4, RoundingMode.UP), RunLayout.decimals(sigma), radius,
                samplesFor(radius, sigma, alpha)));
    }

    private static Optional<String> beyondReach(double sigma, double radius, BigDecimal reported) {
        double reach = maxRadius(sigma, REPORTED_N, REPORTED_ALPHA);
        if (reported.signum() == 0 || reach >= radius) {
            return Optional.empty();
        }
        return Optional.of(String.format(Locale.ROOT,
                "Impossible: with n = %,d and alpha = %s, p_A is shown to be at most alpha^(1/n) = %.6f even if all votes agree, "
                        + "so no radius exceeds %s at sigma %.2f; r = %.2f needs n >= %,d.",
                REPORTED_N, BigDecimal.valueOf(REPORTED_ALPHA), Math.pow(REPORTED_ALPHA, 1.0 / REPORTED_N),
                BigDecimal.valueOf(reach).setScale(4, RoundingMode.UP), sigma, radius,
                samplesFor(radius, sigma, REPORTED_ALPHA)));
    }

    private static Optional<String> moreThanAll(Literature.Beside beside, double sigma, BigDecimal abstain) {
        Optional<BigDecimal> clean = beside.reported().figure(sigma, Table1.CLEAN);
        Optional<BigDecimal> published = beside.published().figure(sigma, Table1.ABSTAIN);
        return clean.map(abstain::add).filter(sum -> sum.compareTo(ALL) > 0).map(sum ->
                "Implausible: clean accuracy " + clean.get() + " and abstentions " + abstain + " add up to " + sum
                        + "%, so images without a clear majority would have to be classified correctly all the same"
                        + published.map(rate -> " (published abstention: " + rate + "%).").orElse("."));
    }
}
