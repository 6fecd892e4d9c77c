package dev.bulwark.device.cuda;

import dev.bulwark.device.Channelwise;
import dev.bulwark.device.DeviceBuffer;
import dev.bulwark.device.Pooling;
import dev.bulwark.device.Scaling;
import dev.bulwark.shapes.Windows;
import java.util.stream.Stream;

/** Affine maps of each channel on its own: channelwise.cu. */
final class CudaChannelwise implements Channelwise {

    private final Kernel scale;
    private final Kernel scaleTransposed;
    private final Kernel scaleOutward;
    private final Kernel average;
    private final Kernel averageTransposed;
    private final Kernel averageOutward;

    CudaChannelwise(KernelModule module) {
        scale = module.kernel("scale");
        scaleTransposed = module.kernel("scale_transposed");
        scaleOutward = module.kernel("scale_outward");
        average = module.kernel("mean_windows");
        averageTransposed = module.kernel("mean_transposed");
        averageOutward = module.kernel("mean_outward");
    }

    @Override
    public void scale(DeviceBuffer x, int rows, Scaling scaling, boolean relu, DeviceBuffer y) {
        long n = (long) rows * scaling.size();
        scale.launch(Grid.over(n), x.require("x", n), scaling.factor(), scaling.offset(), y.require("y", n),
                scaling.channels(), scaling.area(), relu ? 1 : 0, n);
    }

    @Override
    public void scaleTransposed(DeviceBuffer a, int rows, Scaling scaling, DeviceBuffer target) {
        long n = (long) rows * scaling.size();
        scaleTransposed.launch(Grid.over(n), a.require("a", n), scaling.factor(), target.require("target", n),
                scaling.channels(), scaling.area(), n);
    }

    @Override
    public void encloseScaled(DeviceBuffer lower, DeviceBuffer upper, int rows, Scaling scaling, DeviceBuffer outLower,
                              DeviceBuffer outUpper) {
        long n = (long) rows * scaling.size();
        scaleOutward.launch(Grid.over(n), lower.require("lower", n), upper.require("upper", n), scaling.factor(),
                scaling.offset(), scaling.factorError(), scaling.offsetError(), outLower.require("outLower", n),
                outUpper.require("outUpper", n), scaling.channels(), scaling.area(), n);
    }

    @Override
    public void average(DeviceBuffer x, int rows, Pooling pooling, boolean relu, DeviceBuffer y) {
        long n = (long) rows * pooling.output().size();
        average.launch(Grid.over(n), arguments(pooling, x.require("x", (long) rows * pooling.input().size()),
                y.require("y", n), relu ? 1 : 0, n));
    }

    @Override
    public void averageTransposed(DeviceBuffer a, int rows, Pooling pooling, DeviceBuffer target) {
        long n = (long) rows * pooling.input().size();
        averageTransposed.launch(Grid.over(n), arguments(pooling, a.require("a", (long) rows * pooling.output().size()),
                target.require("target", n), n));
    }

    @Override
    public void encloseAverage(DeviceBuffer lower, DeviceBuffer upper, int rows, Pooling pooling, DeviceBuffer outLower,
                               DeviceBuffer outUpper) {
        long inputs = (long) rows * pooling.input().size();
        long n = (long) rows * pooling.output().size();
        averageOutward.launch(Grid.over(n), arguments(pooling, lower.require("lower", inputs),
                upper.require("upper", inputs), outLower.require("outLower", n), outUpper.require("outUpper", n), n));
    }

    /** A kernel's own arguments, and the windows behind them. */
    private static Object[] arguments(Pooling pooling, Object... own) {
        Windows.Axis y = pooling.windows().height();
        Windows.Axis x = pooling.windows().width();
        return Stream.concat(Stream.of(own), Stream.of(
                pooling.input().height(), pooling.output().height(), y.kernel(), y.stride(), y.before(), y.dilation(),
                pooling.input().width(), pooling.output().width(), x.kernel(), x.stride(), x.before(), x.dilation(),
                pooling.countPadding() ? 1 : 0)).toArray();
    }
}
