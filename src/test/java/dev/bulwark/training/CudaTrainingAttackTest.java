package dev.bulwark.training;

import dev.bulwark.device.Backend;
import dev.bulwark.device.cuda.GpuTest;
import dev.bulwark.device.cuda.TestGpu;

@GpuTest
class CudaTrainingAttackTest extends TrainingAttackContract {

    @Override
    Backend open() {
        return TestGpu.open();
    }
}
