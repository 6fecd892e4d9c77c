package dev.bulwark.results;

import java.util.OptionalInt;

/** The checks that rows share; each complaint names the field and its value. */
public final class Require {

    private Require() {
    }

    public static void notNegative(String field, long value) {
        if (value < 0) {
            throw new IllegalArgumentException(field + " must not be negative: " + value);
        }
    }

    public static void classOf(String field, OptionalInt predict) {
        if (predict.isPresent()) {
            notNegative(field, predict.getAsInt());
        }
    }

    public static void classOf(String field, int value, int classes) {
        if (value < 0 || value >= classes) {
            throw new IllegalArgumentException(field + " is " + value + ", but there are " + classes + " classes");
        }
    }

    public static void finiteNotNegative(String field, double value) {
        if (!(value >= 0 && Double.isFinite(value))) {
            throw new IllegalArgumentException(field + " must be finite and not negative: " + value);
        }
    }

    public static void that(boolean condition, String complaint) {
        if (!condition) {
            throw new IllegalArgumentException(complaint);
        }
    }
}
