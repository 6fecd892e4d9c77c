package dev.bulwark.api;

import dev.bulwark.attack.AttackLoss;
import dev.bulwark.attack.PgdSettings;
import dev.bulwark.data.Ball;
import java.util.List;
import java.util.OptionalDouble;

/**
 * How hard projected gradient descent tries. By name, from {@link #DEFAULT}: {@code AttackSettings.DEFAULT.withRestarts(1)}.
 *
 * @param steps      gradient steps of one restart
 * @param restarts   random starting points
 * @param stepSize   length of a step in the ball's norm, in input units; empty for a tenth of epsilon
 * @param losses     what the steps climb, one after the other; each has all restarts at the images that still stand
 * @param seed       of the starting points
 * @param firstIndex index of the first image of a call; the others follow. Starting points depend on seed, index and restart
 */
public record AttackSettings(int steps, int restarts, OptionalDouble stepSize, List<AttackLoss> losses, long seed,
                             int firstIndex) {

    /** The default steps and restarts of {@link PgdSettings}, up the cross-entropy and then the margin, seed 0. */
    public static final AttackSettings DEFAULT = new AttackSettings(PgdSettings.DEFAULT_STEPS, PgdSettings.DEFAULT_RESTARTS,
            OptionalDouble.empty(),
            List.of(AttackLoss.CROSS_ENTROPY, AttackLoss.MARGIN), 0, 0);

    public AttackSettings {
        losses = List.copyOf(losses);
        Checks.requirePositive("steps", steps);
        Checks.requirePositive("restarts", restarts);
        Checks.requireIndex(firstIndex);
    }

    public AttackSettings withSteps(int other) {
        return new AttackSettings(other, restarts, stepSize, losses, seed, firstIndex);
    }

    public AttackSettings withRestarts(int other) {
        return new AttackSettings(steps, other, stepSize, losses, seed, firstIndex);
    }

    public AttackSettings withStepSize(double other) {
        return new AttackSettings(steps, restarts, OptionalDouble.of(other), losses, seed, firstIndex);
    }

    public AttackSettings withLosses(List<AttackLoss> other) {
        return new AttackSettings(steps, restarts, stepSize, other, seed, firstIndex);
    }

    public AttackSettings withSeed(long other) {
        return new AttackSettings(steps, restarts, stepSize, losses, other, firstIndex);
    }

    public AttackSettings withFirstIndex(int other) {
        return new AttackSettings(steps, restarts, stepSize, losses, seed, other);
    }

    PgdSettings within(Ball ball) {
        return new PgdSettings(ball, steps, stepSize.orElse(PgdSettings.defaultStep(ball)), restarts, seed, losses);
    }
}
