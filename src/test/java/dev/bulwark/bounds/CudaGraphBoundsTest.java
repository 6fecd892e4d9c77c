package dev.bulwark.bounds;

import dev.bulwark.device.Backend;
import dev.bulwark.device.cuda.TestGpu;

class CudaGraphBoundsTest extends GraphBounds {

    @Override
    Backend open() {
        return TestGpu.open();
    }
}
