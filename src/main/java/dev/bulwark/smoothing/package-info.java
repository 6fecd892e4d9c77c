/**
 * Randomized smoothing (Cohen, Rosenfeld and Kolter 2019): CERTIFY and PREDICT for the smoothed classifier
 * {@code g(x) = argmax over c of P(f(x + sigma z) = c)}, z standard normal, and what their votes may claim.
 *
 * <p><b>The claim.</b> f is the network as the device computes it, float sums and any rounding of {@code x + sigma z}
 * included: the addition rounds once, so f is a function of the real-number sum, as Theorem 1 needs. The certificate
 * holds with probability at least 1 - alpha over the draws, one image at a time, and takes the counter-based generator
 * for a source of independent normal numbers (its tails end at 6.66 standard deviations).
 *
 * <p><b>How many samples.</b> A fixed number, n, or stage by stage until a {@link dev.bulwark.smoothing.StoppingRule} says that
 * the radii asked for are settled. The bound is one that is valid for it, {@link dev.bulwark.stats.Sampling}.
 *
 * <p>Radii are l2 norms in input units. Every step from a count to a radius rounds down.
 */
package dev.bulwark.smoothing;
