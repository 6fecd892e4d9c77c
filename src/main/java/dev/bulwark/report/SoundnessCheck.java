package dev.bulwark.report;

import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Collectors;

/** No image may be certified and broken: one counterexample disproves the bounds, whatever the accuracies look like. */
public final class SoundnessCheck {

    private static final int NAMED = 10;

    private SoundnessCheck() {
    }

    /**
     * Compares the bounds and the attacks of one network at one epsilon.
     *
     * @throws SoundnessException if an image is certified although its clean prediction is wrong or PGD broke it
     * @throws IllegalArgumentException if an image has two labels, so that the rows are not about the same data
     */
    public static void of(Collection<BoundsRow> bounds, Collection<AttackRow> attacks) {
        Map<Integer, AttackRow> attackOf = attacks.stream().collect(Collectors.toMap(AttackRow::index, Function.identity()));
        List<String> contradictions = new ArrayList<>();
        for (BoundsRow row : bounds) {
            AttackRow attack = attackOf.get(row.index());
            if (attack != null && attack.label() != row.label()) {
                throw new IllegalArgumentException("image " + row.index() + " has label " + row.label()
                        + " in the bounds, but " + attack.label() + " in the attacks");
            }
            boolean certified = row.certified() || row.certifiedByBox();
            if (certified && !row.cleanCorrect()) {
                contradictions.add("image " + row.index() + " (label " + row.label() + ", classified "
                        + row.cleanPrediction() + " unperturbed)");
            } else if (certified && attack != null && (attack.broken() || !attack.cleanCorrect())) {
                contradictions.add("image " + row.index() + " (label " + row.label() + ", classified "
                        + (attack.broken() ? attack.adversarialPrediction() + " at distance " + attack.linf()
                                : attack.cleanPrediction() + " unperturbed") + ")");
            }
        }
        if (!contradictions.isEmpty()) {
            double epsilon = bounds.iterator().next().epsilon();
            throw new SoundnessException("certified at epsilon " + epsilon + " and yet misclassified: "
                    + contradictions.stream().limit(NAMED).collect(Collectors.joining(", "))
                    + (contradictions.size() > NAMED ? " and " + (contradictions.size() - NAMED) + " more" : "")
                    + "; the bounds are unsound, so none of these results can be used");
        }
    }
}
