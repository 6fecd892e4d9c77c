package dev.bulwark.device.cuda;

import dev.bulwark.device.DeviceException.Advice;
import dev.bulwark.device.DeviceException;
import dev.bulwark.device.NoisyClassifier.Precision;
import dev.bulwark.device.ProductPrecision;
import java.util.Objects;

/**
 * How a GPU is used where there is a choice.
 *
 * @param noisyForwards precision of noisy forward passes: FLOAT16 or FLOAT32
 * @param products      precision of matrix products; bounds for certificates are not concerned, they round outward in fp32
 * @param noisyKernels  which kernels count the votes of noisy forward passes in half precision
 * @param cublas        whether cuBLAS computes the matrix products where this machine has it
 */
public record CudaOptions(Precision noisyForwards, NoisyKernels noisyKernels, ProductPrecision products,
                          boolean cublas) {

    public static final CudaOptions DEFAULT =
            new CudaOptions(Precision.FLOAT16, NoisyKernels.AUTO, ProductPrecision.FLOAT32, true);

    /** The ladder of smoothing kernels. One that is asked for and can't run the network is an error. */
    public enum NoisyKernels {
        /**
         * The fused kernel where a block has room for the network's activations, else layer by layer. Never one that has
         * not yet been measured on a GPU: today that is the clustered one.
         */
        AUTO("fused where the network fits, else layered"),
        /** A kernel for noise, each layer and votes: any network. */
        LAYERED("layered"),
        /** All in one kernel; the same votes as LAYERED. */
        FUSED("fused"),
        /** All in one kernel of paired blocks, for compute capability 9.0; near ties may vote otherwise. */
        CLUSTERED("clustered");

        private final String label;

        NoisyKernels(String label) {
            this.label = label;
        }

        /** As provenance names it. */
        @Override
        public String toString() {
            return label;
        }
    }

    /** @throws DeviceException if there are no kernels for {@code noisyForwards} or {@code products} */
    public CudaOptions {
        Objects.requireNonNull(noisyKernels, "noisyKernels");
        Objects.requireNonNull(products, "products");
        if (noisyForwards == Precision.BFLOAT16) {
            throw new DeviceException("there are no " + noisyForwards + " kernels for noisy forward passes on a GPU: "
                    + "use fp16 or fp32").advising(Advice.PRECISION);
        }
        if (noisyForwards == Precision.FLOAT32 && noisyKernels != NoisyKernels.AUTO) {
            throw new DeviceException("the " + noisyKernels + " kernels for noisy forward passes compute in fp16: "
                    + "use fp16, or let the device choose its kernels").advising(Advice.AUTOMATIC_KERNELS);
        }
        if (products == ProductPrecision.BFLOAT16) {
            throw new DeviceException("there are no kernels for products in " + products
                    + " on a GPU: use tf32 or fp32").advising(Advice.PRODUCTS);
        }
    }

    /** These options, with noisy forward passes in {@code precision}. */
    public CudaOptions withNoisyForwards(Precision precision) {
        return new CudaOptions(precision, noisyKernels, products, cublas);
    }

    /** These options, with matrix products in {@code precision}. */
    public CudaOptions withProducts(ProductPrecision precision) {
        return new CudaOptions(noisyForwards, noisyKernels, precision, cublas);
    }

    /** These options, with noisy forward passes by {@code kernels}. */
    public CudaOptions withNoisyKernels(NoisyKernels kernels) {
        return new CudaOptions(noisyForwards, kernels, products, cublas);
    }

    /** These options, with matrix products by own kernels. */
    public CudaOptions withoutCublas() {
        return new CudaOptions(noisyForwards, noisyKernels, products, false);
    }
}
