package dev.bulwark.properties;

import dev.bulwark.device.Backend;
import dev.bulwark.device.cpu.CpuBackend;

class CpuPropertyCheckerTest extends PropertyCheckerContract {

    @Override
    protected Backend open() {
        return CpuBackend.create();
    }

    @Override
    long domains() {
        return 300;
    }
}
