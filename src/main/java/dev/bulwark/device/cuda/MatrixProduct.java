package dev.bulwark.device.cuda;

import dev.bulwark.device.Affine;
import dev.bulwark.device.DeviceBuffer;

/** One way to compute the matrix products of {@link dev.bulwark.device.Backend} on a GPU; m, n and rows are positive. */
interface MatrixProduct {

    void multiply(boolean transposeA, boolean transposeB, int m, int n, int k, DeviceBuffer a, DeviceBuffer b, float beta,
                  DeviceBuffer c);

    void affine(DeviceBuffer x, int rows, Affine layer, boolean relu, DeviceBuffer y);

    /** What computes, and in which precision, as provenance names it. */
    String description();
}
