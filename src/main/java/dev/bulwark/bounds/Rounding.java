package dev.bulwark.bounds;

/** From double to float, to a chosen side. */
final class Rounding {

    private Rounding() {
    }

    /** The greatest float not above {@code value}; NaN stays. */
    static float down(double value) {
        float nearest = (float) value;
        return nearest > value ? Math.nextDown(nearest) : nearest;
    }

    /** The least float not below {@code value}; NaN stays. */
    static float up(double value) {
        return -down(-value);
    }
}
