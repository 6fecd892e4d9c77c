package dev.bulwark.runs;

import dev.bulwark.attack.AttackLoss;
import dev.bulwark.attack.AttackOutcome;
import dev.bulwark.attack.Attacker;
import dev.bulwark.attack.PgdSettings;
import dev.bulwark.attack.Search;
import dev.bulwark.attack.SuiteSettings;
import dev.bulwark.bounds.RealNetwork;
import dev.bulwark.data.Ball;
import dev.bulwark.data.Norm;
import dev.bulwark.plan.Plan;
import dev.bulwark.results.AttackRow;
import dev.bulwark.results.RowFile;
import dev.bulwark.settings.Setting;
import dev.bulwark.shapes.ImageShape;
import java.io.IOException;
import java.util.List;
import java.util.Optional;
import java.util.function.IntPredicate;

/** Attacks on many images: an upper bound on robust accuracy, never a guarantee. */
public final class Attack {

    /** The cross-entropy, then the margin at what it left standing: stronger than either alone, image by image. */
    public static final List<AttackLoss> BOTH_LOSSES = List.of(AttackLoss.CROSS_ENTROPY, AttackLoss.MARGIN);

    /** Images of a batch, in calls of the device: what is left of them for the last attacks of a suite still fills some. */
    private static final int CALLS_OF_A_SUITE = 4;

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

    /** A suite's settings. @throws ExperimentException if they make no sense */
    public static SuiteSettings suite(Ball ball, ImageShape image, long seed, List<Search> searches) {
        try {
            return new SuiteSettings(ball, image, seed, searches);
        } catch (IllegalArgumentException e) {
            throw new ExperimentException(e.getMessage());
        }
    }

    private static void requirePositive(Setting setting, int value) {
        if (value < 1) {
            throw new ExperimentException(setting, " must be at least 1: " + value);
        }
    }

    /**
     * Attacks every image without a row.
     *
     * @param images takes an image for each row; empty to keep none
     * @param totals take what it took
     */
    public static void run(Fleet fleet, Subject subject, Attacker.Settings settings, RowFile<AttackRow> rows,
                           Optional<KeptImages> images, AttackTotals totals, Monitor monitor) throws IOException {
        run(fleet, subject, settings, totals, (row, outcome) -> {
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
     * @param totals    take what it took
     * @param certified the images that bounds certify at this epsilon: where one breaks, its row also says what the
     *                  real-number network does
     */
    public static void run(Fleet fleet, Subject subject, Attacker.Settings settings, IntPredicate certified, RowFile<AttackRow> rows,
                           AttackTotals totals, Monitor monitor) throws IOException {
        RealNetwork real = new RealNetwork(subject.network());
        run(fleet, subject, settings, totals, (row, o) -> rows.append(o.broken() && certified.test(row.index())
                ? row.with(real.stands(o.adversarialImage(), o.label()) ? AttackRow.RealNetwork.STANDS
                : AttackRow.RealNetwork.BREAKS) : row), rows, monitor);
    }

    /** Takes rows in their order. */
    private interface Writing {
        void write(AttackRow row, AttackOutcome outcome) throws IOException;
    }

    private static void run(Fleet fleet, Subject subject, Attacker.Settings settings, AttackTotals totals, Writing writing,
                            RowFile<AttackRow> rows, Monitor monitor) throws IOException {
        int calls = settings instanceof SuiteSettings ? CALLS_OF_A_SUITE : 1;
        Batches batches = new Batches("attack at epsilon " + settings.ball().epsilon(), subject.indices(), rows::contains,
                Math.multiplyExact(calls, fleet.first().imagesPerCall()));
        batches.<AttackOutcome>run(fleet, monitor, (backend, source) -> {
            try (Plan network = Plan.load(backend, subject.network()); Attacker attacker = settings.on(network)) {
                source.forEach(batch -> {
                    List<AttackOutcome> outcomes = attacker.attack(subject.pixels(batch), subject.labels(batch), batch);
                    totals.took(attacker.takeEffort());
                    return outcomes;
                });
            }
        }, (index, o) -> {
            writing.write(row(index, o, settings.ball().norm()), o);
            totals.save();
        });
        totals.saveNow();
        totals.warnings().forEach(monitor::note);
    }

    private static AttackRow row(int index, AttackOutcome o, Norm norm) {
        AttackRow row = AttackRow.of(index, o);
        return switch (norm) {
            case INF -> row;
            case TWO -> row.inEuclideanBall(o.euclidean());
            case ONE -> row.inL1Ball(o.l1());
        };
    }
}
