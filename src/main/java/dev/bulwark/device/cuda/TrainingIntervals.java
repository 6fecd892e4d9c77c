package dev.bulwark.device.cuda;

import dev.bulwark.device.DeviceBuffer;

/** To be written. */
final class TrainingIntervals {

    TrainingIntervals(KernelModule module) {
    }

    void boxAround(DeviceBuffer x, long length, DeviceBuffer epsilon, DeviceBuffer centre, DeviceBuffer radius) {
        throw new UnsupportedOperationException("boxAround");
    }

    void relu(DeviceBuffer centre, DeviceBuffer radius, long length, DeviceBuffer outCentre, DeviceBuffer outRadius) {
        throw new UnsupportedOperationException("relu");
    }

    void reluGradient(DeviceBuffer centre, DeviceBuffer radius, long length, DeviceBuffer gradientCentre, DeviceBuffer gradientRadius) {
        throw new UnsupportedOperationException("reluGradient");
    }

    void regulariser(DeviceBuffer centre, DeviceBuffer radius, long length, DeviceBuffer inputRadius, float tau, DeviceBuffer weight, DeviceBuffer gradientCentre, DeviceBuffer gradientRadius, DeviceBuffer loss) {
        throw new UnsupportedOperationException("regulariser");
    }
}
