package dev.bulwark.data;

import dev.bulwark.device.NoiseKey;
import dev.bulwark.device.Philox;

/** The random numbers of one generated image, drawn one after the other; no other image has a part in them. */
final class Draws {

    private final NoiseKey key;
    private final int image;
    private final Split split;
    private int next;

    Draws(long seed, Split split, int image) {
        this.key = new NoiseKey(seed, NoiseKey.Stream.DIGITS);
        this.image = image;
        this.split = split;
    }

    /** In [low, high). */
    double uniform(double low, double high) {
        return low + (high - low) * Philox.uniform(key, image, split.ordinal(), next++);
    }

    /** Mean 0. */
    double normal(double deviation) {
        return deviation * Philox.normal(key, image, split.ordinal(), next++);
    }

    /** 0 to {@code bound} - 1. */
    int below(int bound) {
        return (int) uniform(0, bound);
    }

    boolean chance(double probability) {
        return uniform(0, 1) < probability;
    }
}
