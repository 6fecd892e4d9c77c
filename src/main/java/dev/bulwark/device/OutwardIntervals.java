package dev.bulwark.device;

/**
 * Boxes for certificates, as lower and upper bounds, rounded outward: they hold the real-number network's values.
 *
 * <p>A bound that is unknown is NaN. An interval is known at both ends or at neither: what an unknown one counts in, and
 * what has an end beyond the largest float, is unknown. A weight of exactly 0 takes no part in a sum, so that nothing is
 * unknown for what it does not depend on.
 */
public interface OutwardIntervals {

    /**
     * The box {@code [c - epsilon, c + epsilon]} cut to [0, 1], outward, for every real c with
     * {@code |c - x| <= centreError x}.
     *
     * @param centreError 0 or a power of two
     * @param epsilon     not below the distance meant
     */
    void box(DeviceBuffer x, long length, float centreError, double epsilon, DeviceBuffer lower, DeviceBuffer upper);

    /** The box of {@code W x + b} over a box of x, outward; inputs {@code [rows,in]}, outputs {@code [rows,out]}. */
    void affine(DeviceBuffer lower, DeviceBuffer upper, int rows, Affine layer,
                DeviceBuffer outLower, DeviceBuffer outUpper);

    /** {@link #affine}, to be called many times with the same weights. The caller closes it, before the layer. */
    default Enclosure prepare(Affine layer) {
        return (lower, upper, rows, outLower, outUpper) -> affine(lower, upper, rows, layer, outLower, outUpper);
    }

    /** The box of {@code x + y}, {@code length} elements, from a box of each, outward; it may take the place of either. */
    void add(DeviceBuffer xLower, DeviceBuffer xUpper, DeviceBuffer yLower, DeviceBuffer yUpper, long length,
             DeviceBuffer lower, DeviceBuffer upper);

    /**
     * Lower bounds, outward, of {@code logit[label] - logit[c]} over a box of the last layer's inputs, as one affine map
     * (the last layer elided); 0 at c = label.
     *
     * @param margins {@code [rows,out]}
     */
    void margins(DeviceBuffer lower, DeviceBuffer upper, DeviceBuffer labels, int rows, Affine layer,
                 DeviceBuffer margins);
}
