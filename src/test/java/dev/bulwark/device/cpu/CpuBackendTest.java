package dev.bulwark.device.cpu;

import dev.bulwark.device.Backend;
import dev.bulwark.device.BackendContract;

/** The contract on this machine's fastest CPU libraries. */
class CpuBackendTest extends BackendContract {

    @Override
    protected Backend open() {
        return CpuBackend.create();
    }
}
