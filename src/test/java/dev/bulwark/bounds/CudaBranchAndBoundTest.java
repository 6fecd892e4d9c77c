package dev.bulwark.bounds;

import dev.bulwark.device.Backend;
import dev.bulwark.device.cuda.GpuTest;
import dev.bulwark.device.cuda.TestGpu;

@GpuTest
class CudaBranchAndBoundTest extends BranchAndBoundContract {

    @Override
    protected Backend open() {
        return TestGpu.open();
    }

    @Override
    int networks() {
        return 10;
    }
}
