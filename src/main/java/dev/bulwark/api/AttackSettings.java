package dev.bulwark.api;

import dev.bulwark.attack.AttackKind;
import dev.bulwark.attack.AttackLoss;
import dev.bulwark.attack.Attacker;
import dev.bulwark.attack.PgdSettings;
import dev.bulwark.attack.SuiteSettings;
import dev.bulwark.data.Ball;
import dev.bulwark.shapes.ImageShape;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;

/**
 * Which attack, and how hard it tries. By name, from {@link #DEFAULT}:
 * {@code AttackSettings.DEFAULT.withMethod(AttackKind.AUTOATTACK)}. The ball that it stays in belongs to the call.
 *
 * <p>Gradients are in whatever arithmetic the device was opened with. Rounding costs attacks other than PGD images: open the device
 * in fp32 for them.
 *
 * @param method     one attack, or several one after the other
 * @param effort     steps, starting points and so on, where they are not the method's own
 * @param image      how the network's inputs lie in an image, for attacks that look for squares; empty for its input shape, or a
 *                   single row where that is a vector
 * @param seed       of whatever is random
 * @param firstIndex index of the first image of a call; the others follow. What is random depends on seed and index
 */
public record AttackSettings(AttackKind method, AttackKind.Effort effort, Optional<ImageShape> image, long seed, int firstIndex) {

    /** PGD with its default steps and restarts, up the cross-entropy and then the margin, seed 0. */
    public static final AttackSettings DEFAULT =
            new AttackSettings(AttackKind.PGD, AttackKind.Effort.DEFAULT, Optional.empty(), 0, 0);

    /** What PGD climbs where nothing else is said, one after the other. */
    private static final List<AttackLoss> PGD_LOSSES = List.of(AttackLoss.CROSS_ENTROPY, AttackLoss.MARGIN);

    public AttackSettings {
        effort.steps().ifPresent(steps -> Checks.requirePositive("steps", steps));
        effort.restarts().ifPresent(restarts -> Checks.requirePositive("restarts", restarts));
        effort.targets().ifPresent(targets -> Checks.requirePositive("targets", targets));
        Checks.requireIndex(firstIndex);
    }

    /** Another attack, with its own defaults. */
    public AttackSettings withMethod(AttackKind other) {
        return new AttackSettings(other, AttackKind.Effort.DEFAULT, image, seed, firstIndex);
    }

    /** Steps from each starting point; queries of Square. */
    public AttackSettings withSteps(int other) {
        return with(new AttackKind.Effort(OptionalInt.of(other), effort.restarts(), effort.targets(), effort.stepSize(), effort.losses()));
    }

    /** Starting points, for each loss and each target. */
    public AttackSettings withRestarts(int other) {
        return with(new AttackKind.Effort(effort.steps(), OptionalInt.of(other), effort.targets(), effort.stepSize(), effort.losses()));
    }

    /** Classes that the attack leads to, the likeliest first; PGD climbs the margin of each. */
    public AttackSettings withTargets(int other) {
        return with(new AttackKind.Effort(effort.steps(), effort.restarts(), OptionalInt.of(other), effort.stepSize(), effort.losses()));
    }

    /** Of PGD: length of a step in the ball's norm, in input units; a tenth of epsilon where this is not said. */
    public AttackSettings withStepSize(double other) {
        return with(new AttackKind.Effort(effort.steps(), effort.restarts(), effort.targets(), OptionalDouble.of(other), effort.losses()));
    }

    /** What PGD and auto-PGD climb, one after the other; each loss has all restarts at the images that still stand. */
    public AttackSettings withLosses(List<AttackLoss> other) {
        return with(new AttackKind.Effort(effort.steps(), effort.restarts(), effort.targets(), effort.stepSize(), other));
    }

    public AttackSettings withImage(ImageShape other) {
        return new AttackSettings(method, effort, Optional.of(other), seed, firstIndex);
    }

    public AttackSettings withSeed(long other) {
        return new AttackSettings(method, effort, image, other, firstIndex);
    }

    public AttackSettings withFirstIndex(int other) {
        return new AttackSettings(method, effort, image, seed, other);
    }

    private AttackSettings with(AttackKind.Effort other) {
        return new AttackSettings(method, other, image, seed, firstIndex);
    }

    /**
     * @param shape of the network's inputs, where {@link #image} is empty
     * @throws IllegalArgumentException if the effort has what the method does not take
     */
    Attacker.Settings within(Ball ball, ImageShape shape) {
        method.requireTaken(effort);
        if (method == AttackKind.PGD && effort.targets().isEmpty()) {
            return new PgdSettings(ball, effort.steps().orElse(PgdSettings.DEFAULT_STEPS), effort.stepSize().orElse(PgdSettings.defaultStep(ball)),
                    effort.restarts().orElse(PgdSettings.DEFAULT_RESTARTS), seed, effort.losses().isEmpty() ? PGD_LOSSES : effort.losses());
        }
        return new SuiteSettings(ball, image.orElse(shape), seed, method.searches(ball, effort));
    }
}
