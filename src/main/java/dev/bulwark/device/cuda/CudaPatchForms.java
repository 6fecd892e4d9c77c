package dev.bulwark.device.cuda;

import dev.bulwark.device.Convolution;
import dev.bulwark.device.DeviceBuffer;
import dev.bulwark.device.PatchForms;
import dev.bulwark.device.Patches;
import dev.bulwark.device.Relaxation;
import dev.bulwark.shapes.Windows;
import java.util.stream.Stream;

/** Linear forms in patches, by directed rounding: patches.cu. */
final class CudaPatchForms implements PatchForms {

    private final Kernel enter;
    private final Kernel enterUnits;
    private final Kernel free;
    private final Kernel fixed;
    private final Kernel bias;
    private final Kernel minima;
    private final Kernel spread;

    CudaPatchForms(KernelModule module) {
        enter = module.kernel("patch_enter");
        enterUnits = module.kernel("patch_units");
        free = module.kernel("patch_free");
        fixed = module.kernel("patch_fixed");
        bias = module.kernel("patch_bias");
        minima = module.kernel("patch_minima");
        spread = module.kernel("patch_spread");
    }

    @Override
    public void enter(Convolution layer, Batch batch, DeviceBuffer target, DeviceBuffer constants) {
        Windows.Axis y = layer.windows().height();
        Windows.Axis x = layer.windows().width();
        enter.launch(Grid.overWarps(batch.count()), arguments(batch, layer.weight(), layer.bias(), batch.forms(),
                target.require("target", batch.elements()), constants.require("constants", batch.count()), batch.count(),
                layer.output().channels(), layer.groups(), y.kernel(), x.kernel(), y.dilation(), x.dilation()));
    }

    @Override
    public void enterUnits(Batch batch, DeviceBuffer target, DeviceBuffer constants) {
        enterUnits.launch(Grid.overWarps(batch.count()), arguments(batch, batch.forms(),
                target.require("target", batch.elements()), constants.require("constants", batch.count()), batch.count()));
    }

    @Override
    public void backwardActivation(DeviceBuffer coefficients, Batch batch, Relaxation relaxation, DeviceBuffer bias,
                                   DeviceBuffer constants) {
        coefficients.require("coefficients", batch.elements());
        bias.require("bias", batch.patches().image().size());
        constants.require("constants", batch.count());
        if (relaxation.hasFreeSlopes()) {
            free.launch(Grid.overWarps(batch.count()), arguments(batch, coefficients, batch.owners(), batch.forms(),
                    relaxation.upperSlope(), relaxation.upperIntercept(), relaxation.magnitude(), relaxation.productError(),
                    relaxation.lowerSlope(), bias, constants, relaxation.below().least(), batch.count()));
        } else {
            fixed.launch(Grid.overWarps(batch.count()), arguments(batch, coefficients, batch.owners(), batch.forms(),
                    relaxation.upperSlope(), relaxation.upperIntercept(), relaxation.lowerSlope(),
                    relaxation.below().intercept().orElseThrow(), relaxation.magnitude(), relaxation.productError(), bias,
                    constants, batch.count()));
        }
    }

    @Override
    public void backwardBias(DeviceBuffer coefficients, Batch batch, DeviceBuffer biases, DeviceBuffer productError,
                             DeviceBuffer constants) {
        bias.launch(Grid.overWarps(batch.count()), arguments(batch, coefficients.require("coefficients", batch.elements()),
                batch.owners(), batch.forms(), biases.require("biases", batch.patches().image().size()), productError,
                constants.require("constants", batch.count()), batch.count()));
    }

    @Override
    public void concretize(DeviceBuffer coefficients, Batch batch, DeviceBuffer lower, DeviceBuffer upper,
                           DeviceBuffer constants, DeviceBuffer minima) {
        this.minima.launch(Grid.overWarps(batch.count()), arguments(batch,
                coefficients.require("coefficients", batch.elements()), batch.owners(), batch.forms(), lower, upper,
                constants.require("constants", batch.count()), minima.require("minima", batch.count()), batch.count()));
    }

    @Override
    public void spread(DeviceBuffer coefficients, Batch batch, DeviceBuffer target) {
        long elements = (long) batch.count() * batch.patches().image().size();
        spread.launch(Grid.over(elements), arguments(batch, coefficients.require("coefficients", batch.elements()),
                batch.forms(), target.require("target", elements), batch.count()));
    }

    /** A kernel's own arguments, and the patches behind them. */
    private static Object[] arguments(Batch batch, Object... own) {
        Patches patches = batch.patches();
        return Stream.concat(Stream.of(own), Stream.of(patches.units().area(), patches.units().width(),
                patches.image().channels(), patches.image().height(), patches.image().width(), patches.rows().size(),
                patches.columns().size(), patches.rows().step(), patches.rows().offset(), patches.columns().step(),
                patches.columns().offset())).toArray();
    }
}
