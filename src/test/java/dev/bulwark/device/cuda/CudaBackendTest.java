package dev.bulwark.device.cuda;

import dev.bulwark.device.Backend;
import dev.bulwark.device.BackendContract;

/** The contract on a GPU: this machine's own, or the emulated driver. */
class CudaBackendTest extends BackendContract {

    @Override
    protected Backend open() {
        return TestGpu.open();
    }
}
