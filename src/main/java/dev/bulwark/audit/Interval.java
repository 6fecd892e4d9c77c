package dev.bulwark.audit;

/**
 * Bounds of a vector, element by element, ends included. Arrays are the caller's and are not written to.
 *
 * @param lower {@code [D]}
 * @param upper {@code [D]}
 */
record Interval(double[] lower, double[] upper) {

    int size() {
        return lower.length;
    }

    /** What ReLUs make of it. */
    Interval relu() {
        double[] low = new double[size()];
        double[] high = new double[size()];
        for (int i = 0; i < low.length; ++i) {
            low[i] = Math.max(0, lower[i]);
            high[i] = Math.max(0, upper[i]);
        }
        return new Interval(low, high);
    }

    /** What lies in both; an element without a number in it has a lower end above its upper end. NaN is no bound. */
    Interval and(Interval other) {
        double[] low = lower.clone();
        double[] high = upper.clone();
        for (int i = 0; i < low.length; ++i) {
            low[i] = other.lower[i] > low[i] || Double.isNaN(low[i]) ? other.lower[i] : low[i];
            high[i] = other.upper[i] < high[i] || Double.isNaN(high[i]) ? other.upper[i] : high[i];
        }
        return new Interval(low, high);
    }

    boolean isEmpty() {
        for (int i = 0; i < size(); ++i) {
            if (lower[i] > upper[i]) {
                return true;
            }
        }
        return false;
    }

    /** {@code [D]}: no element is further from 0. */
    double[] magnitudes() {
        double[] most = new double[size()];
        for (int i = 0; i < most.length; ++i) {
            most[i] = Math.max(Math.abs(lower[i]), Math.abs(upper[i]));
        }
        return most;
    }

    /** Some elements of it. */
    Interval at(int[] elements) {
        double[] low = new double[elements.length];
        double[] high = new double[elements.length];
        for (int k = 0; k < elements.length; ++k) {
            low[k] = lower[elements[k]];
            high[k] = upper[elements[k]];
        }
        return new Interval(low, high);
    }
}
