package dev.bulwark.device.cpu;

import dev.bulwark.device.Directed;

/**
 * A form's constant and all that is added to it, in double; what the sum may be off by is at most a multiple of the sum of
 * absolute values (Higham 2002, section 3.1) and is taken off at the end.
 */
final class FormConstant {

    /** Twice the unit roundoff of double: every count of operations below has a factor of two to spare. */
    private static final double ROUNDOFF = 0x1p-52;

    private final int row;
    private final int terms;
    private double sum;
    private double absolute;

    /** @param terms that are added, at most */
    FormConstant(int row, int terms, float start) {
        this.row = row;
        this.terms = terms;
        this.sum = start;
        this.absolute = Math.abs(start);
    }

    /** The form's row. */
    int row() {
        return row;
    }

    void add(double term) {
        add(term, Math.abs(term));
    }

    /** Adds several terms at once. @param magnitude their absolute values' sum */
    void add(double terms, double magnitude) {
        sum += terms;
        absolute += magnitude;
    }

    /**
     * The nearest float to the sum of two coefficients of something of size {@code magnitude}, for which the constant pays. What
     * is lost is a float (Knuth's two-sum), or NaN where the sum overflowed.
     */
    float joined(float first, float second, float magnitude) {
        float joined = first + second;
        float back = joined - first;
        float lost = (first - (joined - back)) + (second - back);
        if (lost != 0) {
            add(-(double) Math.abs(lost) * magnitude);
        }
        return joined;
    }

    /** Not above what was added up. */
    float down() {
        return Directed.down(sum - slack(terms, absolute));
    }

    /**
     * Bound of all rounding in a sum of {@code terms} terms with absolute values that sum to {@code absolute}: of the sum,
     * of the terms, of which none takes more than four roundings, and of the bound itself.
     */
    static double slack(int terms, double absolute) {
        return (terms + 16) * ROUNDOFF * absolute + Double.MIN_NORMAL;
    }
}
