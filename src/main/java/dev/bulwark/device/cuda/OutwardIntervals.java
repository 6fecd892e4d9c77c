package dev.bulwark.device.cuda;

import dev.bulwark.device.Affine;
import dev.bulwark.device.DeviceBuffer;

/** To be written. */
final class OutwardIntervals {

    OutwardIntervals(KernelModule module) {
    }

    void box(DeviceBuffer x, long length, double epsilon, DeviceBuffer lower, DeviceBuffer upper) {
        throw new UnsupportedOperationException("box");
    }

    void affine(DeviceBuffer lower, DeviceBuffer upper, int rows, Affine layer, DeviceBuffer outLower, DeviceBuffer outUpper) {
        throw new UnsupportedOperationException("affine");
    }

    void margins(DeviceBuffer lower, DeviceBuffer upper, DeviceBuffer labels, int rows, Affine layer, DeviceBuffer margins) {
        throw new UnsupportedOperationException("margins");
    }
}
