package dev.bulwark.device.cuda;

import dev.bulwark.device.DeviceBuffer;

/** To be written. */
final class Votes {

    Votes(KernelModule module) {
    }

    void argMax(DeviceBuffer logits, int rows, int classes, DeviceBuffer target) {
        throw new UnsupportedOperationException("argMax");
    }

    void countArgMax(DeviceBuffer logits, int rows, int classes, DeviceBuffer counts) {
        throw new UnsupportedOperationException("countArgMax");
    }
}
