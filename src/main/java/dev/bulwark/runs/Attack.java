package dev.bulwark.runs;

import dev.bulwark.attack.AttackLoss;
import dev.bulwark.attack.AttackOutcome;
import dev.bulwark.attack.Pgd;
import dev.bulwark.attack.PgdSettings;
import dev.bulwark.bounds.RealNetwork;
import dev.bulwark.data.Ball;
import dev.bulwark.data.Norm;
import dev.bulwark.plan.Plan;
import dev.bulwark.results.AttackRow;
import dev.bulwark.results.RowFile;
import dev.bulwark.settings.Setting;
import java.io.IOException;
import java.util.List;
import java.util.function.IntPredicate;

/** PGD over many images: an upper bound on robust accuracy, never a guarantee. */
public final class Attack {

    /** The cross-entropy, then the margin at what it left standing: stronger than either alone, image by image. */
    public static final List<AttackLoss> BOTH_LOSSES = List.of(AttackLoss.CROSS_ENTROPY, AttackLoss.MARGIN);

    private Attack() {
    }

    /** PGD's settings. @throws ExperimentException if they make no sense */
    public static PgdSettings settings(Ball ball, int steps, double stepSize, int restarts, long seed,
                                       List<AttackLoss> losses) {
        requirePositive(Setting.STEPS, steps);
        requirePositive(Setting.RESTARTS, restarts);
        if (!(stepSize >= 0 && Double.isFinite(stepSize))) {
            throw new ExperimentException(Setting.STEP_SIZE, " must be finite and not negative: " + stepSize);
        }
        try {
            return new PgdSettings(ball, steps, stepSize, restarts, seed, losses);
        } catch (IllegalArgumentException e) {
            throw new ExperimentException(e.getMessage());
        }
    }

    private static void requirePositive(Setting setting, int value) {
        if (value < 1) {
            throw new ExperimentException(setting, " must be at least 1: " + value);
        }
    }

    /** Attacks every image without a row. */
    public static void run(Fleet fleet, Subject subject, PgdSettings settings, RowFile<AttackRow> rows,
                           Monitor monitor) throws IOException {
        run(fleet, subject, settings, index -> false, rows, monitor);
    }

    /**
     * Attacks every image without a row.
     *
     * @param certified the images that bounds certify at this epsilon: where one breaks, its row also says what the
     *                  real-number network does
     */
    public static void run(Fleet fleet, Subject subject, PgdSettings settings, IntPredicate certified, RowFile<AttackRow> rows,
                    Monitor monitor) throws IOException {
        RealNetwork real = new RealNetwork(subject.network());
        Batches batches = new Batches("attack at epsilon " + settings.ball().epsilon(), subject.indices(), rows::contains,
                fleet.first().imagesPerCall());
        batches.<AttackOutcome>run(fleet, monitor, (backend, source) -> {
            try (Plan network = Plan.load(backend, subject.network()); Pgd pgd = new Pgd(network, settings)) {
                source.forEach(batch -> pgd.attack(subject.pixels(batch), subject.labels(batch), batch));
            }
        }, (index, o) -> {
            AttackRow row = row(index, o, settings.ball().norm());
            rows.append(o.broken() && certified.test(index) ? row.with(real.stands(o.adversarialImage(), o.label())
                    ? AttackRow.RealNetwork.STANDS : AttackRow.RealNetwork.BREAKS) : row);
        });
    }

    private static AttackRow row(int index, AttackOutcome o, Norm norm) {
        AttackRow row = new AttackRow(index, o.label(), o.cleanPrediction(), o.broken(), o.adversarialPrediction(), o.linf(),
                o.loss());
        return norm == Norm.TWO ? row.inEuclideanBall(o.euclidean()) : row;
    }
}
