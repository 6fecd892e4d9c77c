package dev.bulwark.api;

/** What settings ask of their numbers. */
final class Checks {

    private Checks() {
    }

    static void requirePositive(String what, int value) {
        if (value < 1) {
            throw new IllegalArgumentException(what + " must be positive: " + value);
        }
    }

    static void requireIndex(int firstIndex) {
        if (firstIndex < 0) {
            throw new IllegalArgumentException("firstIndex must not be negative: " + firstIndex);
        }
    }
}
