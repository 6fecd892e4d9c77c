package dev.bulwark.report;

import dev.bulwark.attack.AttackLoss;
import dev.bulwark.bounds.Cascade;
import dev.bulwark.bounds.Claim;
import dev.bulwark.bounds.Method;
import dev.bulwark.data.Norm;
import dev.bulwark.results.AttackRow;
import dev.bulwark.results.BoundsRow;
import dev.bulwark.results.EpsilonRows;
import dev.bulwark.results.Evidence;
import dev.bulwark.results.RecordFile;
import dev.bulwark.results.RunLayout;
import java.util.ArrayList;
import java.util.Arrays;
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
import java.util.stream.Stream;

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

    /** Shares of images that a cascade leaves undecided, and that stand against the strongest attack that ran. */
    public static final String UNDECIDED = "undecided";
    public static final String STRONGEST_ATTACK = "strongest_attack_accuracy";
    /** Counts of images that attacks beyond PGD took: in all; of these, certified. */
    public static final String FURTHER_ATTACKED = "strongest_attack_attacked";
    public static final String FURTHER_CROSS_CHECKED = "strongest_attack_cross_checked";
    /** A count of images: falsified by a point that exact arithmetic confirms. */
    public static final String FALSIFIED = "falsified";

    /** The columns of a cascade: what a method, or a weaker one, certifies. */
    private static final Map<Method, Cascade.Stage> STAGES = new TreeMap<>(Map.of(Method.CROWN, Cascade.Stage.CROWN,
            Method.ALPHA_CROWN, Cascade.Stage.ALPHA_CROWN, Method.EXACT, Cascade.Stage.EXACT));
    private static final String SECONDS = "_seconds";
    /** Names of what takes time in a line with a cascade, as files have them, and where. */
    private static final List<String> TIMED = Stream.concat(Arrays.stream(Cascade.Stage.values()).map(Cascade.Stage::toString),
            Stream.of("pgd", RecordFile.STRONGEST_ATTACK)).toList();

    private static final Map<String, String> TITLES = Map.of("ibp", "IBP", "attack", "the short attack", "crown-ibp", "CROWN-IBP",
            "crown", "CROWN", "alpha-crown", "alpha-CROWN", "exact", "branch and bound", "pgd", "PGD",
            RecordFile.STRONGEST_ATTACK, "further attacks");

    private static final List<String> CASCADE_EXPLANATIONS = List.of(
            "CROWN, alpha-CROWN and exact certified: each image is given to the cheapest method that decides it, and what a weaker "
                    + "method certifies counts for the stronger ones; exact is branch and bound. Rounded down.",
            "Undecided: neither certified nor falsified by a point that exact arithmetic confirms, as a search reached its limit; "
                    + "rounded up.");

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
        boolean cascade = others(beside).contains(Method.CASCADE);
        for (Method method : others(beside)) {
            if (method == Method.CASCADE || cascade && STAGES.containsKey(method)) {
                continue;
            }
            columns.add(new Column<>(certifiedKey(method), title(method) + " certified",
                    rows -> Share.certified(rows.others().getOrDefault(method, List.of()), BoundsRow::certified)));
            explanations.add(title(method) + " certified: every margin's lower bound is positive; IBP's certificates are "
                    + "among them; rounded down.");
        }
        if (cascade) {
            columns.addAll(cascadeColumns());
            explanations.addAll(CASCADE_EXPLANATIONS);
        }
        List<String> suites = beside.stream().flatMap(rows -> rows.suite().stream()).map(EpsilonRows.Suite::name).distinct().sorted().toList();
        if (cascade || !suites.isEmpty()) {
            columns.add(new Column<>(STRONGEST_ATTACK, "Strongest attack", Table2::strongestAttack));
            explanations.add(strongestAttack(suites, cascade));
        }
        String name = norm == Norm.INF ? NAME : NAME + "-" + norm.words();
        ResultTable table = new TableDefinition<>(name, topic(norm, beside), DEFINITION.parameter(), columns, explanations)
                .measure(comparable, scope, others);
        return new ResultTable(table.definition(), scope, table.lines().stream().map(line -> line.with(
                detail(line.at(), byEpsilon.get(line.at()), comparable.get(line.at()), cascade, !suites.isEmpty()))).toList(), table.beside());
    }

    private static List<Column<EpsilonRows>> cascadeColumns() {
        List<Column<EpsilonRows>> columns = new ArrayList<>();
        STAGES.forEach((method, stage) -> columns.add(new Column<>(certifiedKey(method), title(method) + " certified",
                rows -> rows.others().containsKey(method)
                        ? Share.certified(rows.others().get(method), BoundsRow::certified)
                        : Share.certified(rows.answers(), answer -> answer.certifiedBy(stage)))));
        columns.add(new Column<>(UNDECIDED, "Undecided", rows -> Share.upperBound(rows.answers(), answer -> answer.by().isEmpty())));
        return columns;
    }

    private static String strongestAttack(List<String> suites, boolean cascade) {
        return "Strongest attack: classified correctly and broken by nothing that ran, " + Phrase.and(Stream.of(Stream.of(UNNAMED),
                suites.stream().map(suite -> suite + " on what is open by then"),
                cascade ? Stream.of("the cascade's attacks and the points that its branch and bound finds") : Stream.<String>of())
                .flatMap(each -> each).toList()) + " included; exact arithmetic confirms the cascade's points. Empirical, rounded up.";
    }

    /** Image by image; a cascade attacks what IBP leaves open. */
    private static Optional<Share> strongestAttack(EpsilonRows rows) {
        Set<Integer> broken = rows.broken();
        return rows.attacked() ? Share.upperBound(rows.images(), image -> image.stands() && !broken.contains(image.index()))
                : Share.upperBound(rows.answers(), EpsilonRows.Answer::stands);
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
        others(all).stream().filter(method -> method != Method.CASCADE).forEach(method -> topics.add(title(method)));
        if (others(all).contains(Method.CASCADE)) {
            topics.add("a cascade of bounds");
        }
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
    public static String certifiedKey(Method method) {
        return method.name().toLowerCase(Locale.ROOT) + "_certified";
    }

    static String title(Method method) {
        return method.toString().replace("crown", "CROWN").replace("ibp", "IBP");
    }

    private static ResultTable.Detail detail(double epsilon, EpsilonRows all, EpsilonRows rows, boolean cascade, boolean suites) {
        Map<String, Long> counts = new LinkedHashMap<>();
        counts.put(ATTACKED, rows.count(Evidence::attacked));
        counts.put(CROSS_CHECKED, rows.count(Evidence::crossChecked));
        counts.put(DIFFERENCES, rows.count(Evidence::claimsDiffer));
        if (suites) {
            counts.put(FURTHER_ATTACKED, further(rows, false));
            counts.put(FURTHER_CROSS_CHECKED, further(rows, true));
        }
        Map<String, Optional<Double>> seconds = new LinkedHashMap<>();
        String at = "At epsilon " + all.exact().orElseGet(() -> RunLayout.decimals(epsilon)) + " ";
        List<String> remarks = new ArrayList<>(remarks(at, all, rows));
        if (cascade) {
            counts.put(FALSIFIED, rows.answers().stream().filter(EpsilonRows.Answer::falsified).count());
        }
        if (cascade || suites) {
            TIMED.forEach(name -> seconds.put(secondsKey(name), Optional.ofNullable(all.seconds().get(name))
                    .map(time -> Math.round(time * 1000) / 1000.0)));
            times(all).ifPresent(times -> remarks.add(at + times + "."));
        }
        return new ResultTable.Detail(counts, seconds, remarks, all.exact());
    }

    /** Images that attacks beyond PGD took; they leave alone what the network gets wrong. */
    private static long further(EpsilonRows rows, boolean certified) {
        Set<Integer> only = rows.certified();
        return rows.suite().stream().flatMap(suite -> suite.rows().stream()).filter(AttackRow::cleanCorrect)
                .filter(row -> !certified || only.contains(row.index())).count();
    }

    /** Key of the time that something took, in JSON and CSV. */
    public static String secondsKey(String name) {
        return name.replace('-', '_') + SECONDS;
    }

    /** What took how long, each on the images that were left to it, as far as is known. */
    public static Optional<String> times(EpsilonRows rows) {
        List<String> times = TIMED.stream().filter(rows.seconds()::containsKey)
                .map(name -> String.format(Locale.ROOT, "%s %.1f", TITLES.get(name), rows.seconds().get(name))).toList();
        return times.isEmpty() ? Optional.empty()
                : Optional.of("methods took, in seconds, each on the images that were left to it: " + Phrase.and(times));
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
        return rows.images().isEmpty()
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
        return rows.images().stream().anyMatch(image -> image.bounds().isEmpty()) ? Optional.empty()
                : standing(rows, image -> image.stands() && !certifiedByIbp(image.bounds().orElseThrow()));
    }

    /** A cascade's rows have the best bounds of all its stages, and say which of them certified the image. */
    private static boolean certifiedByIbp(BoundsRow row) {
        return row.certified() && (row.method() != Method.CASCADE || row.decidedBy().equals(Optional.of(Cascade.Stage.IBP)));
    }

    private static Optional<Share> ibp(EpsilonRows rows) {
        return rows.bounds().isEmpty() ? Share.certified(rows.answers(), answer -> answer.certifiedBy(Cascade.Stage.IBP))
                : Share.certified(rows.bounds(), BoundsRow::certified);
    }

    private static List<Column<EpsilonRows>> columns(String pgd) {
        return List.of(
                new Column<>(CLEAN, "Clean", Table2::clean),
                new Column<>(CERTIFIED, "IBP certified", Table2::ibp),
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
