package dev.bulwark.device.cuda;

import dev.bulwark.device.Affine;
import dev.bulwark.device.DeviceBuffer;
import dev.bulwark.device.InputBall;
import dev.bulwark.device.LinearRelaxations;
import dev.bulwark.device.Relaxation;

/** Linear forms on their way back through activations, by directed rounding: linear_relaxation.cu. */
final class CudaLinearRelaxations implements LinearRelaxations {

    private final MatrixProduct products;
    private final Kernel enterDense;
    private final Kernel enterUnits;
    private final Kernel backwardBias;
    private final Kernel join;
    private final Kernel backwardFree;
    private final Kernel backwardFixed;
    private final Kernel minima;
    private final Kernel corners;
    private final Kernel ballMinima;
    private final Kernel ballCorners;
    private final Kernel onFreeLines;
    private final Kernel onFixedLines;

    /** @param products in fp32: certificates' account of rounding is about fp32 sums */
    CudaLinearRelaxations(KernelModule module, MatrixProduct products) {
        this.products = products;
        enterDense = module.kernel("enter_dense");
        enterUnits = module.kernel("enter_units");
        backwardBias = module.kernel("backward_bias");
        join = module.kernel("join");
        backwardFree = module.kernel("backward_free");
        backwardFixed = module.kernel("backward_fixed");
        minima = module.kernel("form_minima");
        corners = module.kernel("form_corners");
        ballMinima = module.kernel("ball_minima");
        ballCorners = module.kernel("ball_corners");
        onFreeLines = module.kernel("on_free_lines");
        onFixedLines = module.kernel("on_fixed_lines");
    }

    @Override
    public void enter(Affine layer, DeviceBuffer forms, int rows, DeviceBuffer target, DeviceBuffer constants) {
        long elements = (long) rows * layer.in();
        enterDense.launch(Grid.over(elements), layer.weight(), layer.bias(), forms.require("forms", rows),
                target.require("target", elements), constants.require("constants", rows), rows, layer.in(), layer.out());
    }

    @Override
    public void enterUnits(int units, DeviceBuffer forms, int rows, DeviceBuffer target, DeviceBuffer constants) {
        long elements = (long) rows * units;
        enterUnits.launch(Grid.over(elements), forms.require("forms", rows), target.require("target", elements),
                constants.require("constants", rows), rows, units);
    }

    @Override
    public void backwardBias(DeviceBuffer coefficients, int rows, DeviceBuffer owners, DeviceBuffer bias,
                             DeviceBuffer productError, int units, DeviceBuffer constants) {
        backwardBias.launch(Grid.overWarps(rows), coefficients.require("coefficients", (long) rows * units),
                owners.require("owners", rows), bias.require("bias", units), productError,
                constants.require("constants", rows), rows, units);
    }

    @Override
    public void join(DeviceBuffer coefficients, DeviceBuffer other, int rows, DeviceBuffer owners, DeviceBuffer magnitudes,
                     int columns, DeviceBuffer constants) {
        long elements = (long) rows * columns;
        join.launch(Grid.overWarps(rows), coefficients.require("coefficients", elements), other.require("other", elements),
                owners.require("owners", rows), magnitudes, constants.require("constants", rows), rows, columns);
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
    public void backwardActivation(DeviceBuffer coefficients, int rows, DeviceBuffer owners, Relaxation relaxation,
                                   DeviceBuffer slopes, DeviceBuffer slopeRows, DeviceBuffer bias, DeviceBuffer target,
                                   DeviceBuffer constants) {
        int units = relaxation.units();
        long elements = (long) rows * units;
        coefficients.require("coefficients", elements);
        owners.require("owners", rows);
        bias.require("bias", units);
        target.require("target", elements);
        constants.require("constants", rows);
        if (relaxation.hasFreeSlopes()) {
            backwardFree.launch(Grid.overWarps(rows), coefficients, owners, relaxation.upperSlope(),
                    relaxation.upperIntercept(), relaxation.magnitude(), relaxation.productError(), slopes,
                    slopeRows.require("slopeRows", rows), bias, target, constants, relaxation.below().least(), rows, units);
        } else {
            backwardFixed.launch(Grid.overWarps(rows), coefficients, owners, relaxation.upperSlope(),
                    relaxation.upperIntercept(), relaxation.lowerSlope(), relaxation.below().intercept().orElseThrow(),
                    relaxation.magnitude(), relaxation.productError(), bias, target, constants, rows, units);
        }
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
    public void concretize(DeviceBuffer coefficients, int rows, DeviceBuffer owners, InputBall ball, int columns,
                           DeviceBuffer constants, DeviceBuffer minima) {
        ballMinima.launch(Grid.overWarps(rows), coefficients.require("coefficients", (long) rows * columns),
                owners.require("owners", rows), ball.centres(), ball.lower(), ball.upper(), ball.centreError(),
                ball.epsilons(), ball.dual() == InputBall.Dual.EUCLIDEAN ? 1 : 0,
                constants.require("constants", rows), minima.require("minima", rows), rows, columns);
    }

    @Override
    public void corners(DeviceBuffer coefficients, int rows, DeviceBuffer owners, InputBall ball, int columns,
                        DeviceBuffer corners) {
        long elements = (long) rows * columns;
        ballCorners.launch(Grid.overWarps(rows), coefficients.require("coefficients", elements),
                owners.require("owners", rows), ball.centres(), ball.lower(), ball.upper(), ball.epsilons(),
                ball.dual() == InputBall.Dual.EUCLIDEAN ? 1 : 0, corners.require("corners", elements), rows, columns);
    }

    @Override
    public void onFreeLines(DeviceBuffer coefficients, int rows, DeviceBuffer owners, Relaxation relaxation,
                            DeviceBuffer slopes, DeviceBuffer z, DeviceBuffer gradient) {
        long elements = (long) rows * relaxation.units();
        onFreeLines.launch(Grid.over(elements), coefficients.require("coefficients", elements),
                owners.require("owners", rows), relaxation.upperSlope(), relaxation.upperIntercept(),
                slopes.require("slopes", elements), z.require("z", elements), gradient.require("gradient", elements),
                rows, relaxation.units());
    }

    @Override
    public void onFixedLines(DeviceBuffer coefficients, int rows, DeviceBuffer owners, Relaxation relaxation,
                             DeviceBuffer z) {
        long elements = (long) rows * relaxation.units();
        onFixedLines.launch(Grid.over(elements), coefficients.require("coefficients", elements),
                owners.require("owners", rows), relaxation.upperSlope(), relaxation.upperIntercept(),
                relaxation.lowerSlope(), relaxation.below().intercept().orElseThrow(), z.require("z", elements), rows,
                relaxation.units());
    }
}
