package dev.bulwark.shapes;

/** An image {@code [channels, height, width]}, row-major: one channel after the other, each row by row from the top left. */
public record ImageShape(int channels, int height, int width) {

    /** @throws IllegalArgumentException if a size is not positive, or their product is no int */
    public ImageShape {
        Shape.of(channels, height, width);
    }

    /** Elements of an image. */
    public int size() {
        return channels * height * width;
    }

    /** Elements of one channel. */
    public int area() {
        return height * width;
    }

    public Shape shape() {
        return Shape.of(channels, height, width);
    }

    /** {@code 3 x 32 x 32}. */
    @Override
    public String toString() {
        return channels + " x " + height + " x " + width;
    }
}
