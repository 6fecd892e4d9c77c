package dev.bulwark.plan;

import dev.bulwark.device.Backend;
import dev.bulwark.device.cpu.CpuBackend;

class CpuPlanTest extends PlanContract {

    @Override
    protected Backend open() {
        return CpuBackend.create();
    }
}
