package dev.bulwark.device;

/**
 * Affine maps of each channel on its own: scalings (normalisation, batch normalisation with fixed statistics) and average
 * pooling. Batches are {@code [rows, elements of an image]}.
 */
public interface Channelwise {

    /** {@code y = factor x + offset}, fused, to nearest, then {@code max(y, 0)} where {@code relu}; NaN stays NaN. */
    void scale(DeviceBuffer x, int rows, Scaling scaling, boolean relu, DeviceBuffer y);

    /** {@code target = factor a}, to nearest. */
    void scaleTransposed(DeviceBuffer a, int rows, Scaling scaling, DeviceBuffer target);

    /**
     * The box of all {@code f x + o} over a box of x, with f and o no further from the scaling's factor and offset than
     * their errors, outward. An interval without two finite ends is unknown, and so is what it makes, unless f can only be
     * 0. The box may take the place of either end of x.
     */
    void encloseScaled(DeviceBuffer lower, DeviceBuffer upper, int rows, Scaling scaling, DeviceBuffer outLower,
                       DeviceBuffer outUpper);

    /**
     * The mean of each window: its elements' sum, row by row, divided by their number, to nearest at each operation; then
     * {@code max(y, 0)} where {@code relu}; NaN stays NaN.
     *
     * @param x {@code [rows,input]}
     * @param y {@code [rows,output]}
     */
    void average(DeviceBuffer x, int rows, Pooling pooling, boolean relu, DeviceBuffer y);

    /**
     * The linear map of {@link #average} transposed: an element's is the sum, to nearest, over the windows that it is in of
     * {@code a} divided by the window's number of elements.
     *
     * @param a      {@code [rows,output]}
     * @param target {@code [rows,input]}
     */
    void averageTransposed(DeviceBuffer a, int rows, Pooling pooling, DeviceBuffer target);

    /** The box of the means over a box of x, outward; unknown where an element's interval is. */
    void encloseAverage(DeviceBuffer lower, DeviceBuffer upper, int rows, Pooling pooling, DeviceBuffer outLower,
                        DeviceBuffer outUpper);
}
