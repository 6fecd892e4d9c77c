package dev.bulwark.device.cpu;

/**
 * Arithmetic instead of branches and of slow numbers, for loops that the JIT is to vectorise.
 *
 * <p>C2 on Java 17 turns {@code x > 0 ? a : b} into scalar code, but min and max into vectors. And a vector that meets a
 * denormal number costs a hundred times as much, which late in training is most of them.
 */
final class Masks {

    private Masks() {
    }

    /** 1 where {@code x > 0}, else 0. */
    static float positive(float x) {
        return Math.min(1f, Math.max(0f, x) * Float.MAX_VALUE * Float.MAX_VALUE);
    }

    /** The sign of {@code x}: 1, 0 or -1. */
    static float sign(float x) {
        return Math.max(-1f, Math.min(1f, x * Float.MAX_VALUE * Float.MAX_VALUE));
    }

    /** {@code x} as a multiple of 2^-23 {@code anchor}: what is far smaller becomes 0 and never a denormal number. */
    static float coarse(float x, float anchor) {
        return (x + anchor) - anchor;
    }
}
