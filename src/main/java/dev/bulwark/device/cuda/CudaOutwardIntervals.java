package dev.bulwark.device.cuda;

import dev.bulwark.device.Affine;
import dev.bulwark.device.DeviceBuffer;
import dev.bulwark.device.OutwardIntervals;
import java.util.List;

/** Boxes that hold the real-number network's values, by directed rounding: outward_intervals.cu. */
final class CudaOutwardIntervals implements OutwardIntervals {

    private final int multiprocessors;
    private final Kernel box;
    private final Kernel add;
    private final Kernel margins;
    /** Largest first: the larger a tile, the fewer times everything is read. */
    private final List<Tile> tiles;

    /** A kernel of {@link #affine} and what one of its blocks works on. */
    private record Tile(Kernel kernel, int rows, int outputs) {

        private static final int THREADS = 256;

        static Tile of(KernelModule module, int rows, int outputs) {
            return new Tile(module.kernel("outward_affine_" + rows + "x" + outputs), rows, outputs);
        }

        long blocks(long rows, long outputs) {
            return ((rows + this.rows - 1) / this.rows) * ((outputs + this.outputs - 1) / this.outputs);
        }
    }

    CudaOutwardIntervals(int multiprocessors, KernelModule module) {
        this.multiprocessors = multiprocessors;
        box = module.kernel("outward_box");
        add = module.kernel("outward_add");
        margins = module.kernel("outward_margins");
        tiles = List.of(Tile.of(module, 128, 64), Tile.of(module, 64, 64), Tile.of(module, 32, 32));
    }

    @Override
    public void box(DeviceBuffer x, long length, float centreError, double epsilon, DeviceBuffer lower, DeviceBuffer upper) {
        box.launch(Grid.over(length), x.require("x", length), centreError, atLeast(epsilon),
                lower.require("lower", length), upper.require("upper", length), length);
    }

    /** The least float not below {@code epsilon}. */
    static float atLeast(double epsilon) {
        float nearest = (float) epsilon;
        return nearest < epsilon ? Math.nextUp(nearest) : nearest;
    }

    @Override
    public void affine(DeviceBuffer lower, DeviceBuffer upper, int rows, Affine layer, DeviceBuffer outLower,
                       DeviceBuffer outUpper) {
        long inputs = (long) rows * layer.in();
        long outputs = (long) rows * layer.out();
        Tile tile = tileFor(rows, layer.out());
        Grid grid = Grid.blocks(Math.toIntExact(Math.max(1, tile.blocks(rows, layer.out()))), 1, Tile.THREADS);
        tile.kernel.launch(grid, lower.require("lower", inputs), upper.require("upper", inputs), layer.weight(),
                layer.bias(), outLower.require("outLower", outputs), outUpper.require("outUpper", outputs), rows,
                layer.in(), layer.out());
    }

    /** The largest tile of which nearly every multiprocessor gets one; every size gives the same bits. */
    private Tile tileFor(int rows, int outputs) {
        return tiles.stream().filter(tile -> fills(tile.blocks(rows, outputs), multiprocessors)).findFirst()
                .orElse(tiles.get(tiles.size() - 1));
    }

    /**
     * Whether a grid of {@code blocks} leaves at most a sixteenth of the multiprocessors idle: that costs less than the next
     * smaller tile, of which shared memory bounds the rate.
     */
    static boolean fills(long blocks, int multiprocessors) {
        return blocks >= multiprocessors - multiprocessors / 16;
    }

    @Override
    public void add(DeviceBuffer xLower, DeviceBuffer xUpper, DeviceBuffer yLower, DeviceBuffer yUpper, long length,
                    DeviceBuffer lower, DeviceBuffer upper) {
        add.launch(Grid.over(length), xLower.require("xLower", length), xUpper.require("xUpper", length),
                yLower.require("yLower", length), yUpper.require("yUpper", length), lower.require("lower", length),
                upper.require("upper", length), length);
    }

    @Override
    public void margins(DeviceBuffer lower, DeviceBuffer upper, DeviceBuffer labels, int rows, Affine layer,
                        DeviceBuffer margins) {
        long inputs = (long) rows * layer.in();
        long outputs = (long) rows * layer.out();
        this.margins.launch(Grid.overWarps(outputs), lower.require("lower", inputs), upper.require("upper", inputs),
                labels.require("labels", rows), layer.weight(), layer.bias(), margins.require("margins", outputs), rows,
                layer.in(), layer.out());
    }
}
