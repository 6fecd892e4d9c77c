package dev.bulwark.device;

/** From double to float, to a chosen side. */
public final class Directed {

    private Directed() {
    }

    /** The greatest float not above {@code value}; NaN stays. */
    public static float down(double value) {
        float nearest = (float) value;
        return nearest > value ? Math.nextDown(nearest) : nearest;
    }

    /** The least float not below {@code value}; NaN stays. */
    public static float up(double value) {
        float nearest = (float) value;
        return nearest < value ? Math.nextUp(nearest) : nearest;
    }
}
