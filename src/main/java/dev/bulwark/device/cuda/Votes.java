package dev.bulwark.device.cuda;

import dev.bulwark.device.DeviceBuffer;

/** The class that each row of logits votes for, and how many vote for each: votes.cu. */
final class Votes {

    private final Kernel argMax;
    private final Kernel countArgMax;

    Votes(KernelModule module) {
        argMax = module.kernel("arg_max");
        countArgMax = module.kernel("count_arg_max");
    }

    void argMax(DeviceBuffer logits, int rows, int classes, DeviceBuffer target) {
        argMax.launch(Grid.over(rows), logits.require("logits", (long) rows * classes), rows, classes,
                target.require("target", rows));
    }

    void countArgMax(DeviceBuffer logits, int rows, int classes, DeviceBuffer counts) {
        countArgMax.launch(Grid.over(rows), logits.require("logits", (long) rows * classes), rows, classes,
                counts.require("counts", classes));
    }
}
