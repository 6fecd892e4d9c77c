package dev.bulwark.device.cuda;

import dev.bulwark.device.BallSteps;
import dev.bulwark.device.DeviceBuffer;

/** Steps inside l2 balls: ball_steps.cu. */
final class CudaBallSteps implements BallSteps {

    private static final int THREADS = 256;
    private static final int MOST_BLOCKS = 8192;

    private final Kernel ballStep;

    CudaBallSteps(KernelModule module) {
        ballStep = module.kernel("ball_step");
    }

    @Override
    public void step(DeviceBuffer x, DeviceBuffer directions, DeviceBuffer centres, DeviceBuffer radii, DeviceBuffer lengths,
                     int rows, int columns) {
        long size = (long) rows * columns;
        ballStep.launch(Grid.blocks(Math.max(1, Math.min(MOST_BLOCKS, rows)), 1, THREADS), x.require("x", size),
                directions.require("directions", size), centres.require("centres", size), radii.require("radii", rows),
                lengths.require("lengths", rows), rows, columns);
    }
}
