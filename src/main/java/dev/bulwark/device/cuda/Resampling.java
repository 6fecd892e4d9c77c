package dev.bulwark.device.cuda;

import dev.bulwark.device.DeviceBuffer;

/** Images seen through affine maps: resampling.cu. */
final class Resampling {

    private final Kernel resample;

    Resampling(KernelModule module) {
        resample = module.kernel("resample");
    }

    void resample(DeviceBuffer source, DeviceBuffer maps, DeviceBuffer rows, int count, int height, int width,
                  DeviceBuffer target) {
        long length = (long) count * Math.multiplyExact(height, width);
        resample.launch(Grid.over(length), source, maps, rows.require("rows", count), count, height, width,
                target.require("target", length));
    }
}
