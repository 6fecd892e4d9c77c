package dev.bulwark.training;

import dev.bulwark.device.Backend;
import dev.bulwark.device.cuda.GpuTest;
import dev.bulwark.device.cuda.TestGpu;

@GpuTest
class CudaTrainingPassTest extends TrainingPassContract {

    @Override
    Backend open() {
        return TestGpu.open();
    }
}
