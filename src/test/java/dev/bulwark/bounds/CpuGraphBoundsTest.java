package dev.bulwark.bounds;

import dev.bulwark.device.Backend;
import dev.bulwark.device.cpu.CpuBackend;

class CpuGraphBoundsTest extends GraphBounds {

    @Override
    Backend open() {
        return CpuBackend.create();
    }
}
