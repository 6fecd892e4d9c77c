package dev.bulwark.device.cuda;

import dev.bulwark.device.DeviceBuffer;
import dev.bulwark.device.Votes;

/** The class that each row of logits votes for, how many vote for each, and the rows whose vote is wrong: votes.cu. */
final class CudaVotes implements Votes {

    private final Kernel argMax;
    private final Kernel countArgMax;
    private final Kernel keepMisclassified;

    CudaVotes(KernelModule module) {
        argMax = module.kernel("arg_max");
        countArgMax = module.kernel("count_arg_max");
        keepMisclassified = module.kernel("keep_misclassified");
    }

    @Override
    public void argMax(DeviceBuffer logits, int rows, int classes, DeviceBuffer target) {
        argMax.launch(Grid.over(rows), logits.require("logits", (long) rows * classes), rows, classes,
                target.require("target", rows));
    }

    @Override
    public void countArgMax(DeviceBuffer logits, int rows, int classes, DeviceBuffer counts) {
        countArgMax.launch(Grid.over(rows), logits.require("logits", (long) rows * classes), rows, classes,
                counts.require("counts", classes));
    }

    @Override
    public void keepMisclassified(DeviceBuffer x, DeviceBuffer predictions, DeviceBuffer labels, int rows, int columns,
                                  DeviceBuffer kept, DeviceBuffer keptPredictions) {
        long length = (long) rows * columns;
        keepMisclassified.launch(Grid.over(length), x.require("x", length), predictions.require("predictions", rows),
                labels.require("labels", rows), rows, columns, kept.require("kept", length),
                keptPredictions.require("keptPredictions", rows));
    }
}
