package dev.bulwark.device.cuda;

import dev.bulwark.device.BallSteps;
import dev.bulwark.device.DeviceBuffer;

/** Steps inside l2 balls, and the way back into l1 balls: ball_steps.cu. */
final class CudaBallSteps implements BallSteps {

    private final Kernel ballStep;
    private final Kernel projectL1;

    CudaBallSteps(KernelModule module) {
        ballStep = module.kernel("ball_step");
        projectL1 = module.kernel("project_l1");
    }

    @Override
    public void step(DeviceBuffer x, DeviceBuffer directions, DeviceBuffer centres, DeviceBuffer radii, DeviceBuffer lengths,
                     int rows, int columns) {
        long size = (long) rows * columns;
        ballStep.launch(Grid.blockEach(rows), x.require("x", size),
                directions.require("directions", size), centres.require("centres", size), radii.require("radii", rows),
                lengths.require("lengths", rows), rows, columns);
    }

    @Override
    public void projectL1(DeviceBuffer x, DeviceBuffer centres, DeviceBuffer radii, int rows, int columns) {
        long size = (long) rows * columns;
        projectL1.launch(Grid.blockEach(rows), x.require("x", size), centres.require("centres", size),
                radii.require("radii", rows), rows, columns);
    }
}
