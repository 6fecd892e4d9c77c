package dev.bulwark.training;

import dev.bulwark.device.Backend;
import dev.bulwark.device.cpu.CpuBackend;

class CpuTrainingPassTest extends TrainingPassContract {

    @Override
    Backend open() {
        return CpuBackend.create();
    }
}
