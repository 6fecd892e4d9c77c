package dev.bulwark.bounds;

import dev.bulwark.device.Backend;
import dev.bulwark.device.cpu.CpuBackend;

class CpuExtremeProperties extends ExtremeProperties {

    @Override
    Backend open() {
        return CpuBackend.create();
    }
}
