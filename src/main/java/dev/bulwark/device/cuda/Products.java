package dev.bulwark.device.cuda;

import dev.bulwark.device.Affine;
import dev.bulwark.device.DeviceBuffer;

/** To be written. */
final class Products {

    Products(CudaMemory memory, KernelModule module) {
    }

    void multiply(boolean transposeA, boolean transposeB, int m, int n, int k, DeviceBuffer a, DeviceBuffer b, float beta, DeviceBuffer c) {
        throw new UnsupportedOperationException("multiply");
    }

    void affine(DeviceBuffer x, int rows, Affine layer, boolean relu, DeviceBuffer y) {
        throw new UnsupportedOperationException("affine");
    }

    void columnSums(DeviceBuffer x, int rows, int columns, float beta, DeviceBuffer sums) {
        throw new UnsupportedOperationException("columnSums");
    }
}
