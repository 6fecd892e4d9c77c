package dev.bulwark.api;

import dev.bulwark.device.NoisyClassifier.Precision;
import dev.bulwark.device.ProductPrecision;
import dev.bulwark.device.cuda.CudaOptions.NoisyKernels;
import dev.bulwark.device.cuda.CudaOptions;
import java.util.Optional;

/**
 * How a device computes, where there is a choice. Bounds are not concerned: they round outward in any case.
 *
 * @param precision    of noisy forward passes, which is part of what smoothing certifies, and of attacks' gradients; empty
 *                     for the fastest that the device has
 * @param products     precision of training's matrix products
 * @param noisyKernels on a GPU, the kernels that count noisy votes
 * @param cublas       whether cuBLAS computes a GPU's matrix products where the machine has it
 */
public record DeviceSettings(Optional<Precision> precision, ProductPrecision products, NoisyKernels noisyKernels,
                             boolean cublas) {

    public static final DeviceSettings DEFAULT =
            new DeviceSettings(Optional.empty(), ProductPrecision.FLOAT32, NoisyKernels.AUTO, true);

    /** These settings, with noisy forward passes in {@code other}. */
    public DeviceSettings withPrecision(Precision other) {
        return new DeviceSettings(Optional.of(other), products, noisyKernels, cublas);
    }

    /** These settings, with training's products in {@code other}. */
    public DeviceSettings withProducts(ProductPrecision other) {
        return new DeviceSettings(precision, other, noisyKernels, cublas);
    }

    /** These settings, with noisy votes counted by {@code other}. */
    public DeviceSettings withNoisyKernels(NoisyKernels other) {
        return new DeviceSettings(precision, products, other, cublas);
    }

    /** These settings, with a GPU's matrix products by own kernels, whatever libraries there are. */
    public DeviceSettings withoutCublas() {
        return new DeviceSettings(precision, products, noisyKernels, false);
    }

    /** @throws dev.bulwark.device.DeviceException if no GPU has kernels for this */
    CudaOptions cuda() {
        CudaOptions options = CudaOptions.DEFAULT.withProducts(products);
        CudaOptions rounded = precision.map(options::withNoisyForwards).orElse(options).withNoisyKernels(noisyKernels);
        return cublas ? rounded : rounded.withoutCublas();
    }
}
