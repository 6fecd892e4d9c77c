package dev.bulwark.device.cuda;

import dev.bulwark.device.ActivationsContract;
import dev.bulwark.device.Backend;

@GpuTest
class CudaActivationsTest extends ActivationsContract {

    @Override
    protected Backend open() {
        return TestGpu.open();
    }
}
