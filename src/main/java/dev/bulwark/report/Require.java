package dev.bulwark.report;

import java.util.OptionalInt;

/** The checks that rows share; each complaint names the field and its value. */
final class Require {

    private Require() {
    }

    static void notNegative(String field, long value) {
        if (value < 0) {
            throw new IllegalArgumentException(field + " must not be negative: " + value);
        }
    }

    static void classOf(String field, OptionalInt predict) {
        if (predict.isPresent()) {
            notNegative(field, predict.getAsInt());
        }
    }

    static void classOf(String field, int value, int classes) {
        if (value < 0 || value >= classes) {
            throw new IllegalArgumentException(field + " is " + value + ", but there are " + classes + " classes");
        }
    }

    static void finiteNotNegative(String field, double value) {
        if (!(value >= 0 && Double.isFinite(value))) {
            throw new IllegalArgumentException(field + " must be finite and not negative: " + value);
        }
    }

    static void that(boolean condition, String complaint) {
        if (!condition) {
            throw new IllegalArgumentException(complaint);
        }
    }
}
