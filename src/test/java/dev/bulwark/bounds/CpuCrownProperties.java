package dev.bulwark.bounds;

import dev.bulwark.device.Backend;
import dev.bulwark.device.cpu.CpuBackend;

class CpuCrownProperties extends CrownProperties {

    @Override
    Backend open() {
        return CpuBackend.create();
    }
}
