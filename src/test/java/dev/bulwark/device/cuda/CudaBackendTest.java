package dev.bulwark.device.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.bulwark.device.Backend;
import dev.bulwark.device.BackendContract;
import org.junit.jupiter.api.AfterEach;

/**
 * The contract on a GPU: this machine's own, or the emulated driver, in which nothing may be alive after a test.
 * {@link CudaSchedulesTest} repeats it.
 */
class CudaBackendTest extends BackendContract {

    @Override
    protected Backend open() {
        if (!TestGpu.isReal()) {
            EmulatedDriver.reset();
        }
        return TestGpu.open();
    }

    @Override
    @AfterEach
    protected void everyByteIsReturned() {
        super.everyByteIsReturned();
        if (!TestGpu.isReal()) {
            assertEquals("", EmulatedDriver.alive(), "alive in the driver after the backend was closed");
        }
    }
}
