package dev.bulwark.cli;

import dev.bulwark.device.NoisyClassifier;
import java.util.Optional;
import picocli.CommandLine.Option;

/** Which hardware does the work, and in which arithmetic, for commands that smooth, attack or train. */
class RoundingDeviceOptions extends DeviceOptions {

    /** The word for whatever is fastest. */
    static final String AUTO = "auto";

    @Option(names = "--precision", paramLabel = "auto|fp32|bf16|fp16",
            description = "Arithmetic of noisy forward passes, part of the base classifier, and of attacks' gradients "
                    + "(default: " + AUTO + ").")
    private NoisyClassifier.Precision precision;

    @Override
    Optional<NoisyClassifier.Precision> precision() {
        return Optional.ofNullable(precision);
    }
}
