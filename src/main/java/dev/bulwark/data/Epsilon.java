package dev.bulwark.data;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.math.MathContext;
import java.util.Objects;
import java.util.Optional;

/**
 * A distance, in input units: exactly the number that was written, a decimal of any length or a fraction of
 * two, as {@code 8/255}. Finite and not negative. Numbers of the same value are equal, however they were written.
 */
public final class Epsilon {

    /** Decimal exponents beyond any double's, so that no text of a few characters stands for a million digits. */
    private static final int LARGEST_EXPONENT = 400;

    /** In lowest terms, the denominator positive. */
    private final BigInteger numerator;
    private final BigInteger denominator;
    private final double lower;
    private final double upper;

    private Epsilon(BigInteger numerator, BigInteger denominator) {
        BigInteger common = numerator.gcd(denominator);
        this.numerator = numerator.divide(common);
        this.denominator = denominator.divide(common);
        this.lower = greatestDoubleNotAbove();
        this.upper = compareTo(lower) == 0 ? lower : Math.nextUp(lower);
    }

    /** @throws IllegalArgumentException if {@code text} is no decimal or fraction, or no distance */
    public static Epsilon parse(String text) {
        int slash = text.indexOf('/');
        BigDecimal above = number(text, slash < 0 ? text : text.substring(0, slash));
        BigDecimal below = slash < 0 ? BigDecimal.ONE : number(text, text.substring(slash + 1));
        if (below.signum() == 0) {
            throw notANumber(text);
        }
        BigInteger scale = BigInteger.TEN.pow(Math.abs(above.scale() - below.scale()));
        boolean fewerDecimals = above.scale() < below.scale();
        BigInteger numerator = above.unscaledValue().multiply(fewerDecimals ? scale : BigInteger.ONE);
        BigInteger denominator = below.unscaledValue().multiply(fewerDecimals ? BigInteger.ONE : scale);
        BigDecimal largest = new BigDecimal(Double.MAX_VALUE).multiply(new BigDecimal(denominator.abs()));
        if (numerator.signum() * denominator.signum() < 0 || new BigDecimal(numerator.abs()).compareTo(largest) > 0) {
            throw noDistance(text.strip());
        }
        return new Epsilon(numerator.abs(), denominator.abs());
    }

    /** The decimal that {@code value} prints as: 0.1 is a tenth, of which that double is only the nearest. */
    public static Epsilon of(double value) {
        if (!(value >= 0 && Double.isFinite(value))) {
            throw noDistance(Double.toString(value));
        }
        return parse(Double.toString(value));
    }

    private static BigDecimal number(String whole, String text) {
        try {
            BigDecimal number = new BigDecimal(text.strip());
            if (Math.abs((long) number.precision() - number.scale()) <= LARGEST_EXPONENT || number.signum() == 0) {
                return number.signum() == 0 ? BigDecimal.ZERO : number;
            }
        } catch (NumberFormatException e) {
            // Said below.
        }
        throw notANumber(whole);
    }

    private static IllegalArgumentException notANumber(String text) {
        return new IllegalArgumentException("epsilon must be a number such as 0.1 or 8/255: " + text);
    }

    private static IllegalArgumentException noDistance(String text) {
        return new IllegalArgumentException("epsilon must be finite and not negative: " + text);
    }

    private double greatestDoubleNotAbove() {
        double near = new BigDecimal(numerator).divide(new BigDecimal(denominator), MathContext.DECIMAL64).doubleValue();
        double value = Math.min(near, Double.MAX_VALUE);
        while (compareTo(value) < 0) {
            value = Math.nextDown(value);
        }
        while (compareTo(Math.nextUp(value)) >= 0) {
            value = Math.nextUp(value);
        }
        return value;
    }

    /** The sign of this number less {@code value}. */
    private int compareTo(double value) {
        return Double.isInfinite(value) ? -1
                : new BigDecimal(numerator).compareTo(new BigDecimal(value).multiply(new BigDecimal(denominator)));
    }

    /** The greatest double not above this number. */
    public double lower() {
        return lower;
    }

    /** The least double not below this number. */
    public double upper() {
        return upper;
    }

    /** For what is no claim: rows, names, training. */
    public double nearest() {
        BigDecimal twice = new BigDecimal(numerator).multiply(BigDecimal.valueOf(2));
        BigDecimal ends = new BigDecimal(lower).add(new BigDecimal(upper)).multiply(new BigDecimal(denominator));
        int side = twice.compareTo(ends);
        boolean even = (Double.doubleToLongBits(lower) & 1) == 0;
        return side < 0 || side == 0 && even ? lower : upper;
    }

    /** The greatest double that prints as a decimal not above this number: where a row is read, it claims no more than this. */
    public double printedBelow() {
        double value = upper;
        while (new BigDecimal(Double.toString(value)).multiply(new BigDecimal(denominator)).compareTo(new BigDecimal(numerator)) > 0) {
            value = Math.nextDown(value);
        }
        return value;
    }

    /** This number in words, where the decimal that {@link #nearest} prints as is another one. */
    public Optional<String> beyondDouble() {
        return equals(of(nearest())) ? Optional.empty() : Optional.of(toString());
    }

    BigInteger numerator() {
        return numerator;
    }

    BigInteger denominator() {
        return denominator;
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof Epsilon that && numerator.equals(that.numerator) && denominator.equals(that.denominator);
    }

    @Override
    public int hashCode() {
        return Objects.hash(numerator, denominator);
    }

    /** The decimal if there is one, else the fraction in lowest terms. */
    @Override
    public String toString() {
        try {
            return new BigDecimal(numerator).divide(new BigDecimal(denominator)).stripTrailingZeros().toPlainString();
        } catch (ArithmeticException e) {
            return numerator + "/" + denominator;
        }
    }
}
