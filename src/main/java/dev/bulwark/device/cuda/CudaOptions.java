package dev.bulwark.device.cuda;

import dev.bulwark.device.DeviceException;
import dev.bulwark.device.NoisyClassifier.Precision;
import dev.bulwark.device.ProductPrecision;
import java.util.Objects;

/**
 * How a GPU is used where there is a choice.
 *
 * @param noisyForwards precision of noisy forward passes: FLOAT16 or FLOAT32
 * @param products      precision of matrix products; bounds for certificates are not concerned, they round outward in fp32
 * @param cublas        whether cuBLAS computes the matrix products where this machine has it
 */
public record CudaOptions(Precision noisyForwards, ProductPrecision products, boolean cublas) {

    public static final CudaOptions DEFAULT = new CudaOptions(Precision.FLOAT16, ProductPrecision.FLOAT32, true);

    /** @throws DeviceException if there are no kernels for {@code noisyForwards} or {@code products} */
    public CudaOptions {
        Objects.requireNonNull(products, "products");
        if (noisyForwards == Precision.BFLOAT16) {
            throw new DeviceException("there are no " + noisyForwards + " kernels for noisy forward passes on a GPU: "
                    + "use --precision fp16 or fp32");
        }
        if (products == ProductPrecision.BFLOAT16) {
            throw new DeviceException("there are no kernels for products in " + products
                    + " on a GPU: use --training-precision tf32 or fp32");
        }
    }

    /** These options, with noisy forward passes in {@code precision}. */
    public CudaOptions withNoisyForwards(Precision precision) {
        return new CudaOptions(precision, products, cublas);
    }

    /** These options, with matrix products in {@code precision}. */
    public CudaOptions withProducts(ProductPrecision precision) {
        return new CudaOptions(noisyForwards, precision, cublas);
    }

    /** These options, with matrix products by own kernels. */
    public CudaOptions withoutCublas() {
        return new CudaOptions(noisyForwards, products, false);
    }
}
