package dev.bulwark.device.cuda;

import dev.bulwark.device.AscentSteps;
import dev.bulwark.device.DeviceBuffer;

/** Steps whose sizes adapt row by row: ascent_steps.cu. */
final class CudaAscentSteps implements AscentSteps {

    private final Kernel signedStep;
    private final Kernel momentum;
    private final Kernel sparseStep;
    private final Kernel adaptSparsity;
    private final Kernel compare;
    private final Kernel copyWhere;

    CudaAscentSteps(KernelModule module) {
        signedStep = module.kernel("signed_momentum_step");
        momentum = module.kernel("momentum_step");
        sparseStep = module.kernel("sparse_step");
        adaptSparsity = module.kernel("adapt_sparsity");
        compare = module.kernel("compare_losses");
        copyWhere = module.kernel("copy_where");
    }

    @Override
    public void signedStep(DeviceBuffer x, DeviceBuffer previous, DeviceBuffer gradients, DeviceBuffer lengths, float inertia,
                           DeviceBuffer lower, DeviceBuffer upper, int rows, int columns) {
        long size = (long) rows * columns;
        signedStep.launch(Grid.over(size), x.require("x", size), previous.require("previous", size),
                gradients.require("gradients", size), lengths.require("lengths", rows), inertia, lower.require("lower", size),
                upper.require("upper", size), rows, columns);
    }

    @Override
    public void momentum(DeviceBuffer ahead, DeviceBuffer x, DeviceBuffer previous, float share, long length) {
        momentum.launch(Grid.over(length), ahead.require("ahead", length), x.require("x", length),
                previous.require("previous", length), share, length);
    }

    @Override
    public void sparseStep(DeviceBuffer x, DeviceBuffer gradients, DeviceBuffer fractions, DeviceBuffer lengths, int rows,
                           int columns) {
        long size = (long) rows * columns;
        sparseStep.launch(Grid.blockEach(rows), x.require("x", size), gradients.require("gradients", size),
                fractions.require("fractions", rows), lengths.require("lengths", rows), rows, columns);
    }

    @Override
    public void adaptSparsity(DeviceBuffer best, DeviceBuffer centres, DeviceBuffer counts, DeviceBuffer fractions,
                              DeviceBuffer lengths, float longest, DeviceBuffer restarts, int rows, int columns) {
        long size = (long) rows * columns;
        adaptSparsity.launch(Grid.blockEach(rows), best.require("best", size), centres.require("centres", size),
                counts.require("counts", rows), fractions.require("fractions", rows), lengths.require("lengths", rows), longest,
                restarts.require("restarts", rows), rows, columns);
    }

    @Override
    public void compare(DeviceBuffer losses, DeviceBuffer previous, DeviceBuffer best, DeviceBuffer increases,
                        DeviceBuffer improved, int rows) {
        compare.launch(Grid.over(rows), losses.require("losses", rows), previous.require("previous", rows),
                best.require("best", rows), increases.require("increases", rows), improved.require("improved", rows), rows);
    }

    @Override
    public void copyWhere(DeviceBuffer chosen, DeviceBuffer source, DeviceBuffer target, int rows, int columns) {
        long size = (long) rows * columns;
        copyWhere.launch(Grid.over(size), chosen.require("chosen", rows), source.require("source", size),
                target.require("target", size), rows, columns);
    }
}
