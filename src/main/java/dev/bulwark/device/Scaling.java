package dev.bulwark.device;

/**
 * An affine map of each channel that lies on a device: {@code y[c,p] = factor[c] x[c,p] + offset[c]}. The numbers that are
 * meant need not be floats: each lies no further from the one here than its error says.
 *
 * @param factor      {@code [channels]}, as are the others
 * @param factorError not negative
 * @param offsetError not negative
 * @param area        elements of a channel
 */
public record Scaling(DeviceBuffer factor, DeviceBuffer offset, DeviceBuffer factorError, DeviceBuffer offsetError,
                      int channels, int area) {

    public Scaling {
        factor.require("factor", channels);
        offset.require("offset", channels);
        factorError.require("factorError", channels);
        offsetError.require("offsetError", channels);
        Math.multiplyExact(channels, area);
    }

    /** Elements of x, and of y. */
    public int size() {
        return channels * area;
    }
}
