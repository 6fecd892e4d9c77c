package dev.bulwark.bounds;

import dev.bulwark.device.Backend;
import dev.bulwark.device.cpu.CpuBackend;

class CpuCurvedBoundsTest extends CurvedBounds {

    @Override
    protected Backend open() {
        return CpuBackend.create();
    }
}
