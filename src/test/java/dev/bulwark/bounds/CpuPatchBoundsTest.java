package dev.bulwark.bounds;

import dev.bulwark.device.Backend;
import dev.bulwark.device.cpu.CpuBackend;

class CpuPatchBoundsTest extends PatchBounds {

    @Override
    protected Backend open() {
        return CpuBackend.create();
    }
}
