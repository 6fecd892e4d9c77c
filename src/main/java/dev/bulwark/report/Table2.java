package dev.bulwark.report;

import dev.bulwark.report.AttackRow.Loss;
import dev.bulwark.report.BoundsRow.Method;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Function;
import java.util.stream.Collectors;

/** Table 2, interval bound propagation: clean, certified and empirical accuracy for each epsilon. */
public final class Table2 {

    static final String CLEAN = "clean_accuracy";
    static final String CERTIFIED = "ibp_certified";
    static final String CERTIFIED_BY_BOX = "ibp_certified_by_box";
    static final String PGD = "pgd_accuracy";
    static final String GAP = "pgd_gap";
    static final String PGD_BY_CROSS_ENTROPY = "pgd_accuracy_by_loss/cross_entropy";

    private static final List<Column<Rows>> COLUMNS = List.of(
            new Column<>(CLEAN, "Clean", Rows::clean),
            new Column<>(CERTIFIED, "IBP certified", rows -> Share.certified(rows.bounds, BoundsRow::certified)),
            new Column<>(CERTIFIED_BY_BOX, "IBP certified by box",
                    rows -> Share.certified(rows.bounds, BoundsRow::certifiedByBox)),
            new Column<>(PGD, "PGD-50 empirical", rows -> Share.upperBound(rows.attacks, AttackRow::survived)),
            new Column<>(GAP, "Gap to PGD", Rows::gap),
            new Column<>(PGD_BY_CROSS_ENTROPY, "PGD by cross-entropy alone", Rows::standingAfterCrossEntropy, false));

    static final TableDefinition<Rows> DEFINITION = new TableDefinition<>("table2",
            "Interval bound propagation (L-infinity)", "epsilon", COLUMNS, List.of(
                    "IBP certified: every margin's lower bound is positive, last layer elided; rounded down.",
                    "IBP certified by box: every other logit's upper bound lies below the label's lower bound, as in "
                            + "the lab "
                            + "report; rounded down.",
                    "PGD-50 empirical: classified correctly and not broken; an upper bound on robust accuracy, rounded "
                            + "up.",
                    "Gap to PGD: images that PGD did not break and IBP did not certify, among those with both; rounded "
                            + "up."), false);

    private Table2() {
    }

    /**
     * The rows of one epsilon.
     *
     * @param bounds  what IBP certifies, with the last layer elided and by its output box
     * @param attacks what PGD achieved, often on fewer images
     * @param others  what further methods certify, often on fewer images; none of the lists is empty
     */
    public record Rows(List<BoundsRow> bounds, List<AttackRow> attacks, SortedMap<Method, List<BoundsRow>> others) {

        public Rows {
            bounds = List.copyOf(bounds);
            attacks = List.copyOf(attacks);
            others = Collections.unmodifiableSortedMap(new TreeMap<>(others));
        }

        /** Without further methods. */
        public Rows(List<BoundsRow> bounds, List<AttackRow> attacks) {
            this(bounds, attacks, new TreeMap<>());
        }

        boolean isEmpty() {
            return bounds.isEmpty() && attacks.isEmpty() && others.isEmpty();
        }

        /**
         * The images that have both bounds and an attack, the only ones on which the two can be compared; all rows
         * where there is only one kind.
         */
        Rows comparable() {
            if (bounds.isEmpty() || attacks.isEmpty()) {
                return this;
            }
            Set<Integer> bounded = bounds.stream().map(BoundsRow::index).collect(Collectors.toSet());
            Set<Integer> attacked = attacks.stream().map(AttackRow::index).collect(Collectors.toSet());
            SortedMap<Method, List<BoundsRow>> comparable = new TreeMap<>();
            others.forEach((method, rows) -> comparable.put(method,
                    rows.stream().filter(row -> bounded.contains(row.index()) && attacked.contains(row.index())).toList()));
            comparable.values().removeIf(List::isEmpty);
            return new Rows(bounds.stream().filter(row -> attacked.contains(row.index())).toList(),
                    attacks.stream().filter(row -> bounded.contains(row.index())).toList(), comparable);
        }

