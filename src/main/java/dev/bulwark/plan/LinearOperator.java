package dev.bulwark.plan;

import dev.bulwark.device.Affine;
import dev.bulwark.device.DeviceBuffer;
import dev.bulwark.device.DeviceMemory;
import dev.bulwark.device.Enclosure;
import dev.bulwark.device.PatchForms;
import dev.bulwark.device.Patches;
import dev.bulwark.device.Relaxation;
import dev.bulwark.shapes.ImageShape;
import java.util.Optional;

/**
 * An affine map {@code y = W x + b} of a network, laid onto a device: dense, a convolution, a scaling, a pooling, a
 * rearrangement. Forward passes, bounds, attacks and training are written against it, and don't ask which it is.
 *
 * <p>The graph's W and b need not be floats. What rounds to nearest takes the nearest floats; what bounds rest on charges
 * how far these may be off.
 *
 * <p>Batches are {@code [rows,inputs]} and {@code [rows,outputs]}; outputs are overwritten, and no output is an input.
 */
public interface LinearOperator {

    /** Elements of x. */
    int inputs();

    /** Elements of y. */
    int outputs();

    /** {@code y = W x + b}, then {@code max(y, 0)} where {@code relu}, rounded to nearest; NaN stays NaN. */
    void apply(DeviceBuffer x, int rows, boolean relu, DeviceBuffer y);

    /**
     * {@code target = a W}: the gradient with respect to x, where a is the one with respect to y; a linear form in y becomes
     * one in x. To nearest, with an error that {@link #productErrors} bounds.
     */
    void applyTransposed(DeviceBuffer a, int rows, DeviceBuffer target);

    /**
     * As above, of forms that have just come through a ReLU's lines alone, as
     * {@link dev.bulwark.device.LinearRelaxations#backwardAffine(DeviceBuffer, int, dev.bulwark.device.Affine, DeviceBuffer,
     * Relaxation, DeviceBuffer)} takes them.
     */
    default void applyTransposed(DeviceBuffer a, int rows, DeviceBuffer owners, Relaxation relu, DeviceBuffer target) {
        applyTransposed(a, rows, target);
    }

    /**
     * The box of {@code W x + b} over a box of x, outward; unknown where what it depends on is. To be called many times with
     * the same parameters. The caller closes it, before the plan.
     */
    Enclosure enclosure();

    /**
     * Takes how far inputs may be from 0, for both ends of a box of them, and makes at the upper end, for each output o, a
     * bound E of what a form {@code a y} may be off by when {@link #applyTransposed} takes it to x and {@link #biases} are
     * added: {@code (|a| + NEGLIGIBLE) E}, as {@link dev.bulwark.device.LinearRelaxations#backwardBias} charges. Inputs of
     * unknown size don't count where they have no weight. The lower end is of no use.
     *
     * @param memory owns what it needs, and closes it
     */
    Enclosure productErrors(DeviceMemory memory);

    /**
     * Takes how far inputs may be from 0, for both ends of a box of them, and makes {@code [-d, d]}: no float32 evaluation of
     * this map, as {@link Arithmetic#FLOAT32} says, is further than d from {@code W x + b}, x being the floats that it reads,
     * whether it takes subnormal ones for 0 or not. Unknown where an evaluation may overflow, or an input is unknown, with a
     * weight or without. Empty where nothing is computed.
     *
     * @param memory owns what it needs, and closes it
     */
    Optional<Enclosure> deviations(DeviceMemory memory);

    /**
     * Enters outputs as linear forms in x, exactly, as {@link dev.bulwark.device.LinearRelaxations#enter} does.
     *
     * @return whether it did: an operator that can't leaves everything as it is
     */
    default boolean enter(DeviceBuffer forms, int rows, DeviceBuffer target, DeviceBuffer constants) {
        return false;
    }

    /** y as an image, where this map knows it as one. */
    default Optional<ImageShape> outputImage() {
        return Optional.empty();
    }

    /** This map for forms in patches of y; empty where it takes none such. */
    default Optional<OnPatches> onPatches(Patches ofOutput) {
        return Optional.empty();
    }

    /** A map on its way from patches of y to patches of x. */
    interface OnPatches {

        /** Of x. */
        Patches patches();

        /** As {@link LinearOperator#applyTransposed}, of forms that are 0 outside y's image; those in x need not be. */
        void applyTransposed(DeviceBuffer a, int rows, DeviceBuffer target);

        /** As {@link LinearOperator#enter}, where y are the units themselves. */
        default boolean enter(PatchForms.Batch inInput, DeviceBuffer target, DeviceBuffer constants) {
            return false;
        }
    }

    /** b, one number for each output: {@code [outputs]}. The caller's memory owns what had to be made for it. */
    DeviceBuffer biases(DeviceMemory memory);

    /**
     * Whether each output depends on one input at most, and no two on the same: then boxes of y are images of boxes of x.
     */
    default boolean separates() {
        return false;
    }

    /** This map without b, of absolute weights, for radii of boxes in training. The caller's memory owns what it needs. */
    LinearOperator magnitudes(DeviceMemory memory);

    /** This operator, where its parameters can be trained. */
    default Optional<LearnedOperator> learned() {
        return Optional.empty();
    }

    /** This map as a dense layer, where it is one: for kernels that devices have of these alone. */
    default Optional<Affine> dense() {
        return Optional.empty();
    }
}
