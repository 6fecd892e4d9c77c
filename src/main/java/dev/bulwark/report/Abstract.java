package dev.bulwark.report;

import dev.bulwark.results.AttackRecord;
import dev.bulwark.results.RunLayout;
import java.math.BigDecimal;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** The run in a paragraph. */
public final class Abstract {

    private static final double RADIUS = 1;

    private Abstract() {
    }

    public static String write(Optional<ResultTable> table1, Optional<ResultTable> table2, Optional<String> more) {
        return Stream.of(table1.flatMap(Abstract::smoothing), table2.flatMap(Abstract::bounds), more)
                .flatMap(Optional::stream).collect(Collectors.joining(" "));
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
        List<String> others = table.beside().sources().stream().flatMap(source -> source.figure(at, column)
                .map(figure -> source.name().inSentence() + (source.name().tried() ? " has " + figure + "% there"
                        : " " + figure + "%")).stream()).toList();
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
        String claimed = table.scope().warning().isPresent() ? ""
                : table.beside().tried().map(source -> claimed(source, lines)).orElse("");
        List<String> radii = lines.stream().map(line -> RunLayout.decimals(line.at())).toList();
        return Optional.of("Interval bounds certify " + Phrase.and(certified) + "% of " + Phrase.images(table.images())
                + " at L\u221e radii of " + Phrase.and(radii) + claimed
                + crossCheck(lines, table.column(Table2.PGD).title()) + ".");
    }

    /** What is claimed of these lines, if it is claimed of all. */
    private static String claimed(Beside.Source source, List<ResultTable.Line> lines) {
        List<BigDecimal> figures = lines.stream().flatMap(line -> source.figure(line.at(), Table2.CERTIFIED).stream())
                .toList();
        return figures.size() < lines.size() ? "" : " (" + source.name().title() + ": "
                + Phrase.and(figures.stream().map(BigDecimal::toPlainString).toList()) + "%)";
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
}
