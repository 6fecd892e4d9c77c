package dev.bulwark.device.cuda;

import dev.bulwark.device.DeviceBuffer;
import dev.bulwark.device.TrainingIntervals;
import dev.bulwark.device.TrainingOperations.MeanRadius;
import dev.bulwark.device.TrainingOperations.Penalty;

/** Boxes as centre and radius, rounded to nearest: training_intervals.cu. */
final class CudaTrainingIntervals implements TrainingIntervals, AutoCloseable {

    private final Kernel boxAround;
    private final Kernel boxAroundWithMean;
    private final Kernel relu;
    private final Kernel reluGradient;
    private final Kernel regulariserSlopes;
    private final Kernel regulariserGradient;
    private final Tickets tickets;
    /** What the regularisers' first kernel leaves to their second. One is enough: operations are in order. */
    private final DeviceBuffer slopes;

    CudaTrainingIntervals(CudaMemory memory, KernelModule module, Tickets tickets) {
        boxAround = module.kernel("box_around");
        boxAroundWithMean = module.kernel("box_around_with_mean");
        relu = module.kernel("interval_relu");
        reluGradient = module.kernel("interval_relu_gradient");
        regulariserSlopes = module.kernel("regulariser_slopes");
        regulariserGradient = module.kernel("regulariser_gradient");
        this.tickets = tickets;
        slopes = memory.scratch(Penalty.STATE);
    }

    @Override
    public void boxAround(DeviceBuffer x, long length, DeviceBuffer epsilon, DeviceBuffer centre, DeviceBuffer radius) {
        boxAround.launch(Grid.over(length), x.require("x", length), epsilon.require("epsilon", 1),
                centre.require("centre", length), radius.require("radius", length), length);
    }

    void boxAround(DeviceBuffer x, long length, DeviceBuffer epsilon, DeviceBuffer centre, DeviceBuffer radius,
                   MeanRadius mean) {
        boxAroundWithMean.launch(Grid.ofPartialSums(length), x.require("x", length), epsilon.require("epsilon", 1),
                centre.require("centre", length), radius.require("radius", length), length,
                mean.weight().require("weight", 1), mean.mean().require("mean", 1), tickets.partials(), tickets.tickets());
    }

    @Override
    public void relu(DeviceBuffer centre, DeviceBuffer radius, long length, DeviceBuffer outCentre, DeviceBuffer outRadius) {
        relu.launch(Grid.over(length), centre.require("centre", length), radius.require("radius", length),
                outCentre.require("outCentre", length), outRadius.require("outRadius", length), length);
    }

    @Override
    public void reluGradient(DeviceBuffer centre, DeviceBuffer radius, long length, DeviceBuffer gradientCentre,
                             DeviceBuffer gradientRadius) {
        reluGradient.launch(Grid.over(length), centre.require("centre", length), radius.require("radius", length),
                gradientCentre.require("gradientCentre", length), gradientRadius.require("gradientRadius", length),
                length);
    }

    @Override
    public void regulariser(DeviceBuffer centre, DeviceBuffer radius, long length, DeviceBuffer inputRadius, float tau,
                            DeviceBuffer weight, DeviceBuffer gradientCentre, DeviceBuffer gradientRadius,
                            DeviceBuffer loss) {
        regulariserSlopes.launch(Grid.ofPartialSums(length), centre.require("centre", length),
                radius.require("radius", length), length, inputRadius.require("inputRadius", 1), tau,
                weight.require("weight", 1), loss.require("loss", 1), slopes, tickets.partials(), tickets.tickets());
        regulariserGradient.launch(Grid.over(length), centre, length, slopes,
                gradientCentre.require("gradientCentre", length), gradientRadius.require("gradientRadius", length));
    }

    @Override
    public void close() {
        slopes.close();
    }
}
