package dev.bulwark.smoothing;

/** What randomized smoothing may claim at one input (Cohen et al. 2019, Theorem 1). */
public sealed interface Certificate {

    /** With probability at least 1 - alpha, g returns {@code label} wherever {@code ||delta||_2 < radius}. */
    record Robust(int label, double radius) implements Certificate {}

    /** The votes do not show pA > 1/2. */
    record Abstain() implements Certificate {}

    /**
     * @param label class guessed from a separate selection sample, never from these votes
     * @param count votes for {@code label} among {@code samples} noisy copies of the input
     * @param sigma noise standard deviation, in input units
     * @param alpha probability that the claim is false
     */
    static Certificate of(int label, int count, int samples, double sigma, double alpha) {
        return of(label, Radius.of(count, samples, sigma, alpha));
    }

    /** The claim for {@code label}, whose votes support {@code radius}. */
    static Certificate of(int label, Radius radius) {
        return radius.value().isPresent() ? new Robust(label, radius.value().getAsDouble()) : new Abstain();
    }
}
