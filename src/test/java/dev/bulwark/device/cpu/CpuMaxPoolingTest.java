package dev.bulwark.device.cpu;

import dev.bulwark.device.Backend;
import dev.bulwark.device.MaxPoolingContract;

class CpuMaxPoolingTest extends MaxPoolingContract {

    @Override
    protected Backend open() {
        return CpuBackend.create();
    }
}
