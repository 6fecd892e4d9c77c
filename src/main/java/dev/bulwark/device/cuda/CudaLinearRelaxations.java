package dev.bulwark.device.cuda;

import dev.bulwark.device.Affine;
import dev.bulwark.device.DeviceBuffer;
import dev.bulwark.device.LinearRelaxations;
import dev.bulwark.device.Relaxation;

/** Affine forms on their way back through ReLUs, by directed rounding: linear_relaxation.cu. */
final class CudaLinearRelaxations implements LinearRelaxations {

    private final MatrixProduct products;
    private final Kernel backwardRelu;
    private final Kernel minima;
    private final Kernel corners;
    private final Kernel relaxedRelu;

    /** @param products in fp32: certificates' account of rounding is about fp32 sums */
    CudaLinearRelaxations(KernelModule module, MatrixProduct products) {
        this.products = products;
        backwardRelu = module.kernel("backward_relu");
        minima = module.kernel("form_minima");
        corners = module.kernel("form_corners");
        relaxedRelu = module.kernel("relaxed_relu");
    }

    @Override
    public void backwardAffine(DeviceBuffer a, int rows, Affine layer, DeviceBuffer target) {
        a.require("a", (long) rows * layer.out());
        target.require("target", (long) rows * layer.in());
        if (rows > 0 && layer.in() > 0) {
            products.multiply(false, false, rows, layer.in(), layer.out(), a, layer.weight(), 0f, target);
        }
    }

    @Override
    public void backwardRelu(DeviceBuffer coefficients, int rows, DeviceBuffer owners, Relaxation relaxation,
                             DeviceBuffer slopes, DeviceBuffer slopeRows, DeviceBuffer bias, DeviceBuffer target,
                             DeviceBuffer constants) {
        long elements = (long) rows * relaxation.units();
        backwardRelu.launch(Grid.overWarps(rows), coefficients.require("coefficients", elements),
                owners.require("owners", rows), relaxation.upperSlope(), relaxation.upperIntercept(),
                relaxation.magnitude(), relaxation.productError(), slopes, slopeRows.require("slopeRows", rows),
                bias.require("bias", relaxation.units()), target.require("target", elements),
                constants.require("constants", rows), rows, relaxation.units());
    }

    @Override
    public void concretize(DeviceBuffer coefficients, int rows, DeviceBuffer owners, DeviceBuffer lower, DeviceBuffer upper,
                           int columns, DeviceBuffer constants, DeviceBuffer minima) {
        this.minima.launch(Grid.overWarps(rows), coefficients.require("coefficients", (long) rows * columns),
                owners.require("owners", rows), lower, upper, constants.require("constants", rows),
                minima.require("minima", rows), rows, columns);
    }

    @Override
    public void corners(DeviceBuffer coefficients, int rows, DeviceBuffer owners, DeviceBuffer lower, DeviceBuffer upper,
                        int columns, DeviceBuffer corners) {
        long elements = (long) rows * columns;
        this.corners.launch(Grid.over(elements), coefficients.require("coefficients", elements),
                owners.require("owners", rows), lower, upper, corners.require("corners", elements), rows, columns);
    }

    @Override
    public void relaxedRelu(DeviceBuffer coefficients, int rows, DeviceBuffer owners, Relaxation relaxation,
                            DeviceBuffer slopes, DeviceBuffer z, DeviceBuffer gradient) {
        long elements = (long) rows * relaxation.units();
        relaxedRelu.launch(Grid.over(elements), coefficients.require("coefficients", elements),
                owners.require("owners", rows), relaxation.upperSlope(), relaxation.upperIntercept(),
                slopes.require("slopes", elements), z.require("z", elements), gradient.require("gradient", elements),
                rows, relaxation.units());
    }
}
