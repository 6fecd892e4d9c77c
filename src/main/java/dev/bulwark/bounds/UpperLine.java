package dev.bulwark.bounds;

/**
 * A line that is nowhere on an interval below the ReLU, in real numbers.
 *
 * <p>Where the sign is known the line is the ReLU itself. Elsewhere any slope in [0, 1] will do, so it may be rounded; the
 * intercept is then chosen for it: as the ReLU is convex, a line that is not below it at both ends is nowhere below it.
 *
 * @param slope     in [0, 1], or NaN where the interval is unknown
 * @param intercept positive exactly where the sign is known to be open
 */
record UpperLine(float slope, float intercept) {

    private static final UpperLine OFF = new UpperLine(0, 0);
    private static final UpperLine ON = new UpperLine(1, 0);
    private static final UpperLine UNKNOWN = new UpperLine(Float.NaN, Float.NaN);

    static UpperLine over(float lower, float upper) {
        if (upper <= 0) {
            return OFF;
        }
        if (lower >= 0) {
            return ON;
        }
        if (!Float.isFinite(lower) || !Float.isFinite(upper)) {
            return UNKNOWN;
        }
        float slope = (float) (upper / ((double) upper - lower));
        double atLower = -(double) slope * lower; // a product of two floats is exact in double
        double atUpper = Math.nextUp(upper - (double) slope * upper);
        return new UpperLine(slope, Rounding.up(Math.max(atLower, atUpper)));
    }
}
