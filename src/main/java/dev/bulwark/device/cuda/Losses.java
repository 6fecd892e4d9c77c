package dev.bulwark.device.cuda;

import dev.bulwark.device.DeviceBuffer;

/** To be written. */
final class Losses {

    Losses(KernelModule module) {
    }

    void crossEntropy(DeviceBuffer logits, DeviceBuffer labels, int rows, int classes, DeviceBuffer weight, DeviceBuffer gradient, DeviceBuffer losses) {
        throw new UnsupportedOperationException("crossEntropy");
    }

    void worstCaseLogits(DeviceBuffer centre, DeviceBuffer radius, DeviceBuffer labels, int rows, int classes, DeviceBuffer worst) {
        throw new UnsupportedOperationException("worstCaseLogits");
    }

    void worstCaseLogitsGradient(DeviceBuffer gradientWorst, DeviceBuffer labels, int rows, int classes, DeviceBuffer gradientCentre, DeviceBuffer gradientRadius) {
        throw new UnsupportedOperationException("worstCaseLogitsGradient");
    }

    void pairwiseDifferences(DeviceBuffer weight, int classes, int in, DeviceBuffer target) {
        throw new UnsupportedOperationException("pairwiseDifferences");
    }

    void pairwiseDifferencesGradient(DeviceBuffer weight, DeviceBuffer gradientTarget, int classes, int in, DeviceBuffer gradientWeight) {
        throw new UnsupportedOperationException("pairwiseDifferencesGradient");
    }

    void elidedLogits(DeviceBuffer centreLogits, DeviceBuffer spread, DeviceBuffer labels, int rows, int classes, DeviceBuffer worst) {
        throw new UnsupportedOperationException("elidedLogits");
    }

    void elidedLogitsGradient(DeviceBuffer gradientWorst, DeviceBuffer labels, int rows, int classes, DeviceBuffer gradientCentre, DeviceBuffer gradientSpread) {
        throw new UnsupportedOperationException("elidedLogitsGradient");
    }
}
