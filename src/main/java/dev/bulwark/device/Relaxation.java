package dev.bulwark.device;

/**
 * Lines that bound the ReLUs between two affine layers over the boxes of a batch, and what is needed to account for
 * rounding on the way back through them. Every buffer is {@code [N,units]}.
 *
 * <p>Over its box, every unit has {@code relu(z) <= upperSlope z + upperIntercept} in real numbers, with upperSlope in
 * [0, 1]. From below it has {@code relu(z) >= s z} for any s in [0, 1], with no box at all.
 *
 * @param upperSlope     slope of the line above
 * @param upperIntercept its value at 0; positive where the sign of z is open, 0 elsewhere
 * @param lowerSlope     slope of the line below, for those who have no better one
 * @param magnitude      nowhere in the box is |z| larger
 * @param productError   per unit of a coefficient at z, at most what {@link LinearRelaxations#backwardAffine} adds to the
 *                       error of the form that it returns: the sum over the layer's inputs h of
 *                       {@link LinearRelaxations#productError productError(units)}
 *                       (|w| + {@link LinearRelaxations#NEGLIGIBLE}) max|h|
 */
public record Relaxation(DeviceBuffer upperSlope, DeviceBuffer upperIntercept, DeviceBuffer lowerSlope,
                         DeviceBuffer magnitude, DeviceBuffer productError, int units) {
}
