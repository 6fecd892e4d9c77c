package dev.bulwark.training;

import dev.bulwark.device.Backend;
import dev.bulwark.device.cpu.CpuBackend;

class CpuTrainingAttackTest extends TrainingAttackContract {

    @Override
    Backend open() {
        return CpuBackend.create();
    }
}
