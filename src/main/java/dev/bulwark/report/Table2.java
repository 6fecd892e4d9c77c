package dev.bulwark.report;

import dev.bulwark.attack.AttackLoss;
import dev.bulwark.bounds.Claim;
import dev.bulwark.bounds.Method;
import dev.bulwark.data.Norm;
import dev.bulwark.results.BoundsRow;
import dev.bulwark.results.EpsilonRows;
import dev.bulwark.results.Evidence;
import dev.bulwark.results.RunLayout;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Predicate;
import java.util.stream.Collectors;

/**
 * Table 2, interval bound propagation: clean, certified and empirical accuracy for each epsilon. All figures of a line stand
 * on the same images, so PGD's lies below the certified one by differences of claims alone.
 */
public final class Table2 {

    public static final String CLEAN = "clean_accuracy";
    public static final String CERTIFIED = "ibp_certified";
    public static final String CERTIFIED_BY_BOX = "ibp_certified_by_box";
    public static final String PGD = "pgd_accuracy";
    public static final String GAP = "pgd_gap";
    public static final String PGD_BY_CROSS_ENTROPY = "pgd_accuracy_by_loss/cross_entropy";

    /** Counts of images: attacked; of these, certified; certified and yet broken in float. */
    public static final String ATTACKED = "pgd_attacked";
    public static final String CROSS_CHECKED = "pgd_cross_checked";
    public static final String DIFFERENCES = "differences_of_claims";

    /** Where no record says with how many steps. */
    private static final String UNNAMED = "PGD";

    public static final String NAME = "table2";
    public static final TableDefinition<EpsilonRows> DEFINITION = new TableDefinition<>(NAME,
            "Interval bound propagation (L-infinity)", TableDefinition.Parameter.EPSILON, columns(UNNAMED),
            explanations(UNNAMED));

    private Table2() {
    }

    public static ResultTable of(SortedMap<Double, EpsilonRows> byEpsilon, RunScope scope, Beside others) {
        return of(byEpsilon, scope, others, byEpsilon.values());
    }

    /** @param beside all rows that the table will stand beside: they decide which columns there are, and their titles */
    static ResultTable of(SortedMap<Double, EpsilonRows> byEpsilon, RunScope scope, Beside others,
            Collection<EpsilonRows> beside) {
        return of(Norm.INF, byEpsilon, scope, others, beside);
    }

    /** Of balls of one norm: each has a table of its own. */
    static ResultTable of(Norm norm, SortedMap<Double, EpsilonRows> byEpsilon, RunScope scope, Beside others,
            Collection<EpsilonRows> beside) {
        SortedMap<Double, EpsilonRows> comparable = new TreeMap<>();
        byEpsilon.forEach((epsilon, rows) -> comparable.put(epsilon, rows.comparable()));
        List<Column<EpsilonRows>> columns = new ArrayList<>(columns(title(beside)));
        List<String> explanations = new ArrayList<>(explanations(title(beside)));
        names(comparable).filter(names -> !names.equals(title(beside)))
                .ifPresent(names -> explanations.add(UNNAMED + " is " + names + "."));
        for (Method method : others(beside)) {
            columns.add(new Column<>(certifiedKey(method), title(method) + " certified",
                    rows -> Share.certified(rows.others().getOrDefault(method, List.of()), BoundsRow::certified)));
            explanations.add(title(method) + " certified: every margin's lower bound is positive; IBP's certificates are "
                    + "among them; rounded down.");
        }
        String name = norm == Norm.INF ? NAME : NAME + "-" + norm.words();
        ResultTable table = new TableDefinition<>(name, topic(norm, beside), DEFINITION.parameter(), columns, explanations)
                .measure(comparable, scope, others);
        return new ResultTable(table.definition(), scope, table.lines().stream().map(line -> line.with(
                detail(line.at(), byEpsilon.get(line.at()), comparable.get(line.at())))).toList(), table.beside());
    }

    /** What PGD is called on each line; empty where nothing was attacked. */
    public static Optional<String> names(SortedMap<Double, EpsilonRows> byEpsilon) {
        Map<Double, String> names = new LinkedHashMap<>();
        byEpsilon.forEach((epsilon, rows) -> {
            if (rows.attacked()) {
                names.put(epsilon, rows.attack().orElse("not recorded"));
            }
        });
        List<String> different = names.values().stream().distinct().toList();
        return different.size() == 1 ? Optional.of(different.get(0)) : Optional.of(Phrase.and(names.entrySet().stream()
                .map(name -> name.getValue() + " at epsilon " + RunLayout.decimals(name.getKey())).toList()))
                .filter(text -> !text.isEmpty());
    }

    /** The name of PGD where it is the same on all lines. */
    private static String title(Collection<EpsilonRows> all) {
        Set<String> names = all.stream().filter(EpsilonRows::attacked).map(rows -> rows.attack().orElse(UNNAMED))
                .collect(Collectors.toSet());
        return names.size() == 1 ? names.iterator().next() : UNNAMED;
    }

    /** What a table of balls of one norm is about: whatever it has columns of figures for. */
    private static String topic(Norm norm, Collection<EpsilonRows> all) {
        List<String> topics = new ArrayList<>();
        if (all.stream().anyMatch(rows -> !rows.bounds().isEmpty())) {
            topics.add("Interval bound propagation");
        }
        others(all).forEach(method -> topics.add(title(method)));
        if (all.stream().anyMatch(EpsilonRows::attacked)) {
            topics.add(UNNAMED);
        }
        return (topics.isEmpty() ? "Bounds" : Phrase.and(topics)) + " (" + symbol(norm) + ")";
    }

