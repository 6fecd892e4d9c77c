package dev.bulwark.plan;

/** Whose values boxes and forms of a plan hold. */
public enum Arithmetic {

    /** Those of the real-number network. */
    REAL,

    /**
     * Those of every float32 evaluation of the graph as it is written, in any order of summation, with or without fused
     * multiply-add, whether subnormal numbers are kept or flushed to 0. See {@link Deviations}.
     */
    FLOAT32
}
