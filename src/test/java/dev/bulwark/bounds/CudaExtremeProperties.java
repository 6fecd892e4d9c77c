package dev.bulwark.bounds;

import dev.bulwark.device.Backend;
import dev.bulwark.device.cuda.TestGpu;

class CudaExtremeProperties extends ExtremeProperties {

    @Override
    Backend open() {
        return TestGpu.open();
    }
}
