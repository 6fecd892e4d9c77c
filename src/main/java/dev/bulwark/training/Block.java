package dev.bulwark.training;

import dev.bulwark.model.Graph;
import dev.bulwark.shapes.ImageShape;

/** What a network to train begins with: layers that make images of images, a ReLU behind them. */
public sealed interface Block permits Convolution, Residual {

    /** What comes out. @throws IllegalArgumentException if {@code image} has no room for a window */
    ImageShape output(ImageShape image);

    /**
     * Adds the operations over {@code image}, all their parameters 0, and the ReLU behind them.
     *
     * @param value what makes the image
     * @return what the ReLU makes
     */
    int add(Graph.Builder builder, int value, ImageShape image);

    /** Multiply-adds of one forward pass over {@code image}. */
    long multiplyAdds(ImageShape image);

    /** As a reader wants it: {@code 16 channels of 7 x 7 windows, 3 apart}. */
    String words();
}
