package dev.bulwark.bounds;

import dev.bulwark.device.Backend;
import dev.bulwark.device.cuda.GpuTest;
import dev.bulwark.device.cuda.TestGpu;

@GpuTest
class CudaPatchBoundsTest extends PatchBounds {

    @Override
    protected Backend open() {
        return TestGpu.open();
    }
}
