package dev.bulwark.bounds;

import dev.bulwark.device.Backend;
import dev.bulwark.device.cuda.GpuTest;
import dev.bulwark.device.cuda.TestGpu;

@GpuTest
class CudaDeployedBoundsTest extends DeployedBounds {

    CudaDeployedBoundsTest() {
        super(1100, 4);
    }

    @Override
    protected Backend open() {
        return TestGpu.open();
    }
}
