package dev.bulwark.attack;

import dev.bulwark.data.Ball;
import dev.bulwark.data.Norm;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.OptionalDouble;
import java.util.OptionalInt;

/** Attacks as users name them, each a list of searches. */
public enum AttackKind {

    /** Projected gradient descent (Madry et al. 2018). Toward one class after another it is a list of searches, else {@link Pgd}. */
    PGD,

    /** Auto-PGD up the cross-entropy, then up the difference of logits ratio (Croce and Hein 2020). */
    APGD,

    /** Auto-PGD toward one class after another. */
    APGD_T,

    /** The fast adaptive boundary attack (Croce and Hein 2020), toward one class after another. */
    FAB_T,

    /** Random search over squares (Andriushchenko et al. 2020). */
    SQUARE,

    /** AutoAttack's standard version (Croce and Hein 2020; in l1 balls Croce and Hein 2021). */
    AUTOATTACK;

    /**
     * How hard a search tries. What is empty has the search's default.
     *
     * @param steps    from each starting point; queries of {@link #SQUARE}
     * @param restarts starting points, for each target where there are some
     * @param targets  classes that a targeted search leads to
     * @param stepSize of {@link #PGD}, in the ball's norm
     * @param losses   what {@link #PGD} and {@link #APGD} climb, one after the other; empty for both that they have. PGD's margin is the
     *                 targeted one
     */
    public record Effort(OptionalInt steps, OptionalInt restarts, OptionalInt targets, OptionalDouble stepSize,
                         List<AttackLoss> losses) {

        /** Of each search its default. */
        public static final Effort DEFAULT =
                new Effort(OptionalInt.empty(), OptionalInt.empty(), OptionalInt.empty(), OptionalDouble.empty(), List.of());

        public Effort {
            losses = List.copyOf(losses);
        }

        private boolean climbs(AttackLoss loss) {
            return losses.isEmpty() || losses.contains(loss);
        }
    }

    /** Steps from each starting point, queries of {@link #SQUARE}, where nothing else is said. */
    public int defaultSteps() {
        return this == PGD ? PgdSettings.DEFAULT_STEPS : this == SQUARE ? Search.QUERIES : Search.ITERATIONS;
    }

    /** Starting points where nothing else is said. */
    public int defaultRestarts(Norm norm) {
        return this == PGD ? PgdSettings.DEFAULT_RESTARTS : this == APGD && norm == Norm.ONE ? Search.L1_RESTARTS : 1;
    }

    /** Classes that a targeted search leads to where nothing else is said. */
    public int defaultTargets(Norm norm) {
        return this == APGD_T && norm == Norm.ONE ? Search.L1_TARGETS : Search.MOST_TARGETS;
    }

    /** @throws IllegalArgumentException if the effort has what this attack does not take, and would have to ignore */
    public void requireTaken(Effort effort) {
        boolean steps = this != AUTOATTACK;
        boolean targets = this == PGD || this == APGD_T || this == FAB_T;
        boolean losses = this == PGD || this == APGD;
        String not = !steps && effort.steps.isPresent() ? "steps" : !steps && effort.restarts.isPresent() ? "restarts"
                : !targets && effort.targets.isPresent() ? "targets" : this != PGD && effort.stepSize.isPresent() ? "stepSize"
                : !losses && !effort.losses.isEmpty() ? "losses" : "";
        if (!not.isEmpty()) {
            throw new IllegalArgumentException(this + " takes no " + not);
        }
        AttackLoss other = this == PGD ? AttackLoss.DLR : AttackLoss.MARGIN;
        if (effort.losses.stream().anyMatch(AttackLoss::targeted) || (this == APGD || effort.targets.isPresent()) && effort.losses.contains(other)) {
            throw new IllegalArgumentException(this + (effort.targets.isPresent() ? " with targets" : "") + " does not climb "
                    + effort.losses);
        }
    }

    /** Its searches, with the defaults of each. */
    public List<Search> searches(Ball ball) {
        return searches(ball, Effort.DEFAULT);
    }

    /**
     * Its searches in their order; {@link #PGD}'s leads to classes, one after the other.
     *
     * @throws IllegalArgumentException if the effort makes no sense
     */
    public List<Search> searches(Ball ball, Effort effort) {
        Norm norm = ball.norm();
        int steps = effort.steps.orElse(defaultSteps());
        int restarts = effort.restarts.orElse(defaultRestarts(norm));
        int targets = effort.targets.orElse(defaultTargets(norm));
        List<Search> searches = new ArrayList<>();
        switch (this) {
            case PGD -> {
                double stepSize = effort.stepSize.orElseGet(() -> PgdSettings.defaultStep(ball));
                if (effort.climbs(AttackLoss.CROSS_ENTROPY)) {
                    searches.add(new Search.Pgd(AttackLoss.CROSS_ENTROPY, steps, stepSize, restarts, 0));
                }
                if (effort.climbs(AttackLoss.MARGIN)) {
                    searches.add(new Search.Pgd(AttackLoss.TARGETED_MARGIN, steps, stepSize, restarts, targets));
                }
            }
            case APGD -> {
                if (effort.climbs(AttackLoss.CROSS_ENTROPY)) {
                    searches.add(new Search.Apgd(AttackLoss.CROSS_ENTROPY, steps, restarts, 0));
                }
                if (effort.climbs(AttackLoss.DLR)) {
                    searches.add(new Search.Apgd(AttackLoss.DLR, steps, restarts, 0));
                }
            }
            case APGD_T -> searches.add(new Search.Apgd(AttackLoss.TARGETED_DLR, steps, restarts, targets));
            case FAB_T -> searches.add(new Search.Fab(steps, restarts, targets));
            case SQUARE -> searches.add(new Search.Square(steps, restarts));
            case AUTOATTACK -> searches.addAll(Search.autoAttack(norm));
        }
        return searches;
    }

    /** As users and records spell it. */
    @Override
    public String toString() {
        return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }
}
