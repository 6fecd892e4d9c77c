package dev.bulwark.training;

/**
 * An attack on the network in training, whose points stand in place of the images: signed gradient steps on the cross-entropy
 * that begin at the image (Madry et al. 2018, "Towards deep learning models resistant to adversarial attacks").
 *
 * @param use    what its points are for
 * @param steps  gradient steps; 0 where there is no attack
 * @param length of one step, over the radius within which the attack moves
 * @param share  radius of the boxes over the radius trained for; 1 but for small boxes
 */
public record Adversary(Use use, int steps, double length, double share) {

    /** What the points of an attack are for. */
    public enum Use {

        /** There is no attack. */
        NONE,

        /**
         * The natural loss is taken at them, so that training weighs an attacked loss against the worst case's: MTL-IBP (De
         * Palma et al. 2024, "Expressive losses for verified robustness via convex combinations").
         */
        POINTS,

        /**
         * They are centres of small boxes, which lie in the box around the image: SABR (Mueller et al. 2023, "Certified
         * training: small boxes are all you need"). The worst case is that of the small box: the network that results is
         * certified by more than interval bounds.
         */
        CENTRES
    }

    /** A quarter of the radius, where there are steps enough. */
    private static final double LENGTH = 0.25;

    private static final Adversary NONE = new Adversary(Use.NONE, 0, 0, 1);

    public Adversary {
        Checks.named("use of an attack", use);
        if (use == Use.NONE) {
            if (steps != 0 || length != 0 || share != 1) {
                throw new IllegalArgumentException("without an attack there are no steps, not " + steps + " of " + length
                        + ", and boxes are whole, not " + share);
            }
        } else {
            Checks.atLeast(1, "attack steps", steps);
            Checks.positive("length of an attack's step", length);
            Checks.positive("share of small boxes", share);
            Checks.inUnitInterval("share of small boxes", share);
            if (use == Use.CENTRES ? share == 1 : share != 1) {
                throw new IllegalArgumentException(use == Use.CENTRES ? "small boxes must be smaller than the whole one"
                        : "boxes around images are whole, not " + share);
            }
        }
    }

    public static Adversary none() {
        return NONE;
    }

    /** The natural loss at attacked points. */
    public static Adversary points(int steps) {
        return new Adversary(Use.POINTS, steps, length(steps), 1);
    }

    /** Boxes of {@code share} of the radius around attacked points, within the whole box. */
    public static Adversary smallBoxes(int steps, double share) {
        return new Adversary(Use.CENTRES, steps, length(steps), share);
    }

    /** At least what reaches the end of the box from its middle. */
    private static double length(int steps) {
        Checks.atLeast(1, "attack steps", steps);
        return Math.max(LENGTH, 1.0 / steps);
    }

    /** Radius of the boxes, of the radius trained for. */
    double boxes(double epsilon) {
        return share * epsilon;
    }

    /** Radius within which the attack moves, of the radius trained for. */
    double reach(double epsilon) {
        return switch (use) {
            case NONE -> 0;
            case POINTS -> epsilon;
            case CENTRES -> (1 - share) * epsilon;
        };
    }

    /** Whether a step of these rows needs the attack. */
    boolean attacks(StepRows rows) {
        return rows.box() && (use == Use.CENTRES || use == Use.POINTS && rows.clean());
    }
}
