package dev.bulwark.device;

/**
 * Which random numbers to draw: the seed keys Philox, the stream keeps purposes apart.
 *
 * <p>Every draw is a pure function of (seed, stream, image, sample, element), so results do not depend on batch size,
 * device count, order of work or resumption.
 *
 * @param seed   the run's seed, both words of the Philox key
 * @param stream what the numbers are for; two streams never share a draw
 */
public record NoiseKey(long seed, Stream stream) {

    /** The purposes of random numbers. The ordinal is part of the counter: only append. */
    public enum Stream {
        /** CERTIFY's n0 samples, from which the class is guessed. */
        SELECTION,
        /** CERTIFY's n samples, counted for the bound; never shared with selection. */
        ESTIMATION,
        /** PREDICT's samples. */
        PREDICTION,
        /** Gaussian augmentation while training. */
        AUGMENTATION,
        /** Random starting points of PGD. */
        ATTACK,
        /** Initial weights. */
        INITIALISATION,
        /** The order of the training images. */
        SHUFFLE,
        /** Anything a benchmark draws. */
        BENCHMARK,
        /** The generated digits: their labels, shapes and blemishes. */
        DIGITS,
        /** Affine maps of the images while training. */
        AFFINE_MAPS,
        /** The Square attack's starting points and proposals. */
        SQUARE
    }

    public NoiseKey {
        if (stream == null) {
            throw new IllegalArgumentException("stream must be named");
        }
    }

    /** First word of the Philox key. */
    public int keyLow() {
        return (int) seed;
    }

    /** Second word of the Philox key. */
    public int keyHigh() {
        return (int) (seed >>> 32);
    }
}
