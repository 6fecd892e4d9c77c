package dev.bulwark.lab;

import dev.bulwark.attack.AttackLoss;
import dev.bulwark.bounds.Method;
import dev.bulwark.lab.Discussion.Finding;
import dev.bulwark.lab.Discussion.Verdict;
import dev.bulwark.report.Phrase;
import dev.bulwark.report.ResultTable;
import dev.bulwark.report.Share;
import dev.bulwark.report.Table2;
import dev.bulwark.results.AttackRecord;
import dev.bulwark.results.AttackRow;
import dev.bulwark.results.BoundsRow;
import dev.bulwark.results.EpsilonRows;
import dev.bulwark.results.Evidence;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/** How far certificates and attacks are apart: the lab report's section on the tightness gap, from these rows. */
final class GapDiscussion {

    private static final double WIDEST = 0.3;
    /** The share of a gap that makes up nearly all of it. */
    private static final double MOST = 0.9;

    private final SortedMap<Double, EpsilonRows> rows;
    private final ResultTable table;
    private final List<Double> epsilons;

    GapDiscussion(SortedMap<Double, EpsilonRows> rows, ResultTable table) {
        this.rows = new TreeMap<>();
        rows.forEach((epsilon, all) -> this.rows.put(epsilon, all.comparable()));
        this.table = table;
        this.epsilons = table.lines().stream().map(ResultTable.Line::at)
                .filter(epsilon -> table.measured(epsilon, Table2.GAP).isPresent()).toList();
    }

    /** Empty where no image has both bounds and an attack. */
    Optional<Discussion> write() {
        if (epsilons.isEmpty()) {
            return Optional.empty();
        }
        List<Finding> findings = new ArrayList<>();
        findings.addAll(growth());
        findings.addAll(abstract297());
        findings.addAll(looseness());
        findings.addAll(figures());
        return Optional.of(new Discussion("gap", "The tightness gap: certified against empirical", prose(), findings));
    }

    private List<String> prose() {
        List<String> gaps = epsilons.stream().map(epsilon -> {
            Share gap = table.measured(epsilon, Table2.GAP).orElseThrow();
            return Phrase.count(gap.hits()) + " of " + Phrase.count(gap.images()) + " at " + Phrase.epsilon(epsilon)
                    + " (" + Phrase.points(gap.percent(1)) + ")";
        }).toList();
        List<String> prose = new ArrayList<>(List.of("""
                Between what IBP certifies and what %s leaves standing lie images about which neither says anything: %s, \
                counted on the same images. The true robust accuracy lies somewhere in this gap; a better verifier would \
                close it from below, a better attack from above.""".formatted(pgd(), Phrase.and(gaps)), attacked()));
        closed().ifPresent(prose::add);
        differences().ifPresent(prose::add);
        secondLoss().ifPresent(prose::add);
        return prose;
    }

    /**
     * What the cascade makes of the gap: images that stand against PGD and that IBP does not certify.
     *
     * @param certified by stronger methods
     * @param falsified by a point that exact arithmetic confirms, although PGD found none
     * @param open      the others
     */
    private record Closed(long certified, long falsified, long open) {

        long gap() {
            return certified + falsified + open;
        }
    }

    /** Empty where no cascade was run on all of them. */
    private Optional<Closed> closed(double epsilon) {
        EpsilonRows at = rows.get(epsilon);
        Map<Integer, EpsilonRows.Answer> answers = at.others().containsKey(Method.CASCADE) ? at.answers().stream()
                .collect(Collectors.toMap(answer -> answer.row().index(), Function.identity())) : Map.of();
        List<Integer> gap = at.images().stream().filter(image -> image.stands() && image.bounds().filter(BoundsRow::certified).isEmpty())
                .flatMap(image -> image.bounds().stream()).map(BoundsRow::index).toList();
        if (answers.isEmpty() || !answers.keySet().containsAll(gap)) {
            return Optional.empty();
        }
        List<EpsilonRows.Answer> found = gap.stream().map(answers::get).toList();
        long certified = found.stream().filter(EpsilonRows.Answer::certified).count();
        long falsified = found.stream().filter(EpsilonRows.Answer::falsified).count();
        return Optional.of(new Closed(certified, falsified, found.size() - certified - falsified));
    }

