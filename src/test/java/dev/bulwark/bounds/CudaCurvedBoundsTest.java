package dev.bulwark.bounds;

import dev.bulwark.device.Backend;
import dev.bulwark.device.cuda.GpuTest;
import dev.bulwark.device.cuda.TestGpu;

@GpuTest
class CudaCurvedBoundsTest extends CurvedBounds {

    @Override
    protected Backend open() {
        return TestGpu.open();
    }
}
