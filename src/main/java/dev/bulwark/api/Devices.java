package dev.bulwark.api;

import dev.bulwark.device.Backend;
import dev.bulwark.device.DeviceException;
import dev.bulwark.device.ProductPrecision;
import dev.bulwark.device.cpu.CpuBackend;
import dev.bulwark.device.cuda.CudaOptions.NoisyKernels;
import dev.bulwark.device.cuda.Gpu;
import java.util.List;

/**
 * Devices that were opened for some work: one or more, which all compute alike. Where a device was asked for that isn't
 * there, opening fails; nothing else is ever used instead, but by {@link DeviceChoice.Kind#AUTO}.
 */
public final class Devices implements AutoCloseable {

    private final List<Backend> backends;
    private final String description;

    private Devices(List<? extends Backend> backends, String description) {
        this.backends = List.copyOf(backends);
        this.description = description;
    }

    /**
     * All devices that were asked for.
     *
     * @throws DeviceException               if they can't be had
     * @throws UnsupportedOperationException if the settings are for GPUs and the work falls to the CPU
     */
    public static Devices open(DeviceChoice choice, DeviceSettings settings) {
        return open(choice, settings, Integer.MAX_VALUE);
    }

    /** As {@link #open}, the first of them alone: for work that can't be shared out. */
    public static Devices openFirst(DeviceChoice choice, DeviceSettings settings) {
        return open(choice, settings, 1);
    }

    private static Devices open(DeviceChoice choice, DeviceSettings settings, int most) {
        return switch (choice.kind()) {
            case AUTO -> automatic(settings, most);
            case CPU -> cpu(settings, "");
            case CUDA -> gpus(choice.gpus().isEmpty() ? OpenGpus.all(settings.cuda(), most)
                    : OpenGpus.of(choice.gpus(), settings.cuda(), most));
        };
    }

    private static Devices automatic(DeviceSettings settings, int most) {
        if (!Gpu.driverIsInstalled()) {
            return cpu(settings, "; no CUDA driver on this machine");
        }
        OpenGpus gpus;
        try {
            gpus = OpenGpus.all(settings.cuda(), most);
        } catch (DeviceException e) {
            return cpu(settings, ", not on a GPU: " + e.getMessage());
        }
        return gpus(gpus);
    }

    private static Devices gpus(OpenGpus gpus) {
        return new Devices(gpus.backends(), gpus.description());
    }

    /** @param why not something faster */
    private static Devices cpu(DeviceSettings settings, String why) {
        if (settings.products() == ProductPrecision.TF32) {
            throw new UnsupportedOperationException("the CPU has no products in " + settings.products() + why);
        }
        if (settings.noisyKernels() != NoisyKernels.AUTO) {
            throw new UnsupportedOperationException("the CPU has no kernels to choose among" + why);
        }
        CpuBackend cpu = settings.precision().map(CpuBackend::create).orElseGet(CpuBackend::create)
                .withProducts(settings.products());
        return new Devices(List.of(cpu), "running on the CPU, " + cpu.info().name() + why);
    }

    /** For code that works on devices itself; closed with this object, or by whoever takes them over. */
    public List<Backend> backends() {
        return backends;
    }

    /** Which devices these are, and why these, in a line. */
    public String description() {
        return description;
    }

    @Override
    public String toString() {
        return description;
    }

    @Override
    public void close() {
        for (int i = backends.size() - 1; i >= 0; --i) {
            backends.get(i).close();
        }
    }
}
