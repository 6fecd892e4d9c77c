package dev.bulwark.device.cuda;

import dev.bulwark.device.Convolution;
import dev.bulwark.device.Convolutions;
import dev.bulwark.device.DeviceBuffer;
import dev.bulwark.shapes.Windows;
import java.util.stream.Stream;

/** Convolutions by this project's own kernels: convolutions.cu. */
final class CudaConvolutions implements Convolutions {

    private static final int THREADS = 256;
    /** Rows and columns of a block's tile of the result. */
    private static final int SIDE = 64;
    /** A launch has no more blocks along y. */
    private static final int MOST_GROUPS = 65_535;
    /** Blocks a multiprocessor should have at least. */
    private static final int BLOCKS_PER_MULTIPROCESSOR = 2;
    /** Shorter parts of a sum would cost more in the second pass than they save in the first. */
    private static final int SHORTEST_CHUNK = 256;

    private final int multiprocessors;
    private final Kernel apply;
    private final Kernel transposed;
    private final Kernel weights;
    private final Kernel biases;
    private final Kernel enclose;
    private final Kernel enter;
    private final ProductFinish finish;
    /** For partial sums. Allocated once, as a recorded sequence may not allocate; operations are in order. */
    private final DeviceBuffer scratch;

    /**
     * @param scratch for {@link ProductPlan#scratchLength} elements, which nothing else uses while an operation runs
     * @param finish  adds partial sums up
     */
    CudaConvolutions(int multiprocessors, KernelModule module, ProductFinish finish, DeviceBuffer scratch) {
        this.multiprocessors = multiprocessors;
        this.apply = module.kernel("convolve");
        this.transposed = module.kernel("convolve_transposed");
        this.weights = module.kernel("convolve_weights");
        this.biases = module.kernel("convolve_biases");
        this.enclose = module.kernel("convolve_outward");
        this.enter = module.kernel("convolve_enter");
        this.finish = finish;
        this.scratch = scratch;
    }

    @Override
    public void apply(DeviceBuffer x, int rows, Convolution layer, boolean relu, DeviceBuffer y) {
        x.require("x", (long) rows * layer.input().size());
        y.require("y", (long) rows * layer.output().size());
        if (rows > 0) {
            apply.launch(tiles(layer.output().channels() / layer.groups(), (long) rows * layer.output().area(), layer, 1),
                    arguments(layer, x, layer.weight(), layer.bias(), y, rows, relu ? 1 : 0));
        }
    }

    @Override
    public void applyTransposed(DeviceBuffer a, int rows, Convolution layer, DeviceBuffer target) {
        a.require("a", (long) rows * layer.output().size());
        target.require("target", (long) rows * layer.input().size());
        if (rows > 0) {
            transposed.launch(tiles(layer.input().channels() / layer.groups(), (long) rows * layer.input().area(), layer, 1),
                    arguments(layer, a, layer.weight(), target, rows));
        }
    }

    @Override
    public void parameterGradient(DeviceBuffer x, DeviceBuffer gradient, int rows, Convolution target) {
        x.require("x", (long) rows * target.input().size());
        gradient.require("gradient", (long) rows * target.output().size());
        int channels = target.output().channels();
        long positions = (long) rows * target.output().area();
        Grid whole = tiles(channels / target.groups(), target.taps(), target, 1);
        int parts = parts((long) whole.x() * whole.y(), positions, target.weights());
        int chunk = Math.toIntExact((positions + parts - 1) / parts);
        Grid grid = tiles(channels / target.groups(), target.taps(), target, parts);
        weights.launch(grid, arguments(target, x, gradient, parts == 1 ? target.weight() : scratch, rows, chunk));
        if (parts > 1) {
            finish.multiply(scratch, parts, 0f, target.weight(), target.weights());
        }
        biasGradient(gradient, rows, target);
    }

    private void biasGradient(DeviceBuffer gradient, int rows, Convolution target) {
        int channels = target.output().channels();
        int parts = Math.min(parts(channels, (long) rows * target.output().area(), channels), Math.max(1, rows));
        int chunk = Math.max(1, (rows + parts - 1) / parts);
        biases.launch(Grid.blocks(channels, parts, THREADS), gradient, scratch, rows, channels, target.output().area(),
                chunk);
        finish.multiply(scratch, parts, 0f, target.bias(), channels);
    }

    /** Parts of a sum over {@code positions}, of which {@code blocks} blocks compute one part of {@code length} results. */
    private int parts(long blocks, long positions, long length) {
        long wanted = (long) BLOCKS_PER_MULTIPROCESSOR * multiprocessors / blocks;
        return (int) Math.max(1, Math.min(Math.min(wanted, positions / SHORTEST_CHUNK), scratch.length() / length));
    }

    @Override
    public void enclose(DeviceBuffer lower, DeviceBuffer upper, int rows, Convolution layer, DeviceBuffer outLower,
                        DeviceBuffer outUpper) {
        lower.require("lower", (long) rows * layer.input().size());
        upper.require("upper", (long) rows * layer.input().size());
        outLower.require("outLower", (long) rows * layer.output().size());
        outUpper.require("outUpper", (long) rows * layer.output().size());
        if (rows > 0) {
            enclose.launch(tiles(layer.output().channels() / layer.groups(), (long) rows * layer.output().area(), layer, 1),
                    arguments(layer, lower, upper, layer.weight(), layer.bias(), outLower, outUpper, rows));
        }
    }

    @Override
    public void enter(Convolution layer, DeviceBuffer forms, int rows, DeviceBuffer target, DeviceBuffer constants) {
        long elements = (long) rows * layer.input().size();
        enter.launch(Grid.over(elements), arguments(layer, layer.weight(), layer.bias(), forms.require("forms", rows),
                target.require("target", elements), constants.require("constants", rows), rows));
    }

    /** Blocks for each group's result {@code [m,columns]}. */
    private static Grid tiles(int m, long columns, Convolution layer, int parts) {
        if (layer.groups() > MOST_GROUPS) {
            throw new IllegalArgumentException("a convolution on a GPU has at most " + MOST_GROUPS + " groups, not "
                    + layer.groups());
        }
        long tiles = ((m + SIDE - 1L) / SIDE) * ((columns + SIDE - 1) / SIDE);
        return new Grid(Math.toIntExact(tiles), layer.groups(), parts, THREADS, 0);
    }

    /** A kernel's own arguments, and the geometry behind them. */
    private static Object[] arguments(Convolution layer, Object... own) {
        Windows.Axis y = layer.windows().height();
        Windows.Axis x = layer.windows().width();
        return Stream.concat(Stream.of(own), Stream.of(
                layer.groups(), layer.input().channels() / layer.groups(), layer.input().height(), layer.input().width(),
                layer.output().channels() / layer.groups(), layer.output().height(), layer.output().width(),
                y.kernel(), x.kernel(), y.stride(), x.stride(), y.before(), x.before(), y.dilation(), x.dilation()))
                .toArray();
    }
}
