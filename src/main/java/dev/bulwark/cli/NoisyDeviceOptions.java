package dev.bulwark.cli;

import dev.bulwark.device.NoisyClassifier;
import dev.bulwark.device.cuda.CudaOptions.NoisyKernels;
import java.util.Optional;
import picocli.CommandLine.Option;

/** Which hardware does the work, and in which arithmetic, for commands that smooth or attack. */
final class NoisyDeviceOptions extends DeviceOptions {

    /** Arithmetic of noisy forward passes. */
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
            description = "Arithmetic of noisy forward passes, part of the base classifier (default: ${DEFAULT-VALUE}).")
    private Precision precision;

    @Option(names = "--noisy-kernels", paramLabel = "auto|layered|fused|clustered", defaultValue = "auto",
            description = "On a GPU, the kernels that count noisy votes in fp16; clustered takes four layers and compute "
                    + "capability 9.0 (default: ${DEFAULT-VALUE}).")
    private NoisyKernels noisyKernels;

    @Override
    Optional<NoisyClassifier.Precision> precision() {
        return precision.asked();
    }

    @Override
    NoisyKernels noisyKernels() {
        return noisyKernels;
    }
}
