package dev.bulwark.device.cpu;

import dev.bulwark.device.ActivationsContract;
import dev.bulwark.device.Backend;

class CpuActivationsTest extends ActivationsContract {

    @Override
    protected Backend open() {
        return CpuBackend.create();
    }
}