    private List<Double> cascaded() {
        return epsilons.stream().filter(epsilon -> closed(epsilon).isPresent()).toList();
    }

    private Optional<String> closed() {
        List<String> each = cascaded().stream().map(epsilon -> {
            Closed closed = closed(epsilon).orElseThrow();
            return Phrase.count(closed.certified) + " certified, " + Phrase.count(closed.falsified) + " falsified and "
                    + Phrase.count(closed.open) + " undecided at " + Phrase.epsilon(epsilon);
        }).toList();
        if (each.isEmpty()) {
            return Optional.empty();
        }
        String certified = cascaded().stream().map(epsilon -> listed(List.of(shares(List.of(epsilon), Table2.CERTIFIED).get(0),
                figure(epsilon, Method.CROWN), figure(epsilon, Method.ALPHA_CROWN), figure(epsilon, Method.EXACT)))
                + "% at " + Phrase.epsilon(epsilon)).collect(Collectors.joining("; "));
        return Optional.of("""
                Stronger methods took up the images that IBP leaves open, each until it was decided: a short attack, CROWN-IBP, \
                CROWN, alpha-CROWN, branch and bound, which is exact but for its limits, then AutoAttack. The images in the gap came out as %s. \
                IBP, CROWN, alpha-CROWN and branch and bound certify %s.""".formatted(String.join("; ", each), certified)
                + times().map(" "::concat).orElse(""));
    }

    private Optional<String> times() {
        List<String> each = cascaded().stream().flatMap(epsilon -> Table2.times(rows.get(epsilon))
                .map(times -> "At " + Phrase.epsilon(epsilon) + " " + times + ".").stream()).toList();
        return each.isEmpty() ? Optional.empty() : Optional.of(String.join(" ", each));
    }

    private BigDecimal figure(double epsilon, Method method) {
        return table.measured(epsilon, Table2.certifiedKey(method)).orElseThrow().percent(1);
    }

    /** The attack by its name; by its names where lines differ. */
    private String pgd() {
        String title = table.column(Table2.PGD).title();
        return Table2.names(rows).filter(names -> !names.equals(title)).map(names -> title + " (" + names + ")")
                .orElse(AttackRecord.inSentence(title));
    }

    /** Which images PGD attacked. */
    private String attacked() {
        return """
                An attack on a certified image can't succeed, but for float rounding. PGD attacked every image that is \
                right and not certified (%s) and, to check the certificates, of the certified ones %s. Certified images \
                that it did not attack count as standing.""".formatted(
                Phrase.and(epsilons.stream().map(epsilon -> Phrase.count(
                        rows.get(epsilon).count(image -> image.attacked() && !image.certified()))
                        + " at " + Phrase.epsilon(epsilon)).toList()),
                Phrase.and(epsilons.stream().map(epsilon -> Phrase.count(rows.get(epsilon).count(Evidence::crossChecked))
                        + " of " + Phrase.count(rows.get(epsilon).count(Evidence::certified))
                        + " at " + Phrase.epsilon(epsilon)).toList()));
    }

    /** Certified images that only the float network gets wrong. */
    private Optional<String> differences() {
        List<String> each = epsilons.stream().filter(epsilon -> rows.get(epsilon).count(Evidence::claimsDiffer) > 0)
                .map(epsilon -> Phrase.count(rows.get(epsilon).count(Evidence::claimsDiffer)) + " at "
                        + Phrase.epsilon(epsilon)).toList();
        return each.isEmpty() ? Optional.empty() : Optional.of("""
                Some certified images are broken all the same: %s. Certificates speak of the real-number network, which \
                gives the label at the inputs that were found; the float network, which rounds, does not. These images \
                count as certified and as broken, so PGD's accuracy may lie below the certified one by as many."""
                .formatted(Phrase.and(each)));
    }

