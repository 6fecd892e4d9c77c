package dev.bulwark.device.cuda;

import dev.bulwark.device.DeviceBuffer;
import dev.bulwark.device.Relaxation;

/** Affine forms on their way back through ReLUs, by directed rounding: linear_relaxation.cu. */
final class LinearRelaxations {

    private final Kernel backwardRelu;
    private final Kernel minima;
    private final Kernel corners;
    private final Kernel relaxedRelu;
    private final Kernel clamp;

    LinearRelaxations(KernelModule module) {
        backwardRelu = module.kernel("backward_relu");
        minima = module.kernel("form_minima");
        corners = module.kernel("form_corners");
        relaxedRelu = module.kernel("relaxed_relu");
        clamp = module.kernel("clamp");
    }

    void backwardRelu(DeviceBuffer coefficients, int rows, DeviceBuffer owners, Relaxation relaxation,
                      DeviceBuffer slopes, DeviceBuffer slopeRows, DeviceBuffer bias, DeviceBuffer target,
                      DeviceBuffer constants) {
        long elements = (long) rows * relaxation.units();
        backwardRelu.launch(Grid.overWarps(rows), coefficients.require("coefficients", elements),
                owners.require("owners", rows), relaxation.upperSlope(), relaxation.upperIntercept(),
                relaxation.magnitude(), relaxation.productError(), slopes, slopeRows.require("slopeRows", rows),
                bias.require("bias", relaxation.units()), target.require("target", elements),
                constants.require("constants", rows), rows, relaxation.units());
    }

    void minima(DeviceBuffer coefficients, int rows, DeviceBuffer owners, DeviceBuffer lower, DeviceBuffer upper,
                int columns, DeviceBuffer constants, DeviceBuffer minima) {
        this.minima.launch(Grid.overWarps(rows), coefficients.require("coefficients", (long) rows * columns),
                owners.require("owners", rows), lower, upper, constants.require("constants", rows),
                minima.require("minima", rows), rows, columns);
    }

    void corners(DeviceBuffer coefficients, int rows, DeviceBuffer owners, DeviceBuffer lower, DeviceBuffer upper,
                 int columns, DeviceBuffer corners) {
        long elements = (long) rows * columns;
        this.corners.launch(Grid.over(elements), coefficients.require("coefficients", elements),
                owners.require("owners", rows), lower, upper, corners.require("corners", elements), rows, columns);
    }

    void relaxedRelu(DeviceBuffer coefficients, int rows, DeviceBuffer owners, Relaxation relaxation,
                     DeviceBuffer slopes, DeviceBuffer z, DeviceBuffer gradient) {
        long elements = (long) rows * relaxation.units();
        relaxedRelu.launch(Grid.over(elements), coefficients.require("coefficients", elements),
                owners.require("owners", rows), relaxation.upperSlope(), relaxation.upperIntercept(),
                slopes.require("slopes", elements), z.require("z", elements), gradient.require("gradient", elements),
                rows, relaxation.units());
    }

    void clamp(DeviceBuffer x, long length, float low, float high) {
        clamp.launch(Grid.over(length), x.require("x", length), low, high, length);
    }
}
