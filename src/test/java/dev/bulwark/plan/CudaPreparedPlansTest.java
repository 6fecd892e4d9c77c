package dev.bulwark.plan;

import dev.bulwark.device.Backend;
import dev.bulwark.device.cuda.GpuTest;
import dev.bulwark.device.cuda.TestGpu;

@GpuTest
class CudaPreparedPlansTest extends PreparedPlansContract {

    @Override
    protected Backend open() {
        return TestGpu.open();
    }
}
