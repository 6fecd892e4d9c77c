package dev.bulwark.device.cuda;

import dev.bulwark.device.DeviceBuffer;

/** Boxes as centre and radius, rounded to nearest: training_intervals.cu. */
final class TrainingIntervals implements AutoCloseable {

    /** The kernels keep four doubles a block. */
    private static final long PARTIALS = 8L * Grid.MOST_PARTIAL_SUMS;

    private final Kernel boxAround;
    private final Kernel relu;
    private final Kernel reluGradient;
    private final Kernel regulariserTotals;
    private final Kernel regulariserSpread;
    private final Kernel regulariserGradient;
    /** Each block's sums, and behind them its sums about the mean. One is enough: operations are in order. */
    private final DeviceBuffer scratch;

    TrainingIntervals(CudaMemory memory, KernelModule module) {
        boxAround = module.kernel("box_around");
        relu = module.kernel("interval_relu");
        reluGradient = module.kernel("interval_relu_gradient");
        regulariserTotals = module.kernel("regulariser_totals");
        regulariserSpread = module.kernel("regulariser_spread");
        regulariserGradient = module.kernel("regulariser_gradient");
        scratch = memory.scratch(2 * PARTIALS);
    }

    void boxAround(DeviceBuffer x, long length, DeviceBuffer epsilon, DeviceBuffer centre, DeviceBuffer radius) {
        boxAround.launch(Grid.over(length), x.require("x", length), epsilon.require("epsilon", 1),
                centre.require("centre", length), radius.require("radius", length), length);
    }

    void relu(DeviceBuffer centre, DeviceBuffer radius, long length, DeviceBuffer outCentre, DeviceBuffer outRadius) {
        relu.launch(Grid.over(length), centre.require("centre", length), radius.require("radius", length),
                outCentre.require("outCentre", length), outRadius.require("outRadius", length), length);
    }

    void reluGradient(DeviceBuffer centre, DeviceBuffer radius, long length, DeviceBuffer gradientCentre,
                      DeviceBuffer gradientRadius) {
        reluGradient.launch(Grid.over(length), centre.require("centre", length), radius.require("radius", length),
                gradientCentre.require("gradientCentre", length), gradientRadius.require("gradientRadius", length),
                length);
    }

    /** Three launches of one grid: sums, sums about the mean, and what follows from both. */
    void regulariser(DeviceBuffer centre, DeviceBuffer radius, long length, DeviceBuffer inputRadius, float tau,
                     DeviceBuffer weight, DeviceBuffer gradientCentre, DeviceBuffer gradientRadius, DeviceBuffer loss) {
        Grid grid = Grid.ofPartialSums(length);
        centre.require("centre", length);
        DeviceBuffer totals = scratch.slice(0, PARTIALS);
        DeviceBuffer spreads = scratch.slice(PARTIALS, PARTIALS);
        regulariserTotals.launch(grid, centre, radius.require("radius", length), length, totals);
        regulariserSpread.launch(grid, centre, length, totals, spreads);
        regulariserGradient.launch(grid, centre, length, totals, spreads, inputRadius.require("inputRadius", 1), tau,
                weight.require("weight", 1), gradientCentre.require("gradientCentre", length),
                gradientRadius.require("gradientRadius", length), loss.require("loss", 1));
    }

    @Override
    public void close() {
        scratch.close();
    }
}
