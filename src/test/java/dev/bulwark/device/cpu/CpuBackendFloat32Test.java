package dev.bulwark.device.cpu;

import dev.bulwark.device.Backend;
import dev.bulwark.device.BackendContract;
import dev.bulwark.device.BackendFixture;
import dev.bulwark.device.NoisyClassifier.Precision;

/** The contract with noisy forward passes in float, whatever the processor has. */
class CpuBackendFloat32Test extends BackendFixture implements BackendContract {

    @Override
    protected Backend open() {
        return CpuBackend.create(Precision.FLOAT32);
    }
}
