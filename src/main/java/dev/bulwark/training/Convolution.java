package dev.bulwark.training;

import dev.bulwark.model.Graph;
import dev.bulwark.model.Op;
import dev.bulwark.model.Tensor;
import dev.bulwark.shapes.ImageShape;
import dev.bulwark.shapes.Windows;

/**
 * A convolution: each channel has one set of weights, which it applies at every place of a grid on the image (LeCun et al.
 * 1998, "Gradient-based learning applied to document recognition", section II).
 *
 * <p>Bounds gain by it: a box widens with the L1 norm of a unit's weights, and here they are few.
 *
 * @param channels sets of weights
 * @param kernel   pixels along either edge of a window
 * @param stride   pixels from one window to the next
 * @param padding  zeros around the image
 */
public record Convolution(int channels, int kernel, int stride, int padding) implements Block {

    public Convolution {
        Checks.atLeast(1, "channels", channels);
        Checks.atLeast(1, "kernel", kernel);
        Checks.atLeast(1, "stride", stride);
        Checks.atLeast(0, "padding", padding);
    }

    /** Without padding. */
    public Convolution(int channels, int kernel, int stride) {
        this(channels, kernel, stride, 0);
    }

    @Override
    public ImageShape output(ImageShape image) {
        if (kernel > Math.min(image.height(), image.width()) + 2 * padding) {
            throw new IllegalArgumentException("an image of " + image.height() + " x " + image.width() + " has no room for "
                    + words());
        }
        return windows().over(image, channels);
    }

    private Windows windows() {
        return Windows.square(kernel, stride, padding);
    }

    /** The operation over {@code image}, all its parameters 0. */
    Op.Conv2d over(ImageShape image) {
        return new Op.Conv2d(Tensor.zeros(channels, image.channels(), kernel, kernel), Tensor.zeros(channels), windows(), 1);
    }

    @Override
    public int add(Graph.Builder builder, int value, ImageShape image) {
        return builder.add(new Op.Relu(), builder.add(over(image), value));
    }

    @Override
    public long multiplyAdds(ImageShape image) {
        return (long) output(image).size() * image.channels() * kernel * kernel;
    }

    /** {@code 16 channels of 7 x 7 windows, 3 apart}. */
    @Override
    public String words() {
        return channels + " channels of " + windows().words();
    }
}
