package dev.bulwark.audit;

/**
 * What sums of doubles are off by. A sum of n products, each rounded to nearest, in any order, differs from the real one by
 * at most {@code n u / (1 - n u)} times the sum of the products' magnitudes, u = 2^-53 (Higham 2002, section 3.1), and by
 * 2^-1075 for each product that underflows.
 */
final class Rounding {

    private static final double UNIT = 0x1p-53;
    /** More than the few roundings that go into a slack itself. */
    private static final int MORE = 8;

    private Rounding() {
    }

    /**
     * At least what a sum is off by: twice what the theorem says, for the magnitudes' own sum is rounded too.
     *
     * @param terms      fewer than 2^31
     * @param magnitudes the computed sum of the terms' magnitudes, of as many terms
     */
    static double slack(int terms, double magnitudes) {
        double count = 2.0 * ((double) terms + MORE);
        return count * UNIT * magnitudes + count * Double.MIN_VALUE;
    }

    /** At least the sum that {@code magnitudes} was computed for. */
    static double above(int terms, double magnitudes) {
        return Math.nextUp(magnitudes + slack(terms, magnitudes));
    }

    static double addDown(double a, double b) {
        return Math.nextDown(a + b);
    }

    /** At most {@code a b}. */
    static double timesDown(double a, double b) {
        return a == 0 || b == 0 ? 0 : Math.nextDown(a * b);
    }
}
