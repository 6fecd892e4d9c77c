package dev.bulwark.device.cuda;

import dev.bulwark.device.Backend;
import dev.bulwark.device.BackendContract;
import org.junit.jupiter.api.Tag;

/** The contract on a GPU: this machine's own, or the emulated driver. */
@Tag("gpu")
@Tag("sanitizer")
class CudaBackendTest extends BackendContract {

    @Override
    protected Backend open() {
        return TestGpu.open();
    }
}
