package dev.bulwark.device.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.bulwark.device.Backend;
import dev.bulwark.device.BackendContract;
import dev.bulwark.device.BackendFixture;
import org.junit.jupiter.api.AfterEach;

/**
 * The contract on a GPU: this machine's own, or the emulated driver, in which nothing may be alive after a test.
 * {@link CudaSchedulesTest} repeats it.
 */
@GpuTest
class CudaBackendTest extends BackendFixture implements BackendContract {

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

    /**
     * A GPU rounds in the same direction after every multiply-add. Each is off by less than a unit in the last place of a
     * partial sum, and so by less than 2^-23 of {@code magnitude}: {@code terms} of them, as many again for the
     * margins' coefficients, which are differences rounded outward, and a handful for the constant and for adding up a
     * warp's sums. The factor 1.001 covers partial sums that rounding has pushed beyond {@code magnitude} itself.
     */
    @Override
    public double outwardSlack(int terms, double bound, double magnitude) {
        return 1.001 * (2 * terms + 8) * 0x1p-23 * magnitude + Float.MIN_NORMAL;
    }

    @Override
    public double boxSlack(int terms, double bound, double magnitude) {
        return outwardSlack(terms, bound, magnitude);
    }
}
