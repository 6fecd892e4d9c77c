package dev.bulwark.device;

/**
 * Activations other than the ReLU, element by element: values and gradients to nearest, boxes and lines for certificates.
 *
 * <p><b>Rounding.</b> {@link #enclose} and {@link #relax} hold in real numbers. A leaky ReLU and a clip take products and
 * differences of floats, which double arithmetic rounds at most once. A sigmoid and a hyperbolic tangent rest on the double
 * functions exp and tanh, whose results are taken to lie within {@value #LIBRARY_ULPS} units in the last place of the real
 * ones. Java promises 1 and 2.5 of StrictMath, NVIDIA 1 and 2 of CUDA, and the GNU C library 1 and 2. What is built of them
 * is given a margin of {@link #MARGIN}, relatively, which is three times as much as these errors and those of the few
 * operations around them together. Where the function is bounded, so are its boxes.
 *
 * <p><b>Unknown intervals</b>, as of {@link OutwardIntervals}, make unknown what they are given to, unless the function has
 * bounds at both ends: then the box is these, and the lines are the constants.
 */
public interface Activations {

    /** Units in the last place that exp and tanh may be off by. */
    int LIBRARY_ULPS = 4;

    /** Relative error that what is computed of exp and tanh is taken to have, at most. */
    double MARGIN = 0x1p-47;

    /** {@code y = f(x)} to nearest, in double where f is smooth; NaN stays NaN. y may be x. */
    void apply(Activation f, DeviceBuffer x, long length, DeviceBuffer y);

    /**
     * {@code gradient = gradient f'(x)} to nearest, in place, where {@code y = f(x)}. At a bend, the slope of the flatter
     * side.
     *
     * @param y what {@link #apply} made
     */
    void gradient(Activation f, DeviceBuffer y, long length, DeviceBuffer gradient);

    /** The box of {@code f(x)} over a box of x, outward; it may take the other's place. */
    void enclose(Activation f, DeviceBuffer lower, DeviceBuffer upper, long length, DeviceBuffer outLower,
                 DeviceBuffer outUpper);

    /**
     * Takes the lines that fit units' intervals: all of {@code relaxation} but the product error. Slopes lie in [0, 1].
     *
     * <ul>
     * <li>Where the interval is within one line of f, both are that line.
     * <li>Leaky ReLU: above, the chord; below, slope 1 where {@code upper > -lower}, else the function's own.
     * <li>Clip: on the side on which it is a hinge of one bend, above or below, the chord. Elsewhere, of the line through
     *     the bend and the far end and the constant, the one that leaves less room.
     * <li>Smooth: above, where f is convex or its slope at the upper end exceeds the chord's, the chord; where f is concave,
     *     the tangent at the middle; else the tangent through the lower end (Zhang et al. 2018, section 3.2). Below, the
     *     same of the mirrored function.
     * </ul>
     *
     * @param lower      {@code [images,units]}, as is {@code upper}; NaN in both where the interval is unknown
     * @param relaxation has an intercept below exactly where f has no {@link Activation#leastSlope}
     */
    void relax(Activation f, DeviceBuffer lower, DeviceBuffer upper, int images, Relaxation relaxation);
}