    /** What it brought to attack by more than the cross-entropy. */
    private Optional<String> secondLoss() {
        List<AttackRow> attacks = epsilons.stream().flatMap(epsilon -> rows.get(epsilon).attacks().stream()).toList();
        long first = attacks.stream().filter(row -> row.brokenBy(AttackLoss.CROSS_ENTROPY)).count();
        long second = attacks.stream().filter(row -> row.brokenBy(AttackLoss.MARGIN)).count();
        if (first == 0 || second == 0) {
            return Optional.empty();
        }
        List<String> each = epsilons.stream().map(epsilon -> Phrase.count(rows.get(epsilon).attacks().stream()
                .filter(row -> row.brokenBy(AttackLoss.MARGIN)).count()) + " at " + Phrase.epsilon(epsilon)).toList();
        return Optional.of("""
                PGD climbed two losses, one after the other: of the images it broke, %s fell to the cross-entropy, and %s \
                more, which had stood against it, to the margin between the best other logit and the label's (%s). An \
                attack by cross-entropy alone would have called those robust."""
                .formatted(Phrase.count(first), Phrase.count(second), Phrase.and(each)));
    }

    private List<Finding> growth() {
        List<BigDecimal> reported = epsilons.stream()
                .flatMap(epsilon -> Literature.reported(table, epsilon, Table2.GAP).stream()).toList();
        if (epsilons.size() < 2 || reported.size() < epsilons.size()) {
            return List.of();
        }
        List<BigDecimal> gaps = epsilons.stream()
                .map(epsilon -> table.measured(epsilon, Table2.GAP).orElseThrow().percent(1)).toList();
        boolean grows = IntStream.range(1, gaps.size()).allMatch(k -> gaps.get(k).compareTo(gaps.get(k - 1)) > 0);
        boolean wider = gaps.get(gaps.size() - 1).compareTo(gaps.get(0)) > 0;
        String otherwise = ": it does not grow from step to step. What changes with \u03b5, for which each network was "
                + "trained, "
                + "is clean accuracy (" + listed(shares(epsilons, Table2.CLEAN)) + "%)";
        return List.of(new Finding("The gap grows with \u03b5: " + listed(reported) + " points.",
                grows ? Verdict.AGREES : wider ? Verdict.PARTLY : Verdict.DISAGREES,
                "Measured " + listed(gaps) + " points" + (grows ? "" : otherwise) + "."));
    }

    /** The report's abstract subtracts from the wrong column. */
    private List<Finding> abstract297() {
        Optional<BigDecimal> clean = Literature.reported(table, WIDEST, Table2.CLEAN);
        Optional<BigDecimal> certified = Literature.reported(table, WIDEST, Table2.CERTIFIED);
        Optional<BigDecimal> pgd = Literature.reported(table, WIDEST, Table2.PGD);
        if (clean.isEmpty() || certified.isEmpty() || pgd.isEmpty() || !epsilons.contains(WIDEST)) {
            return List.of();
        }
        BigDecimal gap = table.measured(WIDEST, Table2.GAP).orElseThrow().percent(1);
        BigDecimal lost = table.measured(WIDEST, Table2.CLEAN).orElseThrow().percent(1)
                .subtract(table.measured(WIDEST, Table2.CERTIFIED).orElseThrow().percent(1));
        return List.of(new Finding(
                "At \u03b5 = 0.30 IBP lies " + clean.get().subtract(certified.get()) + " points below PGD (abstract).",
                Verdict.IMPOSSIBLE,
                "That is clean minus certified, %s \u2212 %s; the report's gap to PGD is %s \u2212 %s = %s. "
                        .formatted(clean.get(), certified.get(), pgd.get(), certified.get(), pgd.get()
                        .subtract(certified.get()))
                        + "Measured: " + Phrase.points(gap) + " to PGD, " + lost + " to clean accuracy."));
    }

