package dev.bulwark.lab;

import dev.bulwark.lab.Discussion.Finding;
import dev.bulwark.lab.Discussion.Verdict;
import dev.bulwark.report.CertifiedCurve;
import dev.bulwark.report.Phrase;
import dev.bulwark.report.ResultTable;
import dev.bulwark.report.Share;
import dev.bulwark.report.Table1;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.stream.Collectors;

/** What a larger sigma buys and costs: the lab report's section on the sigma-radius trade-off, from these rows. */
final class TradeoffDiscussion {

    private static final double MIDDLE = 0.5;

    private final ResultTable table;
    private final List<CertifiedCurve> curves;

    /** @param curves of the table's sigmas, in its order */
    TradeoffDiscussion(ResultTable table, List<CertifiedCurve> curves) {
        this.table = table;
        this.curves = List.copyOf(curves);
    }

    Discussion write() {
        List<Finding> findings = new ArrayList<>();
        trend(Table1.CLEAN, "A larger \u03c3 costs clean accuracy", false).ifPresent(findings::add);
        trend(Table1.ABSTAIN, "A larger \u03c3 costs abstentions", true).ifPresent(findings::add);
        findings.addAll(beyondReach());
        findings.addAll(boundedBySigma());
        findings.addAll(bestAt(0.5, "best"));
        findings.addAll(bestAt(0.25, "best, and both neighbours worse,"));
        findings.addAll(figure(1, 1));
        return new Discussion("tradeoff", "The \u03c3-radius trade-off", prose(), findings);
    }

    private List<String> prose() {
        List<String> prose = new ArrayList<>();
        if (curves.size() > 1) {
            List<String> best = Table1.RADII.stream().map(r -> best(r).map(curve -> Phrase.sigma(curve.sigma()) + " at "
                    + Phrase.at(r) + " (" + Phrase.percent(curve.at(r)) + ")")
                    .orElse("none at " + Phrase.at(r))).toList();
            prose.add("Which \u03c3 certifies most depends on the radius that is asked for: " + Phrase.and(best) + "."
                    + (sampledForRadii() ? "" : lead()));
        }
        List<String> furthest = curves.stream().map(curve -> Phrase.radius(curve.furthest()) + " at "
                + Phrase.sigma(curve.sigma()) + ", by " + Phrase.percent(curve.at(curve.furthest())) + " of the images")
                .toList();
        prose.add(sampledForRadii() ? """
                Images are sampled until it is settled which of these radii they have, and no further: curves are exact there, \
                and elsewhere lower bounds that more samples would raise. The largest radius certified is %s."""
                .formatted(Phrase.and(furthest)) : """
                The number of samples limits the radius, too, for where all votes agree only more of them would certify \
                more. The largest radius certified is %s. Where that share is large, the curve ends in a cliff that more \
                samples would move outward.""".formatted(Phrase.and(furthest)));
        return prose;
    }

    /** Whether sampling stopped at the table's radii, so that between them no two curves can be compared. */
    private boolean sampledForRadii() {
        return table.lines().stream().anyMatch(ResultTable.Line::stopsEarly);
    }

    /** Up to which radius each sigma is the best one. */
    private String lead() {
        TreeMap<Double, Double> lastLead = new TreeMap<>();
        for (CertifiedCurve curve : curves) {
            curve.points().stream().map(CertifiedCurve.Point::radius)
                    .filter(r -> best(r).filter(best -> best.sigma() == curve.sigma()).isPresent())
                    .reduce((earlier, later) -> later).ifPresent(r -> lastLead.put(r, curve.sigma()));
        }
        if (lastLead.size() < 2) {
            return "";
        }
        double last = lastLead.remove(lastLead.lastKey());
        return " " + Phrase.and(lastLead.entrySet().stream().map(lead -> Phrase.sigma(lead.getValue())
                + " is ahead for the last time at r\u00a0=\u00a0" + Phrase.radius(lead.getKey())).toList())
                + "; from there on it is " + Phrase.sigma(last) + ".";
    }

    /** The curve with most images certified at r, the smaller sigma of equals; none where nothing is certified. */
    private Optional<CertifiedCurve> best(double r) {
        return curves.stream().filter(curve -> curve.at(r).hits() > 0)
                .max(Comparator.<CertifiedCurve>comparingDouble(curve -> (double) curve.at(r).hits() / curve.at(r)
                .images())
                        .thenComparing(Comparator.comparingDouble(CertifiedCurve::sigma).reversed()));
    }

    /** From the smallest to the largest sigma that the report has too. */
    private Optional<Finding> trend(String column, String claim, boolean rises) {
        TreeMap<Double, BigDecimal> reported = new TreeMap<>();
        TreeMap<Double, Share> measured = new TreeMap<>();
        for (ResultTable.Line line : table.lines()) {
            Optional<Share> share = table.measured(line.at(), column);
            Literature.reported(table, line.at(), column).filter(unused -> share.isPresent()).ifPresent(figure -> {
                reported.put(line.at(), figure);
                measured.put(line.at(), share.get());
            });
        }
        if (measured.size() < 2) {
            return Optional.empty();
        }
        BigDecimal ours = change(measured, share -> share.percent(1));
        BigDecimal theirs = change(reported, Function.identity());
        boolean sameWay = ours.signum() == (rises ? 1 : -1);
        boolean allInside = measured.entrySet().stream()
                .allMatch(at -> Phrase.within(at.getValue(), reported.get(at.getKey())));
        Verdict verdict = !sameWay ? Verdict.DISAGREES : allInside ? Verdict.AGREES : Verdict.PARTLY;
        return Optional.of(new Finding(claim + ": " + listed(reported, BigDecimal::toPlainString) + "%.", verdict,
                "Measured " + listed(measured, share -> share.percent(1).toPlainString()) + "%, a change of "
                        + Phrase.points(ours) + " where the report has " + Phrase.points(theirs) + published(column)
                        + "."));
    }

