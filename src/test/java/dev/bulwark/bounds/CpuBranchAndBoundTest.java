package dev.bulwark.bounds;

import dev.bulwark.device.Backend;
import dev.bulwark.device.cpu.CpuBackend;

class CpuBranchAndBoundTest extends BranchAndBoundContract {

    @Override
    protected Backend open() {
        return CpuBackend.create();
    }

    @Override
    int networks() {
        return Integer.getInteger("bulwark.networks", 200);
    }
}
