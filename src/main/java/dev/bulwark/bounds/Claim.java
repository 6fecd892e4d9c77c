package dev.bulwark.bounds;

import dev.bulwark.model.Graph;
import dev.bulwark.plan.Arithmetic;
import dev.bulwark.plan.Plan;
import java.util.Locale;
import java.util.function.BiPredicate;

/** What network a certificate speaks of. */
public enum Claim {

    /** The real-number network with these float weights: what a float evaluation adds by rounding is not part of it. */
    REAL(Arithmetic.REAL),

    /**
     * Every float32 evaluation of the graph as it is written, at every float input of the region: in any order of summation,
     * with or without fused multiply-add, whether subnormal numbers are kept or flushed to 0. Not those in tf32 or half
     * precision, by Winograd's algorithm or by Fourier transforms, nor those of a graph that somebody has folded.
     */
    DEPLOYED(Arithmetic.FLOAT32);

    private final Arithmetic arithmetic;

    Claim(Arithmetic arithmetic) {
        this.arithmetic = arithmetic;
    }

    /** What is covered, in words, for records and reports. */
    public String covers() {
        return this == REAL ? "the network in real numbers, with its float weights"
                : "every float32 evaluation, dense layers and convolutions in any order of summation, with or without fused "
                + "multiply-add, subnormal numbers kept or flushed; not tf32, half precision, Winograd, FFT or a folded graph";
    }

    /** Of plans whose bounds make this claim. */
    public Arithmetic arithmetic() {
        return arithmetic;
    }

    /** What bounds of this plan claim. */
    public static Claim of(Plan plan) {
        return plan.arithmetic() == Arithmetic.REAL ? REAL : DEPLOYED;
    }

    /**
     * Whether a specification holds at a point: of the real-number network it does not only where it surely fails, and of float32
     * evaluations where a plain one breaks it.
     */
    BiPredicate<float[], Specification> at(Graph network) {
        return this == REAL ? new RealNetwork(network)::satisfies : new FloatNetwork(network)::satisfies;
    }

    /** As on the command line and in rows. */
    @Override
    public String toString() {
        return name().toLowerCase(Locale.ROOT);
    }
}
