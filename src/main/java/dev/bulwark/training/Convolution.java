package dev.bulwark.training;

import dev.bulwark.model.Op;
import dev.bulwark.model.Tensor;
import dev.bulwark.shapes.ImageShape;
import dev.bulwark.shapes.Windows;

/**
 * A first layer that looks at a grid of windows of the image, each channel with one set of weights for all of them (LeCun
 * et al. 1998, "Gradient-based learning applied to document recognition", section II).
 *
 * <p>Bounds gain by it: a box widens with the L1 norm of a unit's weights, and here they are few.
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

    /**
     * The operation over {@code image}, all its parameters 0.
     *
     * @throws IllegalArgumentException if there is no room for a window
     */
    Op.Conv2d over(ImageShape image) {
        if (kernel > Math.min(image.height(), image.width())) {
            throw new IllegalArgumentException("an image of " + image.height() + " x " + image.width() + " has no room for "
                    + words());
        }
        return new Op.Conv2d(Tensor.zeros(channels, image.channels(), kernel, kernel), Tensor.zeros(channels),
                Windows.square(kernel, stride), 1);
    }

    /** {@code 16 channels of 7 x 7 windows, 3 apart}. */
    public String words() {
        return channels + " channels of " + kernel + " x " + kernel + " windows, " + stride + " apart";
    }
}
