package dev.bulwark.cli;

import dev.bulwark.runs.ExperimentException;
import dev.bulwark.training.Adversary;
import dev.bulwark.training.Objective.IntervalBounds;
import dev.bulwark.training.Recipe;
import picocli.CommandLine.Option;

/** What training with bounds minimises beside or in place of the worst case in the whole box. */
final class RobustLossOptions {

    private static final int STEPS = 3;

    @Option(names = "--small-boxes", paramLabel = "SHARE",
            description = "Train on boxes of this share of the radius, below 1, around attacked points within the whole box "
                    + "(SABR): less regularised networks, for methods tighter than interval bounds.")
    private Double smallBoxes;

    @Option(names = "--attacked-loss",
            description = "Take the natural loss at attacked points (MTL-IBP); --final-kappa is its weight at the end.")
    private boolean attackedLoss;

    @Option(names = "--attack-steps", paramLabel = "N",
            description = "Gradient steps of the attack for --small-boxes or --attacked-loss (default: " + STEPS + ").")
    private Integer steps;

    @Option(names = "--training-factor", paramLabel = "F",
            description = "Radius to train for at the end of the ramp, over the one to certify (default: the preset's).")
    private Double factor;

    @Option(names = "--l1", paramLabel = "W",
            description = "Weight of the weights' L1 norm in the loss (default: the preset's).")
    private Double l1;

    /**
     * {@code recipe}, which trains with bounds, with what was asked for.
     *
     * @throws ExperimentException      if options contradict each other
     * @throws IllegalArgumentException if a number is out of its range
     */
    Recipe of(Recipe recipe) {
        if (smallBoxes != null && attackedLoss) {
            throw new ExperimentException("--small-boxes and --attacked-loss use the attack in two ways: drop one");
        }
        if (steps != null && smallBoxes == null && !attackedLoss) {
            throw new ExperimentException("--attack-steps has no use without --small-boxes or --attacked-loss");
        }
        IntervalBounds bounds = (IntervalBounds) recipe.objective();
        int attackSteps = steps == null ? STEPS : steps;
        if (smallBoxes != null) {
            bounds = bounds.withAdversary(Adversary.smallBoxes(attackSteps, smallBoxes));
        }
        if (attackedLoss) {
            bounds = bounds.withAdversary(Adversary.points(attackSteps));
        }
        if (factor != null) {
            bounds = bounds.withFactor(factor);
        }
        Recipe changed = recipe.but().objective(bounds).build();
        return l1 == null ? changed : changed.withL1(l1);
    }

    /** What differs from the preset, for the provenance. */
    String words() {
        return (smallBoxes == null ? "" : ", small boxes " + smallBoxes) + (attackedLoss ? ", attacked loss" : "")
                + (steps == null ? "" : ", attack steps " + steps)
                + (factor == null ? "" : ", training factor " + factor) + (l1 == null ? "" : ", L1 " + l1);
    }
}
