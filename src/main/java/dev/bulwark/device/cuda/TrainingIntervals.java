package dev.bulwark.device.cuda;

import dev.bulwark.device.DeviceBuffer;

/** Boxes as centre and radius, rounded to nearest: training_intervals.cu. */
final class TrainingIntervals {

    private final Kernel boxAround;
    private final Kernel relu;
    private final Kernel reluGradient;
    private final Kernel regulariserTotals;
    private final Kernel regulariserSpread;
    private final Kernel regulariserGradient;

    TrainingIntervals(KernelModule module) {
        boxAround = module.kernel("box_around");
        relu = module.kernel("interval_relu");
        reluGradient = module.kernel("interval_relu_gradient");
        regulariserTotals = module.kernel("regulariser_totals");
        regulariserSpread = module.kernel("regulariser_spread");
        regulariserGradient = module.kernel("regulariser_gradient");
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
        regulariserTotals.launch(grid, centre, radius.require("radius", length), length);
        regulariserSpread.launch(grid, centre, length);
        regulariserGradient.launch(grid, centre, length, inputRadius.require("inputRadius", 1), tau,
                weight.require("weight", 1), gradientCentre.require("gradientCentre", length),
                gradientRadius.require("gradientRadius", length), loss.require("loss", 1));
    }
}
