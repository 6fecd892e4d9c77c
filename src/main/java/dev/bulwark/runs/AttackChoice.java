package dev.bulwark.runs;

import dev.bulwark.data.Epsilon;
import dev.bulwark.results.AttackRecord;
import dev.bulwark.results.BoundsRow;
import dev.bulwark.results.EpsilonRows;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Predicate;
import java.util.stream.Collectors;

/**
 * Which of the bounded images PGD attacks. An image's row is the same whichever others are attacked: starting points depend
 * on its index.
 */
public enum AttackChoice {

    /**
     * What bounds leave open: images that are right and not certified. Beside these an even sample of the certified ones, to
     * check the certificates, and every certified one that the float network gets wrong: there the claims differ, or the
     * bounds are unsound.
     */
    OPEN("right and not certified, and " + AttackChoice.CROSS_CHECKED + " certified"),
    /** Every image. */
    ALL(AttackRecord.EVERY);

    /** Certified images of each epsilon. Nothing is expected to break there; a sample shows gross faults at little cost. */
    private static final int CROSS_CHECKED = 100;

    /** The same where AutoAttack takes them, which costs a hundred times as much as PGD up one loss from one point. */
    private static final int CROSS_CHECKED_BY_SUITE = 20;

    private final String text;

    AttackChoice(String text) {
        this.text = text;
    }

    /** As a run's record has it. */
    @Override
    public String toString() {
        return text;
    }

    /**
     * As a report has it.
     *
     * @param checked {@link #checked} at each epsilon, as far as bounds are known
     */
    public String sentence(Map<Epsilon, Integer> checked) {
        if (this == ALL) {
            return "PGD attacks every image that is right.";
        }
        long different = checked.values().stream().distinct().count();
        String sample = different == 0 ? "at most " + CROSS_CHECKED + " at each epsilon"
                : different == 1 ? checked.values().iterator().next() + " at each epsilon"
                : checked.entrySet().stream().map(count -> count.getValue() + " at epsilon " + count.getKey())
                        .collect(Collectors.joining(", "));
        return "PGD attacks the images that are right and not certified, and of the certified ones " + sample
                + ", spread evenly, to check the certificates. The other certified images count as standing: but for float "
                + "rounding, no attack on them can succeed.";
    }

    /** The images to attack, in the order of their bounds. */
    public int[] of(List<BoundsRow> bounds) {
        if (this == ALL) {
            return indices(bounds, row -> true);
        }
        Set<Integer> checked = Arrays.stream(spread(bounds)).boxed().collect(Collectors.toSet());
        return indices(bounds, row -> checked.contains(row.index()) || row.certified() != row.cleanCorrect());
    }

    /** How many certified images are attacked as a check. */
    public int checked(List<BoundsRow> bounds) {
        return spread(bounds).length;
    }

    /**
     * As a report has it of attacks beyond PGD.
     *
     * @param name of the attack
     */
    public String sentence(String name) {
        return this == ALL ? name + " attacks every image that is right."
                : name + " attacks the images that are right, that no bound certifies and that nothing has broken, and of the certified "
                + "ones at most " + CROSS_CHECKED_BY_SUITE + " at each epsilon, spread evenly.";
    }

    /** The images that attacks beyond PGD take, in the order of their bounds. @param rows what bounds and PGD say of all */
    public int[] beyond(EpsilonRows rows) {
        if (this == ALL) {
            return indices(rows.bounds(), row -> true);
        }
        Set<Integer> chosen = new HashSet<>(rows.open());
        Set<Integer> broken = rows.broken();
        int[] certified = indices(rows.bounds(), row -> row.cleanCorrect() && !chosen.contains(row.index()) && !broken.contains(row.index()));
        Arrays.stream(Selection.spread(certified, CROSS_CHECKED_BY_SUITE)).forEach(chosen::add);
        return indices(rows.bounds(), row -> chosen.contains(row.index()));
    }

    private static int[] spread(List<BoundsRow> bounds) {
        return Selection.spread(indices(bounds, row -> row.certified() && row.cleanCorrect()), CROSS_CHECKED);
    }

    private static int[] indices(List<BoundsRow> bounds, Predicate<BoundsRow> chosen) {
        return bounds.stream().filter(chosen).mapToInt(BoundsRow::index).toArray();
    }
}
