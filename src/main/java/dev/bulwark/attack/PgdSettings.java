package dev.bulwark.attack;

import dev.bulwark.data.Ball;
import dev.bulwark.data.Norm;
import dev.bulwark.device.NoiseKey;
import dev.bulwark.plan.Plan;
import java.util.EnumSet;
import java.util.List;

/**
 * How hard projected gradient descent tries (Madry et al. 2018).
 *
 * @param ball     what every adversarial image lies in
 * @param steps    gradient steps of one restart
 * @param stepSize length of a step in the ball's norm, in input units: in l-infinity, what every element moves by
 * @param restarts random starting points
 * @param seed     of the starting points
 * @param losses   what the steps climb, one after the other: each has all restarts, from the same starting points, at the
 *                 images that those before it left standing. So several break all that any of them breaks
 */
public record PgdSettings(Ball ball, int steps, double stepSize, int restarts, long seed, List<AttackLoss> losses)
        implements Attacker.Settings {

    /** The lab's, and what every command and the library take where none are named; the step is {@link #defaultStep}. */
    public static final int DEFAULT_STEPS = 50;
    public static final int DEFAULT_RESTARTS = 10;

    public PgdSettings {
        losses = List.copyOf(losses);
        if (ball.norm() == Norm.ONE) {
            throw new IllegalArgumentException("an attack stays in l-infinity or l2 balls, not in those of the "
                    + ball.norm().words() + " norm");
        }
        if (!(stepSize >= 0 && stepSize <= Float.MAX_VALUE)) {
            throw new IllegalArgumentException("stepSize must not be negative, and at most the largest float: " + stepSize);
        }
        if (steps < 1 || restarts < 1) {
            throw new IllegalArgumentException("steps and restarts must be positive: " + steps + ", " + restarts);
        }
        if (losses.stream().anyMatch(AttackLoss::targeted)) {
            throw new IllegalArgumentException("losses must not be targeted: " + losses);
        }
        if (losses.isEmpty() || EnumSet.copyOf(losses).size() < losses.size()) {
            throw new IllegalArgumentException("losses must be different ones, at least one: " + losses);
        }
    }

    /** Around floats that stand for themselves, with cross-entropy alone. */
    public PgdSettings(double epsilon, int steps, double stepSize, int restarts, long seed) {
        this(Ball.aroundFloats(epsilon), steps, stepSize, restarts, seed, List.of(AttackLoss.CROSS_ENTROPY));
    }

    @Override
    public Pgd on(Plan network) {
        return new Pgd(network, this);
    }

    /** What the starting points are drawn by. */
    NoiseKey key() {
        return new NoiseKey(seed, NoiseKey.Stream.ATTACK);
    }

    /** The double nearest to the distance that no adversarial image exceeds, in input units. */
    public double epsilon() {
        return ball.epsilon().nearest();
    }

    public PgdSettings withLosses(List<AttackLoss> other) {
        return new PgdSettings(ball, steps, stepSize, restarts, seed, other);
    }

    /**
     * The step where none is named: a tenth of epsilon, in every norm. 50 such steps lead five times as far as the radius, across the
     * ball and on along its surface. In l2, of 495 images that a smoothing network has right, one restart of these broke 203 at
     * epsilon 2, of half as long ones 188, of a quarter 116; four restarts of 200 steps of a twentieth broke 221.
     */
    public static double defaultStep(Ball ball) {
        return ball.epsilon().nearest() / 10;
    }

    /** The lab's attack: the default steps from each of the default number of starting points, up the cross-entropy. */
    public static PgdSettings standard(double epsilon, long seed) {
        return new PgdSettings(epsilon, DEFAULT_STEPS, defaultStep(Ball.aroundFloats(epsilon)), DEFAULT_RESTARTS, seed);
    }
}
