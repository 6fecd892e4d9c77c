package dev.bulwark.training;

import dev.bulwark.device.Backend;
import dev.bulwark.device.cuda.TestGpu;

class CudaLossGradientTest extends LossGradientContract {

    @Override
    Backend open() {
        return TestGpu.open();
    }
}
