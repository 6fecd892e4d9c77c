package dev.bulwark.bounds;

import dev.bulwark.device.Backend;
import dev.bulwark.device.cpu.CpuBackend;

class CpuIbpProperties extends IbpProperties {

    @Override
    Backend open() {
        return CpuBackend.create();
    }

    /**
     * The CPU's boxes of a layer are off by at most four times the error of a float sum of its products, of which there are
     * 20 at most, whose magnitudes sum to 16 at most: 4 28 2^-24 16. Three layers may add up.
     */
    @Override
    double slack() {
        return 21 * 0x1p-16;
    }
}
