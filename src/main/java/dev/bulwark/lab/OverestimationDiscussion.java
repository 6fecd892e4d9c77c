package dev.bulwark.lab;

import dev.bulwark.lab.Discussion.Finding;
import dev.bulwark.lab.Discussion.Verdict;
import dev.bulwark.report.Phrase;
import dev.bulwark.report.ResultTable;
import dev.bulwark.report.Table2;
import dev.bulwark.results.AttackRow;
import dev.bulwark.results.EpsilonRows;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.DoubleFunction;
import java.util.function.Predicate;

/** How much PGD overestimates robustness: the lab report's section on that, from what further attacks and bounds broke. */
final class OverestimationDiscussion {

    private final SortedMap<Double, EpsilonRows> rows = new TreeMap<>();
    private final ResultTable table;
    /** Those of which PGD and further attacks have rows. */
    private final List<Double> epsilons;

    OverestimationDiscussion(SortedMap<Double, EpsilonRows> all, ResultTable table) {
        all.forEach((epsilon, found) -> rows.put(epsilon, found.comparable()));
        this.table = table;
        this.epsilons = table.lines().stream().map(ResultTable.Line::at)
                .filter(epsilon -> rows.get(epsilon).suite().isPresent() && table.measured(epsilon, Table2.PGD).isPresent()
                        && table.measured(epsilon, Table2.STRONGEST_ATTACK).isPresent()).toList();
    }

    /** Empty where nothing but PGD attacked. */
    Optional<Discussion> write() {
        return epsilons.isEmpty() ? Optional.empty() : Optional.of(new Discussion("overestimation",
                "Why empirical robustness can be overestimated", List.of(prose()), List.of(diversity())));
    }

    private String prose() {
        String name = Phrase.and(epsilons.stream().map(epsilon -> rows.get(epsilon).suite().orElseThrow().name()).distinct().toList());
        return """
                %s took the images that PGD had left standing, that no bound certifies and that the cascade had not falsified: %s. It \
                broke %s. The strongest attack, which counts every point that anything found, leaves %s standing, PGD alone %s. So PGD \
                overestimates robust accuracy by %s. What still stands without a certificate may be robust or not: %s."""
                .formatted(name, each(epsilon -> Phrase.count(open(epsilon, row -> true))),
                        each(epsilon -> Phrase.count(open(epsilon, row -> !row.survived()))),
                        each(epsilon -> Phrase.percent(table.measured(epsilon, Table2.STRONGEST_ATTACK).orElseThrow())),
                        each(epsilon -> Phrase.percent(table.measured(epsilon, Table2.PGD).orElseThrow())),
                        each(epsilon -> Phrase.images(missed(epsilon))), each(epsilon -> Phrase.images(rows.get(epsilon).open().size())));
    }

    /** Of attacked images that no bound certifies. */
    private long open(double epsilon, Predicate<AttackRow> counted) {
        Set<Integer> certified = rows.get(epsilon).certified();
        return rows.get(epsilon).suite().orElseThrow().rows().stream()
                .filter(row -> row.cleanCorrect() && !certified.contains(row.index())).filter(counted).count();
    }

    /** Images that PGD leaves standing and something else breaks. */
    private long missed(double epsilon) {
        return table.measured(epsilon, Table2.PGD).orElseThrow().hits()
                - table.measured(epsilon, Table2.STRONGEST_ATTACK).orElseThrow().hits();
    }

    private String each(DoubleFunction<String> figure) {
        return Phrase.and(epsilons.stream().map(epsilon -> figure.apply(epsilon) + " at " + Phrase.epsilon(epsilon)).toList());
    }

    private Finding diversity() {
        long missed = epsilons.stream().mapToLong(this::missed).sum();
        return new Finding("A single attack family, as PGD, may miss adversarial examples; AutoAttack partially mitigates this.",
                missed > 0 ? Verdict.AGREES : Verdict.DISAGREES, missed > 0
                ? "PGD misses " + each(epsilon -> Phrase.images(missed(epsilon))) + ", which further attacks or branch and bound break."
                : "Here PGD misses none that further attacks or branch and bound break.");
    }
}
