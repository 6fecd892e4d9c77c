package dev.bulwark.plan;

import dev.bulwark.device.Directed;
import dev.bulwark.model.Op;
import java.math.BigDecimal;
import java.math.MathContext;
import java.util.Arrays;

/**
 * Factors and offsets of channels as floats, and how far the numbers that are meant may be from these, rounded up: an
 * operation's quotients and roots are seldom floats. Computed in decimals of {@value #DIGITS} digits.
 *
 * @param factor {@code [channels]}, as are the others
 */
record ChannelNumbers(float[] factor, float[] offset, float[] factorError, float[] offsetError) {

    private static final int DIGITS = 40;
    private static final MathContext ROUNDED = new MathContext(DIGITS);
    /** A bound of the relative error of three operations that are rounded to {@value #DIGITS} digits. */
    private static final BigDecimal RELATIVE = BigDecimal.ONE.movePointLeft(DIGITS - 3);

    private ChannelNumbers(int channels) {
        this(new float[channels], new float[channels], new float[channels], new float[channels]);
    }

    int channels() {
        return factor.length;
    }

    /** {@code factor / divisor} and offset. */
    static ChannelNumbers of(Op.Scale op) {
        ChannelNumbers numbers = new ChannelNumbers(op.factor().size());
        for (int c = 0; c < numbers.channels(); ++c) {
            BigDecimal factor = exact(op.factor().at(c));
            BigDecimal divisor = exact(op.divisor().at(c));
            BigDecimal quotient = factor.divide(divisor, ROUNDED);
            boolean isExact = quotient.multiply(divisor).compareTo(factor) == 0;
            numbers.setFactor(c, quotient, isExact ? BigDecimal.ZERO : quotient.abs().multiply(RELATIVE));
            numbers.setOffset(c, exact(op.offset().at(c)), BigDecimal.ZERO);
        }
        return numbers;
    }

    /** {@code gamma / sqrt(variance + epsilon)}, and {@code beta - mean} times it. */
    static ChannelNumbers of(Op.BatchNorm op) {
        ChannelNumbers numbers = new ChannelNumbers(op.gamma().size());
        for (int c = 0; c < numbers.channels(); ++c) {
            BigDecimal gamma = exact(op.gamma().at(c));
            BigDecimal square = exact(op.variance().at(c)).add(new BigDecimal(op.epsilon()));
            BigDecimal root = square.sqrt(ROUNDED);
            BigDecimal factor = gamma.divide(root, ROUNDED);
            boolean isExact = root.multiply(root).compareTo(square) == 0 && factor.multiply(root).compareTo(gamma) == 0;
            BigDecimal error = isExact ? BigDecimal.ZERO : factor.abs().multiply(RELATIVE);
            BigDecimal mean = exact(op.mean().at(c));
            numbers.setFactor(c, factor, error);
            numbers.setOffset(c, exact(op.beta().at(c)).subtract(mean.multiply(factor)), mean.abs().multiply(error));
        }
        return numbers;
    }

    private void setFactor(int c, BigDecimal value, BigDecimal error) {
        factor[c] = nearest("factor", c, value);
        factorError[c] = distance(value, factor[c], error);
    }

    private void setOffset(int c, BigDecimal value, BigDecimal error) {
        offset[c] = nearest("offset", c, value);
        offsetError[c] = distance(value, offset[c], error);
    }

    private static float nearest(String what, int channel, BigDecimal value) {
        float nearest = value.floatValue();
        if (!Float.isFinite(nearest)) {
            throw new IllegalArgumentException("the " + what + " of channel " + channel + ", "
                    + value.round(new MathContext(6)) + ", is beyond the largest float");
        }
        return nearest;
    }

    /** No number within {@code error} of {@code value} is further from {@code nearest}. */
    private static float distance(BigDecimal value, float nearest, BigDecimal error) {
        BigDecimal distance = value.subtract(exact(nearest)).abs().add(error);
        return distance.signum() == 0 ? 0 : Directed.up(Math.nextUp(distance.doubleValue()));
    }

    private static BigDecimal exact(float value) {
        return new BigDecimal(value);
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof ChannelNumbers that && Arrays.equals(factor, that.factor)
                && Arrays.equals(offset, that.offset) && Arrays.equals(factorError, that.factorError)
                && Arrays.equals(offsetError, that.offsetError);
    }

    @Override
    public int hashCode() {
        return 31 * Arrays.hashCode(factor) + Arrays.hashCode(offset);
    }
}
