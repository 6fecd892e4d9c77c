package dev.bulwark.plan;

import dev.bulwark.device.Affine;
import dev.bulwark.device.DeviceBuffer;
import dev.bulwark.device.DeviceMemory;
import dev.bulwark.device.Enclosure;
import java.util.Optional;

/**
 * An affine map {@code y = W x + b} of a network, laid onto a device: dense or a convolution. Forward passes, bounds, attacks
 * and training are written against it, and don't ask which it is.
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
     * one in x. To nearest, with the bounded error of {@link dev.bulwark.device.LinearRelaxations#backwardAffine}, for
     * {@link #transposedTerms} products.
     */
    void applyTransposed(DeviceBuffer a, int rows, DeviceBuffer target);

    /** Products that an element of {@link #applyTransposed} sums at most. */
    int transposedTerms();

    /** The box of {@code W x + b} over a box of x, outward; unknown where what it depends on is. */
    void enclose(DeviceBuffer lower, DeviceBuffer upper, int rows, DeviceBuffer outLower, DeviceBuffer outUpper);

    /** {@link #enclose}, to be called many times with the same parameters. The caller closes it, before the plan. */
    Enclosure enclosure();

    /** Enters outputs as linear forms in x, as {@link dev.bulwark.device.LinearRelaxations#enter}. */
    void enter(DeviceBuffer forms, int rows, DeviceBuffer target, DeviceBuffer constants);

    /**
     * Gradients of the parameters, to nearest.
     *
     * @param x        {@code [rows,inputs]}
     * @param gradient {@code [rows,outputs]}
     * @param target   where they go: an operator of the same kind and sizes
     */
    void parameterGradient(DeviceBuffer x, DeviceBuffer gradient, int rows, LinearOperator target);

    /** b, one number for each output: {@code [outputs]}. The caller's memory owns what had to be made for it. */
    DeviceBuffer biases(DeviceMemory memory);

    /** W as it lies on the device, in the operator's own layout. */
    DeviceBuffer weight();

    /** This map as a dense layer, where it is one: for kernels that devices have of these alone. */
    default Optional<Affine> dense() {
        return Optional.empty();
    }

    /** This map with another W, in the same layout, and no b. The caller's memory owns it. */
    LinearOperator withWeight(DeviceMemory memory, float[] weight);
}
