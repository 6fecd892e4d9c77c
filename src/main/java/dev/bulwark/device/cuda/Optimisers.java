package dev.bulwark.device.cuda;

import dev.bulwark.device.DeviceBuffer;

/** To be written. */
final class Optimisers {

    Optimisers(KernelModule module) {
    }

    void clipFactor(DeviceBuffer sumOfSquares, float maxNorm, DeviceBuffer factor) {
        throw new UnsupportedOperationException("clipFactor");
    }

    void adam(DeviceBuffer parameters, DeviceBuffer gradient, DeviceBuffer mean, DeviceBuffer square, long length, float beta1, float beta2, float tiny, float weightDecay, DeviceBuffer step, DeviceBuffer factor) {
        throw new UnsupportedOperationException("adam");
    }

    void sgd(DeviceBuffer parameters, DeviceBuffer gradient, DeviceBuffer velocity, long length, float momentum, float weightDecay, DeviceBuffer step, DeviceBuffer factor) {
        throw new UnsupportedOperationException("sgd");
    }
}
