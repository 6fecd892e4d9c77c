package dev.bulwark.device.cuda;

import dev.bulwark.device.Affine;
import dev.bulwark.device.DeviceBuffer;

/** One way to compute matrix products on a GPU, as {@link dev.bulwark.device.Backend} describes them; sizes are positive. */
interface MatrixProduct {

    void multiply(boolean transposeA, boolean transposeB, int m, int n, int k, DeviceBuffer a, DeviceBuffer b, float beta,
                  DeviceBuffer c);

    void affine(DeviceBuffer x, int rows, Affine layer, boolean relu, DeviceBuffer y);

    /** What computes, and in which precision, as provenance names it. */
    String description();
}
