package dev.bulwark.device.cuda;

import dev.bulwark.device.DeviceBuffer;
import dev.bulwark.device.NoiseKey;

/** To be written. */
final class Noise {

    Noise(KernelModule module) {
    }

    void addNoise(DeviceBuffer x, DeviceBuffer images, DeviceBuffer samples, int rows, int columns, float sigma, NoiseKey key, DeviceBuffer target) {
        throw new UnsupportedOperationException("addNoise");
    }

    void noisyCopies(DeviceBuffer x, int image, int firstSample, int rows, int columns, float sigma, NoiseKey key, DeviceBuffer target) {
        throw new UnsupportedOperationException("noisyCopies");
    }

    void uniformInBox(DeviceBuffer lower, DeviceBuffer upper, DeviceBuffer images, DeviceBuffer samples, int rows, int columns, NoiseKey key, DeviceBuffer target) {
        throw new UnsupportedOperationException("uniformInBox");
    }
}
