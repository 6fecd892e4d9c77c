package dev.bulwark.device.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.bulwark.device.Backend;
import dev.bulwark.device.ConvolutionContract;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;

@GpuTest
@Tag("sanitizer")
@DisplayName("Convolutions on a GPU")
class CudaConvolutionTest extends ConvolutionContract {

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

    /** Each of two fused multiply-adds a product rounds by less than a unit in the last place of a partial sum. */
    @Override
    public double outwardSlack(int terms, double bound, double magnitude) {
        return 1.001 * (2 * terms + 8) * 0x1p-23 * magnitude + Float.MIN_NORMAL;
    }
}
