package dev.bulwark.results;

import dev.bulwark.bounds.Claim;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Collectors;

/**
 * No image may be certified and broken: one counterexample disproves the bounds, whatever the accuracies look like.
 *
 * <p>Bounds speak of the real-number network, an attack and clean predictions of the float one. Where a row says that the
 * real-number network stands at the input in question, the two differ and neither is wrong. Where the row says that it
 * breaks, or says nothing, the check fails. Of bounds that are {@linkplain Claim#DEPLOYED claimed of every float evaluation}, any
 * counterexample of the float network disproves them.
 */
public final class SoundnessCheck {

    private static final int NAMED = 10;

    private SoundnessCheck() {
    }

    /**
     * Compares the bounds and the attacks of one network at one epsilon.
     *
     * @param file where the attacks were read from, or the bounds where there are none: failures name it
     * @throws SoundnessException if an image is certified although its clean prediction is wrong or PGD broke it, and no row
     *                            says that the real-number network stands there
     * @throws IllegalArgumentException if an image has two labels, so that the rows are not about the same data
     */
    public static void of(Collection<BoundsRow> bounds, Collection<AttackRow> attacks, Path file) {
        Map<Integer, AttackRow> attackOf = attacks.stream().collect(Collectors.toMap(AttackRow::index, Function.identity()));
        List<String> contradictions = new ArrayList<>();
        boolean disproved = false;
        for (BoundsRow row : bounds) {
            Optional<AttackRow> attack = Optional.ofNullable(attackOf.get(row.index()));
            if (attack.isPresent() && attack.get().label() != row.label()) {
                throw new IllegalArgumentException("image " + row.index() + " has label " + row.label()
                        + " in the bounds, but " + attack.get().label() + " in the attacks");
            }
            Optional<AttackRow.RealNetwork> real = attack.flatMap(AttackRow::realNetwork).or(
                    () -> attack.filter(AttackRow::broken).isPresent() ? Optional.empty() : row.realNetwork());
            if (row.speaksOf() == Claim.DEPLOYED) { // whatever the real-number network does
                real = Optional.empty();
            }
            if (row.certified() || row.certifiedByBox()) {
                Optional<AttackRow.RealNetwork> said = real;
                misclassified(row, attack).filter(how -> !said.equals(Optional.of(AttackRow.RealNetwork.STANDS)))
                        .ifPresent(contradictions::add);
                disproved |= real.equals(Optional.of(AttackRow.RealNetwork.BREAKS));
            }
        }
        if (!contradictions.isEmpty()) {
            double epsilon = bounds.iterator().next().epsilon();
            throw new SoundnessException(file + ": certified at epsilon " + epsilon + " and yet misclassified: "
                    + contradictions.stream().limit(NAMED).collect(Collectors.joining(", "))
                    + (contradictions.size() > NAMED ? " and " + (contradictions.size() - NAMED) + " more" : "")
                    + (disproved ? "; the real-number network breaks too, so the bounds are unsound"
                    : isOfFloats(bounds) ? "; the bounds claim that no float32 evaluation is wrong there, so they are unsound"
                    : "; nothing says that the real-number network stands there, so the bounds count as unsound")
                    + " and none of these results can be used");
        }
    }

    private static boolean isOfFloats(Collection<BoundsRow> bounds) {
        return bounds.stream().allMatch(row -> row.speaksOf() == Claim.DEPLOYED);
    }

    /** How the float network gets an image wrong, if it does. */
    private static Optional<String> misclassified(BoundsRow row, Optional<AttackRow> attack) {
        String image = "image " + row.index() + " (label " + row.label() + ", classified ";
        if (attack.isPresent() && attack.get().cleanCorrect() && attack.get().broken()) {
            return Optional.of(image + attack.get().adversarialPrediction() + " at distance " + attack.get().distance().orElseThrow() + ")");
        }
        if (!row.cleanCorrect()) {
            return Optional.of(image + row.cleanPrediction() + " unperturbed)");
        }
        return attack.filter(found -> !found.cleanCorrect())
                .map(found -> image + found.cleanPrediction() + " unperturbed)");
    }
}
