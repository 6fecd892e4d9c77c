package dev.bulwark.device.cuda;

import dev.bulwark.device.DeviceBuffer;
import dev.bulwark.device.MaxPoolRelaxation;
import dev.bulwark.device.MaxPooling;
import dev.bulwark.device.Pooling;
import dev.bulwark.device.ReluRelaxations;
import dev.bulwark.shapes.Windows;
import java.util.stream.Stream;

/** Maximum pooling: max_pooling.cu. */
final class CudaMaxPooling implements MaxPooling {

    private final ReluRelaxations sizes;
    private final Kernel apply;
    private final Kernel choose;
    private final Kernel transposed;
    private final Kernel enclose;
    private final Kernel relax;
    private final Kernel contested;
    private final Kernel backward;
    private final Kernel onLines;

    /** @param sizes finds magnitudes */
    CudaMaxPooling(KernelModule module, ReluRelaxations sizes) {
        this.sizes = sizes;
        apply = module.kernel("max_pool");
        choose = module.kernel("max_pool_choose");
        transposed = module.kernel("max_pool_transposed");
        enclose = module.kernel("enclose_max_pool");
        relax = module.kernel("relax_max_pool");
        contested = module.kernel("max_pool_contested");
        backward = module.kernel("backward_max_pool");
        onLines = module.kernel("max_pool_on_lines");
    }

    private static long inputs(int rows, Pooling pooling) {
        return (long) rows * pooling.input().size();
    }

    private static long outputs(int rows, Pooling pooling) {
        return (long) rows * pooling.output().size();
    }

    @Override
    public void apply(DeviceBuffer x, int rows, Pooling pooling, DeviceBuffer y) {
        long outputs = outputs(rows, pooling);
        apply.launch(Grid.over(outputs), arguments(pooling, x.require("x", inputs(rows, pooling)),
                y.require("y", outputs), rows));
    }

    @Override
    public void choose(DeviceBuffer x, int rows, Pooling pooling, DeviceBuffer chosen) {
        long outputs = outputs(rows, pooling);
        choose.launch(Grid.over(outputs), arguments(pooling, x.require("x", inputs(rows, pooling)),
                chosen.require("chosen", outputs), rows));
    }

    @Override
    public void applyTransposed(DeviceBuffer a, DeviceBuffer chosen, int rows, Pooling pooling, DeviceBuffer target) {
        long inputs = inputs(rows, pooling);
        transposed.launch(Grid.over(inputs), arguments(pooling, a.require("a", outputs(rows, pooling)),
                chosen.require("chosen", outputs(rows, pooling)), target.require("target", inputs), rows));
    }

    @Override
    public void enclose(DeviceBuffer lower, DeviceBuffer upper, int rows, Pooling pooling, DeviceBuffer outLower,
                        DeviceBuffer outUpper) {
        long inputs = inputs(rows, pooling);
        long outputs = outputs(rows, pooling);
        enclose.launch(Grid.over(outputs), arguments(pooling, lower.require("lower", inputs), upper.require("upper", inputs),
                outLower.require("outLower", outputs), outUpper.require("outUpper", outputs), rows));
    }

    @Override
    public void relax(DeviceBuffer lower, DeviceBuffer upper, int images, MaxPoolRelaxation relaxation) {
        long inputs = inputs(images, relaxation.pooling());
        long outputs = outputs(images, relaxation.pooling());
        relax.launch(Grid.over(outputs), arguments(relaxation.pooling(), lower.require("lower", inputs),
                upper.require("upper", inputs), relaxation.chosen().require("chosen", outputs),
                relaxation.upperSlope().require("upperSlope", outputs),
                relaxation.upperIntercept().require("upperIntercept", outputs), images));
        sizes.magnitudes(lower, upper, inputs, relaxation.magnitude());
    }

    @Override
    public void contested(DeviceBuffer lower, DeviceBuffer upper, int images, MaxPoolRelaxation relaxation,
                          DeviceBuffer marks) {
        long inputs = inputs(images, relaxation.pooling());
        contested.launch(Grid.over(inputs), arguments(relaxation.pooling(), lower.require("lower", inputs),
                upper.require("upper", inputs), relaxation.chosen(), relaxation.upperSlope(), marks.require("marks", inputs),
                images));
    }

    @Override
    public void backward(DeviceBuffer coefficients, int rows, DeviceBuffer owners, MaxPoolRelaxation relaxation,
                         DeviceBuffer target, DeviceBuffer constants) {
        backward.launch(Grid.overWarps(rows), arguments(relaxation.pooling(),
                coefficients.require("coefficients", outputs(rows, relaxation.pooling())), owners.require("owners", rows),
                relaxation.chosen(), relaxation.upperSlope(), relaxation.upperIntercept(), relaxation.magnitude(),
                target.require("target", inputs(rows, relaxation.pooling())), constants.require("constants", rows), rows));
    }

    @Override
    public void onLines(DeviceBuffer coefficients, int rows, DeviceBuffer owners, MaxPoolRelaxation relaxation,
                        DeviceBuffer x, DeviceBuffer y) {
        long outputs = outputs(rows, relaxation.pooling());
        onLines.launch(Grid.over(outputs), arguments(relaxation.pooling(), coefficients.require("coefficients", outputs),
                owners.require("owners", rows), relaxation.chosen(), relaxation.upperSlope(), relaxation.upperIntercept(),
                x.require("x", inputs(rows, relaxation.pooling())), y.require("y", outputs), rows));
    }

    /** A kernel's own arguments, and the geometry behind them. */
    private static Object[] arguments(Pooling pooling, Object... own) {
        Windows.Axis y = pooling.windows().height();
        Windows.Axis x = pooling.windows().width();
        return Stream.concat(Stream.of(own), Stream.of(
                pooling.input().channels(), pooling.input().height(), pooling.input().width(), pooling.output().height(),
                pooling.output().width(), y.kernel(), x.kernel(), y.stride(), x.stride(), y.before(), x.before(),
                y.dilation(), x.dilation())).toArray();
    }
}
