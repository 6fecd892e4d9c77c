package dev.bulwark.api;

import dev.bulwark.smoothing.SmoothedClassifier;
import dev.bulwark.stats.Sampling;
import java.util.List;

/**
 * How many noisy copies randomized smoothing asks about, and how sure it must be. By name, from {@link #DEFAULT}:
 * {@code SmoothingSettings.DEFAULT.withSamples(100_000).withAlpha(1e-4)}.
 *
 * @param copies     how many noisy copies of each image
 * @param alpha      probability, image by image, that a certificate is false
 * @param seed       of the noise
 * @param firstIndex index of the first image of a call; the others follow. Noise is a function of seed, index and sample:
 *                   images of one index share theirs. Give images their index in a data set, or calls seeds of their own,
 *                   where certificates are to be independent
 */
public record SmoothingSettings(Copies copies, double alpha, long seed, int firstIndex) {

    /** 100 and 10,000 samples, all of them of every image, alpha 0.001, seed 0. */
    public static final SmoothingSettings DEFAULT = new SmoothingSettings(new Copies(SmoothedClassifier.DEFAULT_SELECTION,
            SmoothedClassifier.DEFAULT_SAMPLES, Sampling.FIXED, List.of()), SmoothedClassifier.DEFAULT_ALPHA, 0, 0);

    /**
     * Noisy copies of an image.
     *
     * @param selection samples that name a class (n0)
     * @param samples   fresh samples that bound its probability (n), at most where sampling is sequential
     * @param sampling  whether every image has all samples, or as many as settle it
     * @param radii     of sequential sampling: the l2 radii, in input units, at which an image is to be settled; none otherwise
     */
    public record Copies(int selection, int samples, Sampling sampling, List<Double> radii) {

        public Copies {
            radii = List.copyOf(radii);
            Checks.requirePositive("selection", selection);
            Checks.requirePositive("samples", samples);
            if (sampling == Sampling.FIXED && !radii.isEmpty()) {
                throw new IllegalArgumentException("radii are for sequential sampling: " + radii);
            }
        }
    }

    public SmoothingSettings {
        if (!(alpha > 0 && alpha < 1)) {
            throw new IllegalArgumentException("alpha must lie strictly between 0 and 1: " + alpha);
        }
        Checks.requireIndex(firstIndex);
    }

    public SmoothingSettings withSelection(int other) {
        return with(new Copies(other, copies.samples, copies.sampling, copies.radii));
    }

    public SmoothingSettings withSamples(int other) {
        return with(new Copies(copies.selection, other, copies.sampling, copies.radii));
    }

    /**
     * Samples each image until it is settled whether it has these l2 radii, by a test that is valid at every number of samples, and
     * {@link Copies#samples} times at most. More samples would certify a larger radius.
     *
     * @param radii in input units; whether anything at all is certified is settled too
     */
    public SmoothingSettings sequentially(List<Double> radii) {
        return with(new Copies(copies.selection, copies.samples, Sampling.SEQUENTIAL, radii));
    }

    public SmoothingSettings withAlpha(double other) {
        return new SmoothingSettings(copies, other, seed, firstIndex);
    }

    public SmoothingSettings withSeed(long other) {
        return new SmoothingSettings(copies, alpha, other, firstIndex);
    }

    public SmoothingSettings withFirstIndex(int other) {
        return new SmoothingSettings(copies, alpha, seed, other);
    }

    private SmoothingSettings with(Copies other) {
        return new SmoothingSettings(other, alpha, seed, firstIndex);
    }
}
