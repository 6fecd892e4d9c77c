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

    /**
     * A GPU rounds in the same direction after every multiply-add. Each is off by less than a unit in the last place of a
     * partial sum, and so by less than 2^-23 of {@code magnitude}: {@code terms} of them, as many again for the margins'
     * coefficients, which are differences rounded outward, and a handful for the constant and for adding up a warp's sums.
     * The factor 1.001 covers partial sums that rounding has pushed beyond {@code magnitude} itself.
     */
    @Override
    protected double outwardSlack(int terms, double bound, double magnitude) {
        return 1.001 * (2 * terms + 8) * 0x1p-23 * magnitude + Float.MIN_NORMAL;
    }
}
