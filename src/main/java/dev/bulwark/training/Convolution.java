package dev.bulwark.training;

/**
 * A first layer that looks at a grid of windows of the image, each channel with one set of weights for all of them (LeCun
 * et al. 1998, "Gradient-based learning applied to document recognition", section II).
 *
 * <p>Only training knows of it: what becomes of it is a dense layer of {@code windows x windows x channels} units, most
 * of whose weights are 0. That is what bounds gain by: a box widens with the L1 norm of a unit's weights.
 *
 * @param channels sets of weights
 * @param kernel   pixels along either edge of a window
 * @param stride   pixels from one window to the next
 */
public record Convolution(int channels, int kernel, int stride) {

    public Convolution {
        Checks.atLeast(1, "channels", channels);
        Checks.atLeast(1, "kernel", kernel);
        Checks.atLeast(1, "stride", stride);
    }

    /** Pixels that a window sees. */
    int pixels() {
        return kernel * kernel;
    }

    /**
     * Windows along either edge of an image of {@code side} by {@code side} pixels.
     *
     * @throws IllegalArgumentException if there is no room for one
     */
    int windows(int side) {
        if (kernel > side) {
            throw new IllegalArgumentException("an image of " + side + " x " + side + " has no room for " + words());
        }
        return (side - kernel) / stride + 1;
    }

    /** Which pixels each window sees, {@code [windows x windows, pixels]}, all in rows from the upper left. */
    int[] places(int side) {
        int windows = windows(side);
        int[] places = new int[windows * windows * pixels()];
        for (int k = 0; k < places.length; ++k) {
            int window = k / pixels();
            int pixel = k % pixels();
            int y = window / windows * stride + pixel / kernel;
            int x = window % windows * stride + pixel % kernel;
            places[k] = y * side + x;
        }
        return places;
    }

    /** {@code 16 channels of 7 x 7 windows, 3 apart}. */
    String words() {
        return channels + " channels of " + kernel + " x " + kernel + " windows, " + stride + " apart";
    }
}