    private String published(String column) {
        TreeMap<Double, BigDecimal> figures = new TreeMap<>();
        table.lines().forEach(line -> Literature.published(table, line.at(), column)
                .ifPresent(figure -> figures.put(line.at(), figure)));
        return figures.size() < 2 ? "" : "; published rows have " + listed(figures, BigDecimal::toPlainString) + "%";
    }

    /** What the report certifies where nothing can be certified. */
    private List<Finding> beyondReach() {
        return curves.stream().flatMap(curve -> Table1.RADII.stream().flatMap(r -> {
            String column = Table1.certifiedAt(r);
            return objection(curve.sigma(), column).map(objection -> new Finding(
                    Phrase.sigma(curve.sigma()) + " certifies " + Literature.reported(table, curve.sigma(), column)
                    .orElseThrow() + "% at "
                            + Phrase.at(r) + ".", Verdict.IMPOSSIBLE, objection.replaceFirst("^Impossible: w", "W")
                            + " Measured: " + Phrase.percent(curve.at(r))
                                    + ", and no radius beyond " + Phrase.radius(curve.furthest()) + "."
                                    + further(curve.sigma(), column))).stream();
        })).toList();
    }

    private Optional<String> objection(double sigma, String column) {
        return table.beside().tried().flatMap(source -> source.rows().stream()
                .filter(row -> row.at().doubleValue() == sigma).findFirst()).map(row -> row.objections().get(column));
    }

    /** What more samples certify there. */
    private String further(double sigma, String column) {
        return table.lines().stream().filter(line -> line.further() && line.at() == sigma)
                .map(line -> table.cell(line, column).measured().map(share -> " With n = "
                        + Phrase.count(line.samples().orElseThrow()) + ": " + Phrase.precisely(share) + " of "
                        + Phrase.images(share.images()) + ".").orElse("")).collect(Collectors.joining());
    }

    private List<Finding> boundedBySigma() {
        return curves.stream().filter(curve -> curve.furthest() > curve.sigma()).findFirst().map(curve -> new Finding(
                "The certifiable radius is bounded by \u03c3.", Verdict.DISAGREES,
                "At " + Phrase.sigma(curve.sigma()) + " images are certified up to r\u00a0=\u00a0"
                        + Phrase.radius(curve.furthest())
                        + ". R = \u03c3 \u03a6\u207b\u00b9(p) has no bound of its own; the number of samples bounds it."))
                .stream().toList();
    }

    /** The report has the middle sigma best at two radii. */
    private List<Finding> bestAt(double r, String what) {
        String column = Table1.certifiedAt(r);
        Optional<BigDecimal> claimed = Literature.reported(table, MIDDLE, column);
        Optional<CertifiedCurve> best = best(r);
        if (claimed.isEmpty() || best.isEmpty() || table.measured(MIDDLE, column).isEmpty() || curves.size() < 2) {
            return List.of();
        }
        String own = table.beside().tried().stream().flatMap(source -> source.rows().stream())
                .filter(row -> row.figures().get(column).compareTo(claimed.get()) > 0).findFirst()
                .map(row -> " The report's own table has more at \u03c3 = " + row.at() + ": " + row.figures().get(column)
                + "%.")
                .orElse("");
        return List.of(new Finding(Phrase.sigma(MIDDLE) + " is " + what + " at " + Phrase.at(r) + " ("
                + claimed.get() + "%).", Verdict.of(best.get().sigma() == MIDDLE),
                "Measured: " + Phrase.and(curves.stream().map(curve -> Phrase.percent(curve.at(r)) + " at "
                        + Phrase.sigma(curve.sigma())).toList()) + published(column) + "." + own));
    }

    private List<Finding> figure(double sigma, double r) {
        String column = Table1.certifiedAt(r);
        return table.measured(sigma, column)
                .flatMap(share -> Literature.reported(table, sigma, column).map(stated -> new Finding(
                Phrase.sigma(sigma) + " certifies " + stated + "% at " + Phrase.at(r) + ".",
                Verdict.of(Phrase.within(share, stated)), "Measured " + Phrase.precisely(share)
                        + Literature.published(table, sigma, column).map(figure -> "; published " + figure + "%").orElse("")
                        + ".")))
                .stream().toList();
    }

    private static <V> BigDecimal change(TreeMap<Double, V> bySigma, Function<V, BigDecimal> percent) {
        return percent.apply(bySigma.lastEntry().getValue()).subtract(percent.apply(bySigma.firstEntry().getValue()));
    }

    private static <V> String listed(Map<Double, V> bySigma, Function<V, String> text) {
        return Phrase.and(bySigma.values().stream().map(text).toList());
    }
}
