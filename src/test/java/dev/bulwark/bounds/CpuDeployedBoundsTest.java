package dev.bulwark.bounds;

import dev.bulwark.device.Backend;
import dev.bulwark.device.cpu.CpuBackend;

class CpuDeployedBoundsTest extends DeployedBounds {

    CpuDeployedBoundsTest() {
        super(1100, 18);
    }

    @Override
    protected Backend open() {
        return CpuBackend.create();
    }
}
