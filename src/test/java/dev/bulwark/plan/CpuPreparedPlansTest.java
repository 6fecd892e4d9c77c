package dev.bulwark.plan;

import dev.bulwark.device.Backend;
import dev.bulwark.device.cpu.CpuBackend;

class CpuPreparedPlansTest extends PreparedPlansContract {

    @Override
    protected Backend open() {
        return CpuBackend.create();
    }
}
