package dev.bulwark.bounds;

import dev.bulwark.device.Backend;
import dev.bulwark.device.cuda.TestGpu;

class CudaIbpProperties extends IbpProperties {

    @Override
    Backend open() {
        return TestGpu.open();
    }

    /**
     * A GPU rounds after each of a layer's at most 20 products and sums, where the CPU rounds once: as many times the
     * CPU's slack, and twice that for the margins' coefficients, which are rounded as well.
     */
    @Override
    double slack() {
        return 40 * 0x1p-16;
    }
}
