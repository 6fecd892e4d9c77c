package dev.bulwark.attack;

/**
 * How hard projected gradient descent tries (Madry et al. 2018).
 *
 * @param epsilon  l-infinity distance that no adversarial image exceeds, in input units: this real number
 * @param steps    gradient steps of one restart
 * @param stepSize length of a step in every element, in input units
 * @param restarts random starting points
 * @param seed     of the starting points
 */
public record PgdSettings(double epsilon, int steps, double stepSize, int restarts, long seed) {

    public PgdSettings {
        requireDistance("epsilon", epsilon);
        requireDistance("stepSize", stepSize);
        if (steps < 1 || restarts < 1) {
            throw new IllegalArgumentException("steps and restarts must be positive: " + steps + ", " + restarts);
        }
    }

    /** The lab's attack: 50 steps of epsilon / 10 from each of 10 starting points. */
    public static PgdSettings standard(double epsilon, long seed) {
        return new PgdSettings(epsilon, 50, epsilon / 10, 10, seed);
    }

    private static void requireDistance(String what, double value) {
        if (!(value >= 0 && Double.isFinite(value))) {
            throw new IllegalArgumentException(what + " must be finite and not negative: " + value);
        }
    }
}
