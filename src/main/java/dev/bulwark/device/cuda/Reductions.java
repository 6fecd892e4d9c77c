package dev.bulwark.device.cuda;

import dev.bulwark.device.DeviceBuffer;

/** To be written. */
final class Reductions {

    Reductions(CudaMemory memory, KernelModule module) {
    }

    void sumOfSquares(DeviceBuffer x, long length, float beta, DeviceBuffer sum) {
        throw new UnsupportedOperationException("sumOfSquares");
    }

    void sum(DeviceBuffer x, long length, float beta, DeviceBuffer sum) {
        throw new UnsupportedOperationException("sum");
    }
}
