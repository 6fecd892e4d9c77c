package dev.bulwark.training;

/** Checks of a recipe's numbers; each complaint names the field and its value. */
final class Checks {

    private Checks() {
    }

    static void atLeast(double least, String what, double value) {
        if (!(value >= least && Double.isFinite(value))) {
            throw new IllegalArgumentException(what + " must be at least " + least + ", not " + value);
        }
    }

    static void positive(String what, double value) {
        if (!(value > 0 && Double.isFinite(value))) {
            throw new IllegalArgumentException(what + " must be positive, not " + value);
        }
    }

    static void inUnitInterval(String what, double value) {
        if (!(value >= 0 && value <= 1)) {
            throw new IllegalArgumentException(what + " must lie in [0, 1], not " + value);
        }
    }

    static void below(double bound, String what, double value) {
        if (!(value < bound)) {
            throw new IllegalArgumentException(what + " must be below " + bound + ", not " + value);
        }
    }

    static void named(String what, Object value) {
        if (value == null) {
            throw new IllegalArgumentException(what + " must be given");
        }
    }
}
