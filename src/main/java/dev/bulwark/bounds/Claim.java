package dev.bulwark.bounds;

/** What network a certificate speaks of. */
public enum Claim {

    /** The real-number network with these float weights: what a float evaluation adds by rounding is not part of it. */
    REAL,

    /**
     * Every float32 evaluation of it, in any order of summation, with or without fused multiply-add. No verifier makes this
     * claim yet.
     */
    DEPLOYED
}
