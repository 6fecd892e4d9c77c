package dev.bulwark.report;

import dev.bulwark.report.Discussion.Finding;
import dev.bulwark.report.Discussion.Verdict;
import dev.bulwark.results.AttackRecord;
import dev.bulwark.results.RunLayout;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;

/** The run in a paragraph. */
final class Abstract {

    private static final double RADIUS = 1;

    private Abstract() {
    }

    static String write(Optional<ResultTable> table1, Optional<ResultTable> table2, List<Discussion> discussions) {
        List<String> sentences = new ArrayList<>();
        table1.flatMap(Abstract::smoothing).ifPresent(sentences::add);
        table2.flatMap(Abstract::bounds).ifPresent(sentences::add);
        List<Finding> findings = discussions.stream().flatMap(discussion -> discussion.findings().stream()).toList();
        if (!findings.isEmpty()) {
            sentences.add("Of " + findings.size() + (findings.size() == 1 ? " claim" : " claims")
                    + " of the lab report that these rows can speak to, "
                    + count(findings, Verdict.AGREES) + " agree, " + count(findings, Verdict.PARTLY) + " agree in part, "
                    + count(findings, Verdict.DISAGREES) + " disagree and " + count(findings, Verdict.IMPOSSIBLE)
                    + " cannot be true.");
        }
        return String.join(" ", sentences);
    }

    private static Optional<String> smoothing(ResultTable table) {
        String column = Table1.certifiedAt(RADIUS);
        return table.lines().stream().filter(line -> table.measured(line.at(), column).isPresent())
                .max(Comparator.comparing(line -> table.measured(line.at(), column).orElseThrow().percent(4)))
                .map(best -> {
                    Share share = table.measured(best.at(), column).orElseThrow();
                    return "Randomized smoothing certifies " + Phrase.percent(share) + " of "
                            + Phrase.images(share.images()) + " at an L2 radius of 1.00, with "
                            + Phrase.sigma(best.at()) + beside(table, best.at(), column) + ".";
                });
    }

    private static String beside(ResultTable table, double at, String column) {
        if (table.scope().warning().isPresent()) {
            return "";
        }
        List<String> others = new ArrayList<>();
        table.reported(at, column).ifPresent(figure -> others.add("the lab report has " + figure + "% there"));
        table.published(at, column).ifPresent(figure -> others.add("published work " + figure + "%"));
        return others.isEmpty() ? "" : " (" + String.join(", ", others) + ")";
    }

    private static Optional<String> bounds(ResultTable table) {
        List<ResultTable.Line> lines = table.lines().stream()
                .filter(line -> table.measured(line.at(), Table2.CERTIFIED).isPresent()).toList();
        if (lines.isEmpty()) {
            return Optional.empty();
        }
        List<String> certified = lines.stream()
                .map(line -> table.measured(line.at(), Table2.CERTIFIED).orElseThrow().percent(1).toPlainString())
                .toList();
        List<String> reported = lines.stream().flatMap(line -> table.reported(line.at(), Table2.CERTIFIED).stream())
                .map(BigDecimal::toPlainString).toList();
        String report = reported.size() == lines.size() && table.scope().warning().isEmpty()
                ? " (lab report: " + Phrase.and(reported) + "%)" : "";
        List<String> radii = lines.stream().map(line -> RunLayout.decimals(line.at())).toList();
        return Optional.of("Interval bounds certify " + Phrase.and(certified) + "% of " + Phrase.images(table.images())
                + " at L\u221e radii of " + Phrase.and(radii) + report
                + crossCheck(lines, table.column(Table2.PGD).title()) + ".");
    }

    /** What became of the certified images that were attacked as well. */
    private static String crossCheck(List<ResultTable.Line> lines, String pgd) {
        long checked = lines.stream().mapToLong(line -> line.detail().count(Table2.CROSS_CHECKED)).sum();
        long differences = lines.stream().mapToLong(line -> line.detail().count(Table2.DIFFERENCES)).sum();
        String attacked = checked == 0 ? "" : ", and projected gradient descent, "
                + AttackRecord.inSentence(pgd) + ", attacked " + Phrase.images(checked) + " with a certificate";
        return differences == 0 ? attacked + (checked == 0 ? "" : " and broke none")
                : attacked + "; " + Phrase.images(differences) + " with a certificate " + (differences == 1 ? "is" : "are")
                + " misclassified, by the float network's rounding alone";
    }

    private static String count(List<Finding> findings, Verdict verdict) {
        return Long.toString(findings.stream().filter(finding -> finding.verdict() == verdict).count());
    }
}