    /** As captions have it. */
    static String symbol(Norm norm) {
        return norm == Norm.INF ? "L-infinity" : norm.words().toUpperCase(Locale.ROOT);
    }

    /** The methods beyond IBP that any of the rows are of. */
    private static SortedSet<Method> others(Collection<EpsilonRows> all) {
        return all.stream().flatMap(rows -> rows.others().keySet().stream()).collect(Collectors.toCollection(TreeSet::new));
    }

    /** Key of the column of what a method certifies. */
    static String certifiedKey(Method method) {
        return method.name().toLowerCase(Locale.ROOT) + "_certified";
    }

    static String title(Method method) {
        return method.toString().replace("crown", "CROWN").replace("ibp", "IBP");
    }

    private static ResultTable.Detail detail(double epsilon, EpsilonRows all, EpsilonRows rows) {
        Map<String, Long> counts = new LinkedHashMap<>();
        counts.put(ATTACKED, rows.count(Evidence::attacked));
        counts.put(CROSS_CHECKED, rows.count(Evidence::crossChecked));
        counts.put(DIFFERENCES, rows.count(Evidence::claimsDiffer));
        return new ResultTable.Detail(counts, remarks("At epsilon "
                + all.exact().orElseGet(() -> RunLayout.decimals(epsilon)) + " ", all, rows), all.exact());
    }

    /** What a reader must know of one line. */
    private static List<String> remarks(String at, EpsilonRows all, EpsilonRows rows) {
        List<String> remarks = new ArrayList<>();
        if (all.claim() == Claim.DEPLOYED) {
            remarks.add(at + "certified means certified for " + Claim.DEPLOYED.covers() + ".");
        }
        if (!all.attacks().isEmpty() && rows.attacks().isEmpty()) {
            remarks.add(at + "no image was both bounded and attacked, so there is no figure for PGD.");
        } else if (rows.bounds().size() < all.bounds().size()) {
            remarks.add(at + "all figures stand on the " + Phrase.images(rows.bounds().size())
                    + " with bounds and an attack; " + Phrase.count(all.bounds().size() - rows.bounds().size())
                    + " more have bounds alone.");
        }
        if (!rows.attacks().isEmpty() && rows.attacks().size() < all.attacks().size()) {
            remarks.add(at + "the figures leave out " + Phrase.images(all.attacks().size() - rows.attacks().size())
                    + " with an attack and no bounds.");
        }
        long differences = rows.count(Evidence::claimsDiffer);
        if (differences > 0) {
            remarks.add(at + Phrase.images(differences) + (differences == 1 ? " is" : " are") + " certified and yet broken: "
                    + "the float network misclassifies an input at which the real-number network, of which certificates "
                    + "speak, gives the label. Counted as certified and as broken, a difference of claims.");
        }
        return remarks;
    }

    private static Optional<Share> clean(EpsilonRows rows) {
        return rows.bounds().isEmpty() && rows.attacks().isEmpty()
                ? rows.others().values().stream().findFirst().flatMap(other -> Share.measured(other, BoundsRow::cleanCorrect))
                : Share.measured(rows.images(), Evidence::cleanCorrect);
    }

    private static Optional<Share> standing(EpsilonRows rows, Predicate<Evidence> stands) {
        return rows.attacked() ? Share.upperBound(rows.images(), stands) : Optional.empty();
    }

    /** Empty where no row says that cross-entropy was climbed. */
    private static Optional<Share> standingAfterCrossEntropy(EpsilonRows rows) {
        return rows.attacks().stream().noneMatch(row -> row.brokenBy(AttackLoss.CROSS_ENTROPY)) ? Optional.empty()
                : standing(rows, image -> image.standsAfter(AttackLoss.CROSS_ENTROPY));
    }

    /** Images that PGD did not break and IBP did not certify. */
    private static Optional<Share> gap(EpsilonRows rows) {
        return rows.bounds().isEmpty() ? Optional.empty()
                : standing(rows, image -> image.stands() && !image.bounds().orElseThrow().certified());
    }

    private static List<Column<EpsilonRows>> columns(String pgd) {
        return List.of(
                new Column<>(CLEAN, "Clean", Table2::clean),
                new Column<>(CERTIFIED, "IBP certified", rows -> Share.certified(rows.bounds(), BoundsRow::certified)),
                new Column<>(CERTIFIED_BY_BOX, "IBP certified by box",
                        rows -> Share.certified(rows.bounds(), BoundsRow::certifiedByBox)),
                new Column<>(PGD, pgd, rows -> standing(rows, Evidence::stands)),
                new Column<>(GAP, "Gap to PGD", Table2::gap),
                new Column<>(PGD_BY_CROSS_ENTROPY, "PGD by cross-entropy alone", Table2::standingAfterCrossEntropy, false));
    }

    private static List<String> explanations(String pgd) {
        return List.of(
                "IBP certified: every margin's lower bound is positive, last layer elided; rounded down.",
                "IBP certified by box: every other logit's upper bound lies below the label's lower bound; rounded "
                        + "down.",
                pgd + ": empirical; classified correctly and not broken. A certified image that was not attacked counts as "
                        + "not broken. An upper bound on robust accuracy, rounded up.",
                "Gap to PGD: images that PGD did not break and IBP did not certify; rounded up.");
    }
}
