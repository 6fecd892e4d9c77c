package dev.bulwark.plan;

import dev.bulwark.device.Backend;
import dev.bulwark.device.DeviceMemory;
import dev.bulwark.device.Directed;
import dev.bulwark.device.LinearRelaxations;
import dev.bulwark.model.Op;

/**
 * What float32 evaluations of a scaling or a batch normalisation may be off by, channel by channel: a scaling takes its factor,
 * its divisor and its offset in any grouping, a batch normalisation may make a factor and an offset of its numbers first, or
 * subtract, divide, multiply and add, each root, quotient and inverse being right to two units in the last place.
 *
 * <p>In all of these no number is larger than {@code most (|x| + shift) + |offset|}, the result is off by at most
 * {@code g (factor (|x| + shift) + |offset|)}, g the relative error of {@value #ROUNDINGS} operations and more, and what is
 * flushed to 0 changes it by less than 2^-120 most (1 + |x| + shift).
 */
final class ChannelRounding {

    private static final int ROUNDINGS = 8;
    /** A batch normalisation divides by the root of no less than this: an epsilon or a variance that is flushed counts little. */
    private static final double LEAST_SQUARE = 0x1p-80;
    /** Beyond it, sums that must not overflow would be too coarse. */
    private static final double MOST = 0x1p60;
    /** For the roundings of the numbers here. */
    private static final double SPARE = 1 + 0x1p-20;

    private final float[] guard;
    private final float[] share;
    private final float[] absolute;

    private ChannelRounding(double[] factor, double[] most, double[] shift, double[] offset) {
        int channels = factor.length;
        guard = new float[channels];
        share = new float[channels];
        absolute = new float[channels];
        double relative = LinearRelaxations.productError(ROUNDINGS) * SPARE;
        for (int c = 0; c < channels; ++c) {
            if (!(most[c] <= MOST && most[c] * shift[c] + offset[c] <= 0x1p125)) {
                share[c] = Allowance.UNKNOWN;
                continue;
            }
            // x times a power of two exceeds the largest float before most x does a quarter of it
            double power = Math.scalb(1.0, Math.max(0, Math.getExponent(4 * most[c]) + 1));
            double flushed = 0x1p-90 * most[c];
            guard[c] = (float) power;
            share[c] = Directed.up(relative * (factor[c] + flushed) / power);
            absolute[c] = Directed.up(relative * ((factor[c] + flushed) * shift[c] + offset[c]) * SPARE + flushed
                    + Allowance.TINY);
        }
    }

    static ChannelRounding of(Op.Scale op) {
        int channels = op.factor().size();
        double[] factor = new double[channels];
        double[] most = new double[channels];
        double[] offset = new double[channels];
        for (int c = 0; c < channels; ++c) {
            double f = Math.abs(op.factor().at(c));
            double d = Math.abs(op.divisor().at(c));
            factor[c] = f / d;
            most[c] = Math.max(1, f) * Math.max(1, 1 / d);
            offset[c] = Math.abs(op.offset().at(c));
        }
        return new ChannelRounding(factor, most, new double[channels], offset);
    }

    static ChannelRounding of(Op.BatchNorm op) {
        int channels = op.gamma().size();
        double[] factor = new double[channels];
        double[] most = new double[channels];
        double[] shift = new double[channels];
        double[] offset = new double[channels];
        for (int c = 0; c < channels; ++c) {
            double gamma = Math.abs(op.gamma().at(c));
            double square = op.variance().at(c) + op.epsilon();
            boolean known = square >= LEAST_SQUARE && square <= Float.MAX_VALUE / 2;
            double inverse = known ? 1 / Math.sqrt(square) : Double.NaN;
            factor[c] = gamma * inverse;
            most[c] = Math.max(1, gamma) * Math.max(1, inverse);
            shift[c] = Math.abs(op.mean().at(c));
            offset[c] = Math.abs(op.beta().at(c));
        }
        return new ChannelRounding(factor, most, shift, offset);
    }

    /** Unknown in channels whose numbers are too large or too small for this analysis. */
    Allowance allowance(Backend backend, DeviceMemory memory, int elements) {
        return Allowance.of(backend, memory, guard, share, absolute, elements);
    }
}
