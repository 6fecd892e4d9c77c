package dev.bulwark.bounds;

import dev.bulwark.device.Backend;
import dev.bulwark.device.cuda.TestGpu;

class CudaCrownProperties extends CrownProperties {

    @Override
    Backend open() {
        return TestGpu.open();
    }
}
