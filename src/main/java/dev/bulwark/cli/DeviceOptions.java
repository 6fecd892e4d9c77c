package dev.bulwark.cli;

import dev.bulwark.device.DeviceException;
import dev.bulwark.device.NoisyClassifier;
import dev.bulwark.device.ProductPrecision;
import dev.bulwark.device.cpu.CpuBackend;
import dev.bulwark.device.cuda.CudaOptions.NoisyKernels;
import dev.bulwark.device.cuda.CudaOptions;
import dev.bulwark.device.cuda.Gpu;
import dev.bulwark.runs.ExperimentException;
import dev.bulwark.runs.Fleet;
import dev.bulwark.model.Graph;
import dev.bulwark.plan.Perceptron;
import dev.bulwark.runs.ExperimentException;
import dev.bulwark.runs.Fleet;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;
import picocli.CommandLine.Option;

/** Which hardware does the work. */
class DeviceOptions {

    /** What records say of how a network is computed that no device has kernels of its own for. */
    static final String STEP_BY_STEP = "fp32, step by step";

    private static final Pattern NUMBERED = Pattern.compile("cuda:\\d{1,4}(,\\d{1,4})*");

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

    /** @throws ExperimentException if these options ask for kernels that no device has for {@code network} */
    final void requireFit(Graph network) {
        if (Perceptron.is(network)) {
            return;
        }
        Optional<String> asked = precision().filter(precision -> precision != NoisyClassifier.Precision.FLOAT32)
                .map(precision -> "--precision " + precision)
                .or(() -> noisyKernels() == NoisyKernels.AUTO ? Optional.empty() : Optional.of("--noisy-kernels"));
        if (asked.isPresent()) {
            throw new ExperimentException(asked.get() + " is for networks that devices have kernels of their own for, "
                    + "dense layers behind at most one convolution; this one is computed in fp32, step by step: drop the "
                    + "option");
        }
    }

    /** Whether the CPU may have been left to choose the arithmetic of noisy forward passes. */
    final boolean mayRoundOnCpu() {
        return precision().isEmpty() && !device.startsWith("cuda");
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
     * @throws ExperimentException if that falls to a CPU, which has none such
     */
    final Fleet open(ProductPrecision products) {
        return open(products, Integer.MAX_VALUE);
    }

    /** The first of the devices that were asked for, for what can't be shared out. */
    final Fleet openFirst() {
        return openFirst(ProductPrecision.FLOAT32);
    }

    /** As {@link #openFirst()}, with matrix products in {@code products}. */
    final Fleet openFirst(ProductPrecision products) {
        return open(products, 1);
    }

    /** Of the GPUs that were asked for, the first, with matrix products by own kernels whatever libraries there are. */
    final Fleet openFirstWithoutCublas() {
        CudaOptions own = cuda(ProductPrecision.FLOAT32).withoutCublas();
        return NUMBERED.matcher(device).matches() ? CudaFleet.of(numbers(), own, 1) : CudaFleet.all(own, 1);
    }

    private Fleet open(ProductPrecision products, int most) {
        if (device.equals("auto")) {
            return automatic(products, most);
        }
        if (device.equals("cpu")) {
            return cpu(products, "");
        }
        if (device.equals("cuda")) {
            return CudaFleet.all(cuda(products), most);
        }
        if (NUMBERED.matcher(device).matches()) {
            return CudaFleet.of(numbers(), cuda(products), most);
        }
        throw new ExperimentException("--device is auto, cpu, cuda, or GPUs as in cuda:0 or cuda:0,1, not " + device);
    }

    private List<Integer> numbers() {
        List<Integer> numbers = Arrays.stream(device.substring("cuda:".length()).split(",")).map(Integer::valueOf).toList();
        if (numbers.stream().distinct().count() < numbers.size()) {
            throw new ExperimentException("--device names a GPU twice: " + device);
        }
        return numbers;
    }

    private CudaOptions cuda(ProductPrecision products) {
        CudaOptions options = CudaOptions.DEFAULT.withProducts(products);
        return precision().map(options::withNoisyForwards).orElse(options).withNoisyKernels(noisyKernels());
    }

    private Fleet automatic(ProductPrecision products, int most) {
        if (!Gpu.driverIsInstalled()) {
            return cpu(products, "; no CUDA driver on this machine");
        }
        try {
            return CudaFleet.all(cuda(products), most);
        } catch (DeviceException e) {
            return cpu(products, ", not on a GPU: " + e.getMessage());
        }
    }

    /** @param why not something faster */
    private Fleet cpu(ProductPrecision products, String why) {
        if (products == ProductPrecision.TF32) {
            throw new ExperimentException("the CPU has no products in " + products + why
                    + ": drop --training-precision, or train on a GPU");
        }
        if (noisyKernels() != NoisyKernels.AUTO) {
            throw new ExperimentException("the CPU has no kernels to choose among" + why + ": drop --noisy-kernels");
        }
        CpuBackend cpu = precision().map(CpuBackend::create).orElseGet(CpuBackend::create).withProducts(products);
        return new Fleet(List.of(cpu), "running on the CPU, " + cpu.info().name() + why);
    }
}
