package dev.bulwark.experiment;

import dev.bulwark.report.AttackRecord;
import dev.bulwark.report.BoundsRow;
import java.util.Arrays;
import java.util.List;
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
    OPEN("right and not certified, and " + AttackChoice.CROSS_CHECKED + " certified", "PGD attacks the images that are right "
            + "and not certified, and of the certified ones " + AttackChoice.CROSS_CHECKED + " at each epsilon, spread evenly, "
            + "to check the certificates. The other certified images count as standing: but for float rounding, no attack on them can "
            + "succeed."),
    /** Every image. */
    ALL(AttackRecord.EVERY, "PGD attacks every image that is right.");

    /** Certified images of each epsilon. Nothing is expected to break there; a sample shows gross faults at little cost. */
    private static final int CROSS_CHECKED = 100;

    private final String text;
    private final String sentence;

    AttackChoice(String text, String sentence) {
        this.text = text;
        this.sentence = sentence;
    }

    /** As a run's record has it. */
    @Override
    public String toString() {
        return text;
    }

    /** As a report has it. */
    String sentence() {
        return sentence;
    }

    /** The images to attack, in the order of their bounds. */
    int[] of(List<BoundsRow> bounds) {
        if (this == ALL) {
            return indices(bounds, row -> true);
        }
        Set<Integer> checked = Arrays.stream(Selection.spread(
                indices(bounds, row -> row.certified() && row.cleanCorrect()), CROSS_CHECKED)).boxed()
                .collect(Collectors.toSet());
        return indices(bounds, row -> checked.contains(row.index()) || row.certified() != row.cleanCorrect());
    }

    private static int[] indices(List<BoundsRow> bounds, Predicate<BoundsRow> chosen) {
        return bounds.stream().filter(chosen).mapToInt(BoundsRow::index).toArray();
    }
}
