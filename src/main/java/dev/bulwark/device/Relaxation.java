package dev.bulwark.device;

import java.util.Optional;

/**
 * Lines that bound an activation between two affine layers over the boxes of a batch, and what is needed to account for
 * rounding on the way back through them. Every buffer is {@code [N,units]}.
 *
 * <p>Over its box, every unit has {@code f(z) <= upperSlope z + upperIntercept} in real numbers, with upperSlope in
 * [0, 1].
 *
 * @param upperSlope     slope of the line above
 * @param upperIntercept its value at 0; of a ReLU and a leaky ReLU positive where the sign of z is open, 0 elsewhere
 * @param below          what is known from below
 * @param magnitude      nowhere in the box is |z| larger
 * @param productError   per unit of a coefficient at z, at most what {@link LinearRelaxations#backwardAffine} adds to the
 *                       error of the form that it returns: the sum over the layer's inputs h of
 *                       {@link LinearRelaxations#productError productError(roundings(units))}
 *                       (|w| + {@link LinearRelaxations#NEGLIGIBLE}) max|h|
 */
public record Relaxation(DeviceBuffer upperSlope, DeviceBuffer upperIntercept, Below below,
                         DeviceBuffer magnitude, DeviceBuffer productError, int units) {

    /**
     * Lines below. Without intercepts {@code f(z) >= s z} for any s in [least, 1], with no box at all; with them,
     * {@code f(z) >= slope z + intercept} over the box.
     *
     * @param slope in [0, 1]: of the line below, or of one for those who have no better one
     * @param least of the slopes, where there is a choice
     */
    public record Below(DeviceBuffer slope, float least, Optional<DeviceBuffer> intercept) {
    }

    /** Of a ReLU. */
    public Relaxation(DeviceBuffer upperSlope, DeviceBuffer upperIntercept, DeviceBuffer lowerSlope,
                      DeviceBuffer magnitude, DeviceBuffer productError, int units) {
        this(upperSlope, upperIntercept, new Below(lowerSlope, 0, Optional.empty()), magnitude, productError, units);
    }

    /** Slopes of lines below. */
    public DeviceBuffer lowerSlope() {
        return below.slope;
    }

    /** Whether every form may choose its slopes below. */
    public boolean hasFreeSlopes() {
        return below.intercept.isEmpty();
    }
}
