package dev.bulwark.cli;

import dev.bulwark.device.cuda.CudaOptions.NoisyKernels;
import picocli.CommandLine.Option;

/** Which hardware does the work, and how, for commands that count noisy votes. */
final class NoisyDeviceOptions extends RoundingDeviceOptions {

    @Option(names = "--noisy-kernels", paramLabel = "auto|layered|fused|clustered", defaultValue = "auto",
            description = "On a GPU, the kernels that count noisy votes in fp16; clustered takes four layers and compute "
                    + "capability 9.0 (default: ${DEFAULT-VALUE}).")
    private NoisyKernels noisyKernels;

    @Override
    NoisyKernels noisyKernels() {
        return noisyKernels;
    }
}
