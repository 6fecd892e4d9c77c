package dev.bulwark.properties;

import dev.bulwark.device.Backend;
import dev.bulwark.device.cuda.GpuTest;
import dev.bulwark.device.cuda.TestGpu;

@GpuTest
class CudaPropertyCheckerTest extends PropertyCheckerContract {

    @Override
    protected Backend open() {
        return TestGpu.open();
    }

    @Override
    long domains() {
        return 6;
    }
}