    /** The criterion alone makes a gap. */
    private List<Finding> looseness() {
        List<Double> bounded = boundedEpsilons();
        if (bounded.isEmpty()) {
            return List.of();
        }
        List<Closed> closed = cascaded().stream().flatMap(epsilon -> closed(epsilon).stream()).toList();
        return List.of(new Finding("The gap to PGD reflects the looseness of interval bounds.", looseness(closed), resolved(closed)
                + """
                Part of it is the criterion, not the intervals. Comparing the boxes of the logits, as the report does, \
                certifies %s%%; the same intervals with the last layer elided certify %s%% with the same networks, where \
                PGD leaves %s%%.""".formatted(listed(shares(bounded, Table2.CERTIFIED_BY_BOX)),
                listed(shares(bounded, Table2.CERTIFIED)), listed(shares(bounded, Table2.PGD)))));
    }

    /** Images of the gap that are robust are what the intervals miss; those that are not, what PGD does. */
    private static Verdict looseness(List<Closed> closed) {
        long gap = closed.stream().mapToLong(Closed::gap).sum();
        long robust = closed.stream().mapToLong(Closed::certified).sum();
        long open = closed.stream().mapToLong(Closed::open).sum();
        return gap == 0 ? Verdict.PARTLY : robust >= MOST * gap ? Verdict.AGREES
                : robust + open < (1 - MOST) * gap ? Verdict.DISAGREES : Verdict.PARTLY;
    }

    private static String resolved(List<Closed> closed) {
        long gap = closed.stream().mapToLong(Closed::gap).sum();
        return gap == 0 ? "" : "Of the " + Phrase.images(gap) + " in it, stronger methods certify "
                + Phrase.count(closed.stream().mapToLong(Closed::certified).sum()) + ", which interval bounds miss, and falsify "
                + Phrase.count(closed.stream().mapToLong(Closed::falsified).sum()) + ", which PGD misses; "
                + Phrase.count(closed.stream().mapToLong(Closed::open).sum()) + " stay undecided. ";
    }

    private List<Finding> figures() {
        return epsilons.stream().filter(epsilon -> Literature.reported(table, epsilon, Table2.CERTIFIED).isPresent())
                .reduce((earlier, later) -> later)
                .flatMap(this::rowFigure).stream().toList();
    }

    private Optional<Finding> rowFigure(double epsilon) {
        return Table2.DEFINITION.columns().stream().filter(column -> column.key().equals(Table2.CERTIFIED)).findFirst()
                .flatMap(column -> column.measure().apply(rows.get(epsilon))).map(share -> {
                    BigDecimal stated = Literature.reported(table, epsilon, Table2.CERTIFIED).orElseThrow();
                    String published = Literature.published(table, epsilon, Table2.CERTIFIED)
                            .map(figure -> "; a published convolutional network reaches " + figure + "%").orElse("");
                    return new Finding("IBP certifies " + stated + "% at " + Phrase.epsilon(epsilon) + ".",
                            Verdict.of(Phrase.within(share, stated)), "Measured " + Phrase.precisely(share) + " of "
                                    + Phrase.images(share.images()) + published + ".");
                });
    }

    private List<Double> boundedEpsilons() {
        return epsilons.stream().filter(epsilon -> table.measured(epsilon, Table2.CERTIFIED).isPresent()).toList();
    }

    private List<BigDecimal> shares(List<Double> at, String column) {
        return at.stream().map(epsilon -> table.measured(epsilon, column).orElseThrow().percent(1)).toList();
    }

    private static String listed(List<BigDecimal> figures) {
        return Phrase.and(figures.stream().map(BigDecimal::toPlainString).toList());
    }
}
