package dev.bulwark.api;

import dev.bulwark.smoothing.SmoothedClassifier;

/**
 * How many noisy copies randomized smoothing asks about, and how sure it must be. By name, from {@link #DEFAULT}:
 * {@code SmoothingSettings.DEFAULT.withSamples(100_000).withAlpha(1e-4)}.
 *
 * @param selection  samples that name a class (n0)
 * @param samples    fresh samples that bound its probability (n)
 * @param alpha      probability, image by image, that a certificate is false
 * @param seed       of the noise
 * @param firstIndex index of the first image of a call; the others follow. Noise is a function of seed, index and sample:
 *                   images of one index share theirs. Give images their index in a data set, or calls seeds of their own,
 *                   where certificates are to be independent
 */
public record SmoothingSettings(int selection, int samples, double alpha, long seed, int firstIndex) {

    /** 100 and 10,000 samples, alpha 0.001, seed 0. */
    public static final SmoothingSettings DEFAULT = new SmoothingSettings(SmoothedClassifier.DEFAULT_SELECTION,
            SmoothedClassifier.DEFAULT_SAMPLES, SmoothedClassifier.DEFAULT_ALPHA, 0, 0);

    public SmoothingSettings {
        Checks.requirePositive("selection", selection);
        Checks.requirePositive("samples", samples);
        if (!(alpha > 0 && alpha < 1)) {
            throw new IllegalArgumentException("alpha must lie strictly between 0 and 1: " + alpha);
        }
        Checks.requireIndex(firstIndex);
    }

    public SmoothingSettings withSelection(int other) {
        return new SmoothingSettings(other, samples, alpha, seed, firstIndex);
    }

    public SmoothingSettings withSamples(int other) {
        return new SmoothingSettings(selection, other, alpha, seed, firstIndex);
    }

    public SmoothingSettings withAlpha(double other) {
        return new SmoothingSettings(selection, samples, other, seed, firstIndex);
    }

    public SmoothingSettings withSeed(long other) {
        return new SmoothingSettings(selection, samples, alpha, other, firstIndex);
    }

    public SmoothingSettings withFirstIndex(int other) {
        return new SmoothingSettings(selection, samples, alpha, seed, other);
    }
}
