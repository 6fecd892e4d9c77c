package dev.bulwark.cli;

import dev.bulwark.api.DeviceChoice;
import dev.bulwark.api.DeviceSettings;
import dev.bulwark.api.Devices;
import dev.bulwark.device.DeviceException;
import dev.bulwark.device.NoisyClassifier;
import dev.bulwark.device.ProductPrecision;
import dev.bulwark.device.cuda.CudaOptions.NoisyKernels;
import dev.bulwark.model.Graph;
import dev.bulwark.plan.Chain;
import dev.bulwark.plan.Perceptron;
import dev.bulwark.runs.ExperimentException;
import dev.bulwark.runs.Fleet;
import java.util.Optional;
import java.util.function.BiFunction;
import picocli.CommandLine.Option;

/** Which hardware does the work. */
class DeviceOptions {

    /** What records say of how a network is computed that no device has kernels of its own for. */
    static final String STEP_BY_STEP = "fp32, step by step";
    /** Which networks devices have kernels of their own for. */
    static final String WORDS = Perceptron.WORDS + "; but for attacks on a GPU also " + Chain.WORDS;

    @Option(names = "--device", paramLabel = "auto|cpu|cuda|cuda:N,M", defaultValue = "auto",
            description = "Hardware to run on: all GPUs, or those with these numbers; train and bench take the first. "
                    + "auto takes the GPUs where there are any that can be used (default: ${DEFAULT-VALUE}).")
    private String device;

    /** Arithmetic of noisy forward passes; empty for whatever is fastest. */
    Optional<NoisyClassifier.Precision> precision() {
        return Optional.empty();
    }

    /** Kernels that count noisy votes. */
    NoisyKernels noisyKernels() {
        return NoisyKernels.AUTO;
    }

    /**
     * @param whole whether the device has kernels of its own that take the network whole
     * @throws ExperimentException if these options ask for kernels that there aren't for {@code network}
     */
    final void requireFit(Graph network, boolean whole) {
        if (noisyKernels() != NoisyKernels.AUTO && !Perceptron.is(network)) {
            throw new ExperimentException("--noisy-kernels is for networks of " + Perceptron.WORDS
                    + "; this one is none: drop the option");
        }
        Optional<NoisyClassifier.Precision> asked =
                precision().filter(precision -> precision != NoisyClassifier.Precision.FLOAT32);
        if (asked.isPresent() && !whole) {
            throw new ExperimentException("--precision " + asked.get() + " is for networks that a device has kernels of its "
                    + "own for: " + WORDS + "; this one is computed in fp32, step by step: drop the option");
        }
    }

    /** Whether the CPU may have been left to choose the arithmetic of noisy forward passes. */
    final boolean mayRoundOnCpu() {
        return precision().isEmpty() && choice().kind() != DeviceChoice.Kind.CUDA;
    }

    /**
     * All devices that were asked for.
     *
     * @throws DeviceException if what was asked for isn't there: never something else instead
     */
    final Fleet open() {
        return open(ProductPrecision.FLOAT32);
    }

    /**
     * As {@link #open()}, with matrix products in {@code products}.
     *
     * @throws ExperimentException if a CPU is to do it, which has none of these
     */
    final Fleet open(ProductPrecision products) {
        return open(products, Devices::open);
    }

    /** The first of the devices that were asked for, for what can't be shared out. */
    final Fleet openFirst() {
        return openFirst(ProductPrecision.FLOAT32);
    }

    /** As {@link #openFirst()}, with matrix products in {@code products}. */
    final Fleet openFirst(ProductPrecision products) {
        return open(products, Devices::openFirst);
    }

    /** Of the GPUs that were asked for, the first, with matrix products by own kernels whatever libraries there are. */
    final Fleet openFirstWithoutCublas() {
        DeviceChoice asked = choice();
        DeviceChoice gpus = asked.kind() == DeviceChoice.Kind.CUDA ? asked : DeviceChoice.parse("cuda");
        return fleet(Devices.openFirst(gpus, settings(ProductPrecision.FLOAT32).withoutCublas()));
    }

    private Fleet open(ProductPrecision products, BiFunction<DeviceChoice, DeviceSettings, Devices> opening) {
        try {
            return fleet(opening.apply(choice(), settings(products)));
        } catch (UnsupportedOperationException e) {
            throw new ExperimentException(e.getMessage() + (products == ProductPrecision.TF32
                    ? ": drop --training-precision, or train on a GPU" : ": drop --noisy-kernels"));
        }
    }

    private static Fleet fleet(Devices devices) {
        return new Fleet(devices.backends(), devices.description());
    }

    private DeviceChoice choice() {
        try {
            return DeviceChoice.parse(device);
        } catch (IllegalArgumentException e) {
            throw new ExperimentException("--device: " + e.getMessage());
        }
    }

    private DeviceSettings settings(ProductPrecision products) {
        DeviceSettings settings = DeviceSettings.DEFAULT.withProducts(products).withNoisyKernels(noisyKernels());
        return precision().map(settings::withPrecision).orElse(settings);
    }
}
