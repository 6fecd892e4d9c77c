package dev.bulwark.device.cuda;

import dev.bulwark.device.BoundarySteps;
import dev.bulwark.device.DeviceBuffer;

/** FAB's steps: boundary_steps.cu, whose distances are in this enum's order. */
final class CudaBoundarySteps implements BoundarySteps {

    private final Kernel step;
    private final Kernel keepNearest;

    CudaBoundarySteps(KernelModule module) {
        step = module.kernel("boundary_step");
        keepNearest = module.kernel("keep_nearest");
    }

    @Override
    public void step(DeviceBuffer x, DeviceBuffer centres, DeviceBuffer normals, DeviceBuffer values, Settings settings, int rows,
                     int columns) {
        long size = (long) rows * columns;
        step.launch(Grid.blockEach(rows), x.require("x", size), centres.require("centres", size),
                normals.require("normals", size), values.require("values", rows), settings.distance().ordinal(),
                settings.overshoot(), settings.pull(), rows, columns);
    }

    @Override
    public void keepNearest(DeviceBuffer x, DeviceBuffer centres, DeviceBuffer predictions, DeviceBuffer labels, Settings settings,
                            DeviceBuffer nearest, DeviceBuffer distances, int rows, int columns) {
        long size = (long) rows * columns;
        keepNearest.launch(Grid.blockEach(rows), x.require("x", size), centres.require("centres", size),
                predictions.require("predictions", rows), labels.require("labels", rows), settings.distance().ordinal(),
                settings.back(), nearest.require("nearest", size), distances.require("distances", rows), rows, columns);
    }
}
