package dev.bulwark.cli;

import dev.bulwark.device.NoisyClassifier;
import java.util.Optional;
import picocli.CommandLine.Option;

/** Which hardware does the work, and in which arithmetic, for commands that smooth, attack or train. */
class RoundingDeviceOptions extends DeviceOptions {

    /** Arithmetic of noisy forward passes and of attacks' gradients. */
    enum Precision {
        AUTO, FP32, BF16, FP16;

        /** What was asked for; empty for whatever is fastest. */
        private Optional<NoisyClassifier.Precision> asked() {
            return switch (this) {
                case AUTO -> Optional.empty();
                case FP32 -> Optional.of(NoisyClassifier.Precision.FLOAT32);
                case BF16 -> Optional.of(NoisyClassifier.Precision.BFLOAT16);
                case FP16 -> Optional.of(NoisyClassifier.Precision.FLOAT16);
            };
        }
    }

    @Option(names = "--precision", paramLabel = "auto|fp32|bf16|fp16", defaultValue = "auto",
            description = "Arithmetic of noisy forward passes, part of the base classifier, and of attacks' gradients "
                    + "(default: ${DEFAULT-VALUE}).")
    private Precision precision;

    @Override
    Optional<NoisyClassifier.Precision> precision() {
        return precision.asked();
    }
}
