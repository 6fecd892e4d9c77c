package dev.bulwark.device.cuda;

import dev.bulwark.device.DeviceException;
import dev.bulwark.device.NoisyClassifier.Precision;
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

    /** How much of a factor enters a matrix product; sums are fp32 always. */
    public enum ProductPrecision {
        /** All 24 bits of a float. */
        FLOAT32("fp32"),
        /** Factors rounded to 11 bits: tensor cores, for training that bears it. */
        TF32("TF32");

        private final String label;

        ProductPrecision(String label) {
            this.label = label;
        }

        /** As provenance names it. */
        @Override
        public String toString() {
            return label;
        }
    }

    /** @throws DeviceException if there are no kernels for {@code noisyForwards} */
    public CudaOptions {
        Objects.requireNonNull(products, "products");
        if (noisyForwards == Precision.BFLOAT16) {
            throw new DeviceException("there are no " + noisyForwards + " kernels for noisy forward passes on a GPU: "
                    + "use --precision fp16 or fp32");
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
