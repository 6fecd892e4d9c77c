package dev.bulwark.device;

/** How the noise of randomized smoothing is distributed. */
public enum NoiseLaw {

    /** Normal with standard deviation sigma, in float: {@link Philox#normal}, each element for itself. */
    GAUSSIAN,
    /** Normal noise rounded to whole bytes, for images of bytes: {@link RoundedGaussian}, exact but for Philox. */
    DISCRETE
}
