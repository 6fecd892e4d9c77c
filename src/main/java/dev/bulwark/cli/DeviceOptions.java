package dev.bulwark.cli;

import dev.bulwark.device.Backend;
import dev.bulwark.device.DeviceException;
import dev.bulwark.device.NoisyClassifier;
import dev.bulwark.device.cpu.CpuBackend;
import dev.bulwark.experiment.ExperimentException;
import picocli.CommandLine.Option;

/** Which hardware does the work. */
final class DeviceOptions {

    /** Arithmetic of noisy forward passes. */
    enum Precision { AUTO, FP32, BF16 }

    @Option(names = "--device", paramLabel = "auto|cuda|cpu", defaultValue = "auto",
            description = "Hardware to run on; auto takes the best there is (default: ${DEFAULT-VALUE}).")
    private String device;

    @Option(names = "--precision", paramLabel = "auto|fp32|bf16", defaultValue = "auto",
            description = "Arithmetic of noisy forward passes, part of the base classifier (default: ${DEFAULT-VALUE}).")
    private Precision precision;

    /** Whether the CPU may have been left to choose the arithmetic of noisy forward passes. */
    boolean mayRoundOnCpu() {
        return precision == Precision.AUTO && !device.startsWith("cuda");
    }

    /** @throws DeviceException if what was asked for isn't there: never something else instead */
    Backend open() {
        if (device.matches("cuda(:\\d+)?")) {
            throw new DeviceException("this build has no CUDA backend: use --device cpu");
        }
        if (!device.equals("auto") && !device.equals("cpu")) {
            throw new ExperimentException("--device is auto, cuda or cpu, not " + device);
        }
        return switch (precision) {
            case AUTO -> CpuBackend.create();
            case FP32 -> CpuBackend.create(NoisyClassifier.Precision.FLOAT32);
            case BF16 -> CpuBackend.create(NoisyClassifier.Precision.BFLOAT16);
        };
    }
}
