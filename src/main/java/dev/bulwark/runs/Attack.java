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
import java.util.Optional;
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
        if (!(stepSize >= 0 && stepSize <= Float.MAX_VALUE)) {
            throw new ExperimentException(Setting.STEP_SIZE, " must not be negative, and at most 3.4e38: " + stepSize);
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

    /** Attacks every image without a row. @param images takes an image for each row; empty to keep none */
    public static void run(Fleet fleet, Subject subject, PgdSettings settings, RowFile<AttackRow> rows,
                           Optional<KeptImages> images, Monitor monitor) throws IOException {
        run(fleet, subject, settings, (row, outcome) -> {
            if (images.isEmpty()) {
                rows.append(row);
                return;
            }
            AttackRow keeping = row.keepingImages();
            images.get().keep(keeping, outcome.adversarialImage());
            rows.append(keeping);
        }, rows, monitor);
        if (images.isPresent()) {
            images.get().finish();
        }
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
        run(fleet, subject, settings, (row, o) -> rows.append(o.broken() && certified.test(row.index())
                ? row.with(real.stands(o.adversarialImage(), o.label()) ? AttackRow.RealNetwork.STANDS
                : AttackRow.RealNetwork.BREAKS) : row), rows, monitor);
    }

    /** Takes rows in their order. */
    private interface Writing {
        void write(AttackRow row, AttackOutcome outcome) throws IOException;
    }

    private static void run(Fleet fleet, Subject subject, PgdSettings settings, Writing writing, RowFile<AttackRow> rows,
                            Monitor monitor) throws IOException {
        Batches batches = new Batches("attack at epsilon " + settings.ball().epsilon(), subject.indices(), rows::contains,
                fleet.first().imagesPerCall());
        batches.<AttackOutcome>run(fleet, monitor, (backend, source) -> {
            try (Plan network = Plan.load(backend, subject.network()); Pgd pgd = new Pgd(network, settings)) {
                source.forEach(batch -> pgd.attack(subject.pixels(batch), subject.labels(batch), batch));
            }
        }, (index, o) -> writing.write(row(index, o, settings.ball().norm()), o));
    }

    private static AttackRow row(int index, AttackOutcome o, Norm norm) {
        AttackRow row = AttackRow.of(index, o);
        return norm == Norm.TWO ? row.inEuclideanBall(o.euclidean()) : row;
    }
}
