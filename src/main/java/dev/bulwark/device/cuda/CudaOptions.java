package dev.bulwark.device.cuda;

import java.util.Objects;

/**
 * How a GPU is used where there is a choice.
 *
 * @param products precision of matrix products; bounds for certificates are not concerned, they round outward in fp32
 * @param cublas   whether cuBLAS computes the matrix products where this machine has it
 */
public record CudaOptions(ProductPrecision products, boolean cublas) {

    public static final CudaOptions DEFAULT = new CudaOptions(ProductPrecision.FLOAT32, true);

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

    public CudaOptions {
        Objects.requireNonNull(products, "products");
    }
}
