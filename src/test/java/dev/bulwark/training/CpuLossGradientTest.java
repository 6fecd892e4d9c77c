package dev.bulwark.training;

import dev.bulwark.device.Backend;
import dev.bulwark.device.cpu.CpuBackend;

class CpuLossGradientTest extends LossGradientContract {

    @Override
    Backend open() {
        return CpuBackend.create();
    }
}
