package dev.bulwark.runs;

import dev.bulwark.attack.AttackLoss;
import dev.bulwark.attack.AttackOutcome;
import dev.bulwark.attack.Pgd;
import dev.bulwark.attack.PgdSettings;
import dev.bulwark.bounds.Cascade;
import dev.bulwark.data.Ball;
import dev.bulwark.data.Norm;
import dev.bulwark.plan.Plan;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;

/** A cascade's search for counterexamples: PGD from one point of each ball. In l1 balls there is none. */
final class ShortAttack implements AutoCloseable {

    /** Of a tenth of the radius each: twice across the ball, then along its surface. */
    private static final int STEPS = 40;

    private final Optional<Pgd> pgd;

    /** @param plan must outlive this object */
    ShortAttack(Plan plan, Ball ball) {
        this.pgd = ball.norm() == Norm.ONE ? Optional.empty() : Optional.of(new Pgd(plan,
                new PgdSettings(ball, STEPS, PgdSettings.defaultStep(ball), 1, 0, List.of(AttackLoss.MARGIN))));
    }

    /** How records name it in balls of a norm. */
    static String describe(Norm norm) {
        return norm == Norm.ONE ? "none" : "PGD-" + STEPS + " up the margin, 1 start";
    }

    /** @param indices of the batch's images: starting points depend on them */
    Cascade.Search on(float[] images, int[] labels, int[] indices) {
        if (pgd.isEmpty()) {
            return Cascade.Search.NONE;
        }
        int inputs = images.length / labels.length;
        return positions -> {
            float[] chosen = new float[positions.length * inputs];
            for (int k = 0; k < positions.length; ++k) {
                System.arraycopy(images, positions[k] * inputs, chosen, k * inputs, inputs);
            }
            return pgd.get().attack(chosen, at(labels, positions), at(indices, positions)).stream()
                    .map(outcome -> Optional.of(outcome).filter(AttackOutcome::broken).map(AttackOutcome::adversarialImage)).toList();
        };
    }

    private static int[] at(int[] values, int[] positions) {
        return IntStream.of(positions).map(n -> values[n]).toArray();
    }

    @Override
    public void close() {
        pgd.ifPresent(Pgd::close);
    }
}
