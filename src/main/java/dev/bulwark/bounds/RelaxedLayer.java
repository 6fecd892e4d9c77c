package dev.bulwark.bounds;

import dev.bulwark.device.Affine;
import dev.bulwark.device.Backend;
import dev.bulwark.device.DeviceBuffer;
import dev.bulwark.device.DeviceMemory;
import dev.bulwark.device.HostArrays;
import dev.bulwark.device.LinearRelaxations;
import dev.bulwark.device.Relaxation;

/** A hidden layer and, for each image of a batch, lines that bound its ReLUs. */
final class RelaxedLayer {

    private final Backend backend;
    private final Affine affine;
    private final Relaxation relaxation;
    /**
     * Every weight's share of what a product with the layer's weights may be off by, rounded up; no bias. A weight of 0 has
     * none, so that inputs of unknown size don't count where they have no weight.
     */
    private final Affine productErrors;
    private final DeviceBuffer unused;

    /** @param capacity images that a batch may hold */
    RelaxedLayer(Backend backend, DeviceMemory memory, Affine affine, int capacity) {
        this.backend = backend;
        this.affine = affine;
        long elements = (long) capacity * affine.out();
        this.relaxation = new Relaxation(memory.allocate(elements), memory.allocate(elements), memory.allocate(elements),
                memory.allocate(elements), memory.allocate(elements), affine.out());
        this.productErrors = new Affine(memory.holding(productErrors(backend, affine)), memory.zeros(affine.out()),
                affine.in(), affine.out());
        this.unused = memory.allocate(elements);
    }

    private static float[] productErrors(Backend backend, Affine affine) {
        float[] errors = HostArrays.read(backend, affine.weight());
        double relative = LinearRelaxations.productError(affine.out());
        for (int k = 0; k < errors.length; ++k) {
            errors[k] = errors[k] == 0 ? 0
                    : Rounding.up(Math.nextUp(relative * Math.nextUp(Math.abs(errors[k]) + LinearRelaxations.NEGLIGIBLE)));
        }
        return errors;
    }

    Affine affine() {
        return affine;
    }

    Relaxation relaxation() {
        return relaxation;
    }

    /**
     * Takes the lines that fit bounds of the layer's outputs. A unit of an unknown interval has none: its lines are NaN.
     *
     * @param lower           {@code [N,out]}, as is {@code upper}; NaN in both where the interval is unknown
     * @param inputMagnitudes {@code [N,in]}: nowhere in the box is an input of this layer further from 0; NaN if unknown
     */
    void relax(float[] lower, float[] upper, int images, DeviceBuffer inputMagnitudes) {
        float[] slopes = new float[lower.length];
        float[] intercepts = new float[lower.length];
        float[] lowerSlopes = new float[lower.length];
        float[] magnitudes = new float[lower.length];
        for (int k = 0; k < lower.length; ++k) {
            UpperLine line = UpperLine.over(lower[k], upper[k]);
            slopes[k] = line.slope();
            intercepts[k] = line.intercept();
            lowerSlopes[k] = Float.isNaN(line.slope()) ? Float.NaN : upper[k] > -lower[k] ? 1 : 0;
            magnitudes[k] = Math.max(Math.abs(lower[k]), Math.abs(upper[k]));
        }
        backend.write(slopes, relaxation.upperSlope());
        backend.write(intercepts, relaxation.upperIntercept());
        backend.write(lowerSlopes, relaxation.lowerSlope());
        backend.write(magnitudes, relaxation.magnitude());
        backend.outwardIntervals().affine(inputMagnitudes, inputMagnitudes, images, productErrors, unused,
                relaxation.productError());
    }
}
