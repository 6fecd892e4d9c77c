package dev.bulwark.device;

/**
 * How much of a factor enters a matrix product; sums are fp32 always. Training may bear less than fp32, and gains speed;
 * bounds for certificates are not concerned, they round outward.
 */
public enum ProductPrecision {

    /** All 24 bits of a float. */
    FLOAT32("fp32"),
    /** Factors rounded to 11 bits, for a GPU's tensor cores. */
    TF32("TF32"),
    /** Factors rounded to 8 bits, for a CPU's matrix units. */
    BFLOAT16("bf16");

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
