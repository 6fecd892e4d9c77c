/**
 * Randomized smoothing (Cohen, Rosenfeld and Kolter 2019): CERTIFY and PREDICT for the smoothed classifier
 * {@code g(x) = argmax over c of P(f(x + sigma z) = c)}, z standard normal, and what their votes may claim.
 *
 * <p><b>The claim.</b> f is the network as the device computes it, float sums and any rounding of {@code x + sigma z}
 * included: the addition rounds once, so f is a function of the real-number sum, as Theorem 1 needs. The certificate
 * holds with probability at least 1 - alpha over the draws, one image at a time, and takes the counter-based generator
 * for a source of independent normal numbers (its tails end at 6.66 standard deviations).
 *
 * <p><b>Which noise.</b> The idealisation is more than the tails: a float sum near 0 shows in its last bits which of two close
 * images it was made of, and for a network that reads them a radius can be false (Voracek and Hein 2023). Under
 * {@link dev.bulwark.device.NoiseLaw#DISCRETE} nothing but Philox's bits is idealised, for images of bytes:
 *
 * <p><i>Theorem.</i> Let b be an image of bytes, f the network on samples as
 * {@link dev.bulwark.device.RoundedGaussian#sample} makes them, {@code F(y) = f(clip(round(255 y), -C, 255 + C) / 255)} for real
 * y, and g the smoothed classifier of F. With probability at least 1 - alpha, {@code g(x) = c} for all x with
 * {@code ||x - b / 255||_2 < sigma Phi^-1(pALower)}, c being the class counted. At every image of bytes {@code x = b' / 255} among
 * them, g is the smoothed classifier of this package.
 *
 * <p><i>Proof.</i> For integers b' and Z normal, {@code round(255 (b' / 255 + sigma Z)) = b' + round(255 sigma Z)}, but for halves,
 * which have probability 0. K is distributed as {@code round(255 sigma Z)}, elements independently, so
 * {@code F(b' / 255 + sigma Z)} and f of a sample of b' are distributed alike; and F is a function of the real y. So the votes
 * are independent draws of {@code F(b / 255 + sigma Z)}, pALower bounds the probability of c from below with probability
 * 1 - alpha (a sample that votes for no class only lowers counts), and Theorem 1 of Cohen et al. holds for F as it stands.
 * What the device rounds, quotient and float sums included, is part of f: the same function at each image.
 *
 * <p><b>How many samples.</b> A fixed number, n, or stage by stage until a {@link dev.bulwark.smoothing.StoppingRule} says that
 * the radii asked for are settled. The bound is one that is valid for it, {@link dev.bulwark.stats.Sampling}.
 *
 * <p>Radii are l2 norms in input units. Every step from a count to a radius rounds down.
 */
package dev.bulwark.smoothing;
