package dev.bulwark.training;

import dev.bulwark.model.Graph;
import dev.bulwark.model.Op;
import dev.bulwark.shapes.ImageShape;

/**
 * A residual block (He et al. 2016, "Deep residual learning for image recognition"), without batch normalisation: two
 * convolutions of 3 x 3 windows with a ReLU between them, to whose outputs the block's inputs are added; where those have another
 * shape, by way of a convolution of single pixels.
 *
 * @param channels of both convolutions
 * @param stride   of the first one
 */
public record Residual(int channels, int stride) implements Block {

    public Residual {
        Checks.atLeast(1, "channels", channels);
        Checks.atLeast(1, "stride", stride);
    }

    private Convolution first() {
        return new Convolution(channels, 3, stride, 1);
    }

    private Convolution second() {
        return new Convolution(channels, 3, 1, 1);
    }

    private Convolution shortcut() {
        return new Convolution(channels, 1, stride);
    }

    private boolean keepsShape(ImageShape image) {
        return output(image).equals(image);
    }

    @Override
    public ImageShape output(ImageShape image) {
        return first().output(image);
    }

    @Override
    public int add(Graph.Builder builder, int value, ImageShape image) {
        int middle = first().add(builder, value, image);
        int main = builder.add(second().over(output(image)), middle);
        int beside = keepsShape(image) ? value : builder.add(shortcut().over(image), value);
        return builder.add(new Op.Relu(), builder.add(new Op.Add(), main, beside));
    }

    @Override
    public long multiplyAdds(ImageShape image) {
        return first().multiplyAdds(image) + second().multiplyAdds(output(image))
                + (keepsShape(image) ? 0 : shortcut().multiplyAdds(image));
    }

    /** {@code a residual block of 32 channels, 2 apart}. */
    @Override
    public String words() {
        return "a residual block of " + channels + " channels, " + stride + " apart";
    }
}
