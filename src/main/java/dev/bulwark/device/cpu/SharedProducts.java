package dev.bulwark.device.cpu;

import dev.bulwark.device.Affine;
import dev.bulwark.device.Backend;
import dev.bulwark.device.DeviceBuffer;

/** The seam's matrix products, shared out among all workers. */
interface SharedProducts {

    /** Library, version and arithmetic, for provenance. */
    String name();

    /** As {@link Backend#multiply}. */
    void multiply(boolean transposeA, boolean transposeB, int m, int n, int k,
                  DeviceBuffer a, DeviceBuffer b, float beta, DeviceBuffer c);

    /** As {@link Backend#affine}. */
    void affine(DeviceBuffer x, int rows, Affine layer, boolean relu, DeviceBuffer y);
}