        private Optional<Share> clean() {
            if (bounds.isEmpty() && attacks.isEmpty()) {
                return others.values().stream().findFirst().flatMap(rows -> Share.measured(rows, BoundsRow::cleanCorrect));
            }
            return bounds.isEmpty() ? Share.measured(attacks, AttackRow::cleanCorrect)
                    : Share.measured(bounds, BoundsRow::cleanCorrect);
        }

        /**
         * Images that an attack by cross-entropy alone would have left: cross-entropy goes first, and at all images. Empty
         * where no row says that it was tried.
         */
        private Optional<Share> standingAfterCrossEntropy() {
            return attacks.stream().noneMatch(row -> row.brokenBy(Loss.CROSS_ENTROPY)) ? Optional.empty()
                    : Share.upperBound(attacks, row -> row.cleanCorrect() && !row.brokenBy(Loss.CROSS_ENTROPY));
        }

        /**
         * Images that PGD did not break and IBP did not certify, among those with both rows. As no certified image is
         * broken, this is the difference of the two accuracies on the same images.
         */
        private Optional<Share> gap() {
            Map<Integer, BoundsRow> byIndex = bounds.stream()
                    .collect(Collectors.toMap(BoundsRow::index, Function.identity()));
            Collection<AttackRow> both = attacks.stream().filter(row -> byIndex.containsKey(row.index())).toList();
            return Share.upperBound(both, row -> row.survived() && !byIndex.get(row.index()).certified());
        }
    }

    /** The table of the images that have both bounds and an attack, line by line. */
    static ResultTable comparable(SortedMap<Double, Rows> byEpsilon, RunScope scope, Literature literature) {
        SortedMap<Double, Rows> both = new TreeMap<>();
        byEpsilon.forEach((epsilon, rows) -> {
            Rows comparable = rows.comparable();
            // Without a common image there is nothing to compare, and the rows speak for themselves.
            both.put(epsilon, comparable.bounds.isEmpty() && comparable.attacks.isEmpty() ? rows : comparable);
        });
        return of(both, scope, literature);
    }

    public static ResultTable of(SortedMap<Double, Rows> byEpsilon, RunScope scope, Literature literature) {
        return of(byEpsilon, scope, literature, others(byEpsilon.values()));
    }

    /** With a column for each of {@code methods}, whether there are rows for it or not. */
    static ResultTable of(SortedMap<Double, Rows> byEpsilon, RunScope scope, Literature literature,
            SortedSet<Method> methods) {
        List<Column<Rows>> columns = new ArrayList<>(COLUMNS);
        List<String> explanations = new ArrayList<>(DEFINITION.explanations());
        for (Method method : methods) {
            columns.add(new Column<>(method.name().toLowerCase(Locale.ROOT) + "_certified", title(method) + " certified",
                    rows -> Share.certified(rows.others.getOrDefault(method, List.of()), BoundsRow::certified)));
            explanations.add(title(method) + " certified: every margin's lower bound is positive; IBP's certificates are "
                    + "among them; rounded down.");
        }
        return new TableDefinition<>(DEFINITION.name(), DEFINITION.topic(), DEFINITION.parameter(), columns, explanations,
                DEFINITION.sampled())
                .measure(byEpsilon, scope, literature.table2(), (epsilon, column) -> Optional.empty());
    }

    /** The methods beyond IBP that any of the rows are of. */
    static SortedSet<Method> others(Collection<Rows> all) {
        return all.stream().flatMap(rows -> rows.others.keySet().stream()).collect(Collectors.toCollection(TreeSet::new));
    }

    private static String title(Method method) {
        return method == Method.CROWN ? "CROWN" : "alpha-CROWN";
    }
}
