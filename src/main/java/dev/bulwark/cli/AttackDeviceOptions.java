package dev.bulwark.cli;

import dev.bulwark.device.NoisyClassifier;
import java.util.Optional;

/**
 * Which hardware attacks, and in which arithmetic. PGD takes whatever is fastest; attacks that compare losses, or aim at the
 * boundary itself, are in fp32 unless another arithmetic is named: rounding costs them images.
 */
final class AttackDeviceOptions extends RoundingDeviceOptions {

    private boolean careful;

    /** Has fp32 stand for what is not named. */
    void beCareful() {
        careful = true;
    }

    @Override
    Optional<NoisyClassifier.Precision> precision() {
        return super.precision().or(() -> careful ? Optional.of(NoisyClassifier.Precision.FLOAT32) : Optional.empty());
    }
}
