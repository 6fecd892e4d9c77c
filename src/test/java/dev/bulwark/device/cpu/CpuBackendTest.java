package dev.bulwark.device.cpu;

import dev.bulwark.device.Backend;
import dev.bulwark.device.BackendContract;
import dev.bulwark.device.BackendFixture;

/** The contract on this machine's fastest CPU libraries. */
class CpuBackendTest extends BackendFixture implements BackendContract {

    @Override
    protected Backend open() {
        return CpuBackend.create();
    }
}
