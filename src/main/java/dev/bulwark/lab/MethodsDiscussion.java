package dev.bulwark.lab;

import dev.bulwark.lab.Discussion.Finding;
import dev.bulwark.lab.Discussion.Verdict;
import dev.bulwark.report.Phrase;
import dev.bulwark.report.ResultTable;
import dev.bulwark.report.Share;
import dev.bulwark.report.Table1;
import dev.bulwark.report.Table2;
import dev.bulwark.results.RunFolder;
import dev.bulwark.results.SmoothingRow;
import java.math.BigDecimal;
import java.math.MathContext;
import java.math.RoundingMode;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.DoubleFunction;

/** What each method gives and costs: the lab report's comparison of smoothing and IBP, from this run. */
final class MethodsDiscussion {

    private static final double SMALL = 0.1;

    private final RunFolder run;
    private final ResultTable table1;
    private final ResultTable table2;

    MethodsDiscussion(RunFolder run, ResultTable table1, ResultTable table2) {
        this.run = run;
        this.table1 = table1;
        this.table2 = table2;
    }

    Discussion write() {
        List<Finding> findings = new ArrayList<>();
        findings.addAll(norms());
        findings.addAll(cost());
        findings.add(abstention());
        findings.addAll(smallBudgets());
        return new Discussion("methods", "Randomized smoothing against IBP", List.of(prose()), findings);
    }

    private String prose() {
        return """
                Clean accuracy is %s for the smoothed classifiers and %s for the networks trained for bounds. The two \
                certify different norms with different networks, so no column of table 1 can be set against one of table 2."""
                .formatted(range(table1, Table1.CLEAN, Phrase::sigma), range(table2, Table2.CLEAN, Phrase::epsilon));
    }

    /** The two norms, put to one scale as far as that goes. */
    private List<Finding> norms() {
        return run.gallery().map(pictures -> {
            int inputs = pictures.shape().size();
            double radius = run.smoothing().values().stream().flatMap(rows -> rows.certified().stream())
                    .filter(SmoothingRow::correct).mapToDouble(SmoothingRow::radius).max().orElse(0);
            return new Finding("Smoothing certifies the L2 norm, IBP L\u221e; smoothing scales to any size by raising "
                    + "\u03c3.",
                    Verdict.PARTLY, """
                    An L2 radius of r guarantees an L\u221e box of r / \u221ad only. With d = %s inputs, the largest radius \
                    certified here, %s, is worth \u03b5 = %s.""".formatted(inputs, Phrase.radius(radius),
                    Phrase.radius(radius / Math.sqrt(inputs))));
        }).stream().toList();
    }

    private List<Finding> cost() {
        List<Duration> times = run.smoothing().values().stream().flatMap(rows -> rows.certified().stream())
                .map(SmoothingRow::time).filter(time -> !time.isZero()).toList();
        long bounded = run.ibp().values().stream().mapToLong(rows -> rows.bounds().size()).sum();
        double verifying = run.run().path("timings").path("verify").asDouble(0);
        if (times.isEmpty() || bounded == 0 || verifying <= 0) {
            return List.of();
        }
        double smoothed = times.stream().mapToDouble(Duration::toNanos).average().orElseThrow() / 1e6;
        double bounds = verifying * 1e3 / bounded;
        return List.of(new Finding("Smoothing is costly at inference, IBP cheap.", Verdict.of(smoothed > bounds),
                "An image takes " + milliseconds(smoothed) + " to certify by smoothing and " + milliseconds(bounds)
                        + " to bound on this machine: " + brief(smoothed / bounds) + " times as long."));
    }

    private Finding abstention() {
        List<String> uncertified = table2.lines().stream().flatMap(line -> uncertified(line.at()).stream()).toList();
        return new Finding("Smoothing abstains (when p < 0.5), IBP does not.", Verdict.PARTLY, """
                It abstains where the lower bound of p is not above 0.5, which also happens to images whose p is: %s of the \
                images.""".formatted(range(table1, Table1.ABSTAIN, Phrase::sigma))
                + (uncertified.isEmpty() ? "" : " IBP has no such answer, but leaves correct images uncertified: "
                        + Phrase.and(uncertified) + "."));
    }

    private Optional<String> uncertified(double epsilon) {
        Optional<Share> clean = table2.measured(epsilon, Table2.CLEAN);
        Optional<Share> certified = table2.measured(epsilon, Table2.CERTIFIED);
        if (clean.isEmpty() || certified.isEmpty() || clean.get().images() != certified.get().images()) {
            return Optional.empty();
        }
        BigDecimal share = BigDecimal.valueOf(100 * (clean.get().hits() - certified.get().hits()))
                .divide(BigDecimal.valueOf(clean.get().images()), 1, RoundingMode.HALF_UP);
        return Optional.of(share + "% at " + Phrase.epsilon(epsilon));
    }

    /** The report recommends IBP where the budget is small. */
    private List<Finding> smallBudgets() {
        List<Double> large = table2.lines().stream().map(ResultTable.Line::at)
                .filter(epsilon -> epsilon > SMALL).toList();
        Optional<Share> small = table2.measured(SMALL, Table2.CERTIFIED);
        Optional<Share> widest = large.isEmpty() ? Optional.empty()
                : table2.measured(large.get(large.size() - 1), Table2.CERTIFIED);
        if (small.isEmpty() || widest.isEmpty()) {
            return List.of();
        }
        double last = large.get(large.size() - 1);
        boolean falls = widest.get().percent(1).compareTo(small.get().percent(1)) < 0;
        String clean = table2.measured(last, Table2.CLEAN)
                .map(share -> ", clean accuracy to " + Phrase.percent(share)).orElse("");
        String gap = table2.measured(last, Table2.GAP)
                .map(share -> ", and the gap to PGD there is " + Phrase.points(share.percent(1))).orElse("");
        String published = Literature.published(table2, last, Table2.CERTIFIED).map(figure -> " A published network keeps "
                + figure + "% there with the same bounds, so their looseness alone does not explain the fall.").orElse("");
        return List.of(new Finding("IBP suits small budgets (\u03b5 \u2264 0.10); beyond, bounds loosen.",
                falls ? Verdict.PARTLY : Verdict.DISAGREES, "Certified accuracy goes from " + Phrase.percent(small.get())
                        + " at " + Phrase.epsilon(SMALL) + " to " + Phrase.percent(widest.get()) + " at "
                        + Phrase.epsilon(last) + clean + gap + "." + published));
    }

    private static String range(ResultTable table, String column, DoubleFunction<String> at) {
        return Phrase.and(table.lines().stream().filter(line -> !line.further())
                .flatMap(line -> table.measured(line.at(), column)
                .map(share -> Phrase.percent(share) + " at " + at.apply(line.at())).stream()).toList());
    }

    private static String milliseconds(double time) {
        return brief(time) + " ms";
    }

    /** Two digits that count. */
    private static String brief(double number) {
        return new BigDecimal(number).round(new MathContext(2)).toPlainString();
    }
}
