package dev.bulwark.device;

/**
 * Convolutions on a device: forwards, backwards, and enclosing boxes. Conventions are {@link Backend}'s: a batch is
 * {@code [rows, elements of an image]}, outputs are overwritten, and no output is an input.
 */
public interface Convolutions {

    /**
     * {@code y = W * x + b}, then {@code max(y, 0)} where {@code relu}, rounded to nearest; NaN stays NaN.
     *
     * @param x {@code [rows,input]}
     * @param y {@code [rows,output]}
     */
    void apply(DeviceBuffer x, int rows, Convolution layer, boolean relu, DeviceBuffer y);

    /**
     * {@code target = a W}, the convolution's linear map transposed, without the bias: the gradient with respect to the
     * inputs, where a is the one with respect to the outputs. To nearest, with a bounded error: as
     * {@link LinearRelaxations#backwardAffine} says, with {@link Convolution#reverseTaps} products.
     *
     * @param a      {@code [rows,output]}
     * @param target {@code [rows,input]}
     */
    void applyTransposed(DeviceBuffer a, int rows, Convolution layer, DeviceBuffer target);

    /**
     * Gradients of the parameters: {@code weight = sum over rows and windows of gradient times window},
     * {@code bias = sum over rows and windows of gradient}.
     *
     * @param x        {@code [rows,input]}
     * @param gradient {@code [rows,output]}
     * @param target   where they go: a convolution of the same geometry
     */
    void parameterGradient(DeviceBuffer x, DeviceBuffer gradient, int rows, Convolution target);

    /** As {@link LinearRelaxations#enter}, of the convolution's outputs. */
    void enter(Convolution layer, DeviceBuffer forms, int rows, DeviceBuffer target, DeviceBuffer constants);

    /**
     * The box of {@code W * x + b} over a box of x, outward, as {@link OutwardIntervals#affine}: an interval without two
     * finite ends is unknown, and so is every output that gives one a weight other than 0, or whose own ends exceed the
     * largest float. Both ends of what is unknown are NaN. Bounds do not depend on what else is in the batch.
     *
     * @param lower    {@code [rows,input]}, as is {@code upper}
     * @param outLower {@code [rows,output]}, as is {@code outUpper}
     */
    void enclose(DeviceBuffer lower, DeviceBuffer upper, int rows, Convolution layer, DeviceBuffer outLower,
                 DeviceBuffer outUpper);

    /** {@link #enclose}, to be called many times with the same weights. The caller closes it, before the layer. */
    default Enclosure prepare(Convolution layer) {
        return (lower, upper, rows, outLower, outUpper) -> enclose(lower, upper, rows, layer, outLower, outUpper);
    }
}
