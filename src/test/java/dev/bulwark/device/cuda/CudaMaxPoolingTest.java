package dev.bulwark.device.cuda;

import dev.bulwark.device.Backend;
import dev.bulwark.device.MaxPoolingContract;

@GpuTest
class CudaMaxPoolingTest extends MaxPoolingContract {

    @Override
    protected Backend open() {
        return TestGpu.open();
    }
}
