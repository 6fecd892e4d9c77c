package dev.bulwark.device;

import java.math.BigDecimal;
import java.math.BigInteger;

/**
 * Binary digits of the normal distribution's tail {@code Q(z) = 1 - Phi(z)} at the points between integers,
 * {@code z = (k + 1/2) / (255 sigma)}, for the exact decimal sigma.
 *
 * <p><b>Proven.</b> With {@code y = z^2 / 2}, {@code Phi(z) - 1/2 = sqrt(y / pi) S / E}, where
 * {@code E = exp(y) = sum of y^n / n!} and {@code S = sum of (2y)^n / (3 5 ... (2n + 1))} (Abramowitz and Stegun 26.2.11).
 * All terms are positive. Lower and upper bounds of each quantity are kept as integers over 2^p, every operation rounded
 * down in the one and up in the other, the remainder of each series bounded by its last term. Digits are returned where both
 * bounds agree on them; where they do not, all is computed again with a larger p.
 */
final class NormalTail {

    private static final int GUARD = 64;

    private final BigInteger numerator;
    private final BigInteger denominator;

    /** At {@code z = (k + 1/2) / (255 sigma)}, k from 0 on. */
    NormalTail(BigDecimal sigma, int k) {
        // y = z^2 / 2 = (2k + 1)^2 / (8 (255 sigma)^2), sigma = digits / 10^scale
        BigInteger odd = BigInteger.valueOf(2L * k + 1);
        BigInteger digits = sigma.unscaledValue();
        BigInteger above = odd.multiply(odd);
        BigInteger below = digits.multiply(digits).multiply(BigInteger.valueOf(8 * 255 * 255));
        BigInteger power = BigInteger.TEN.pow(2 * Math.abs(sigma.scale()));
        this.numerator = sigma.scale() >= 0 ? above.multiply(power) : above;
        this.denominator = sigma.scale() >= 0 ? below : below.multiply(power);
    }

    /** {@code floor(2^bits Q(z))}. */
    BigInteger floor(int bits) {
        // Q(z) < exp(-y) / (z sqrt(2 pi)) is below 2^-bits where y > ln(2) bits and z > 1; ln 2 = 0.693...
        if (numerator.multiply(BigInteger.TEN).compareTo(denominator.multiply(BigInteger.valueOf(7L * bits))) >= 0) {
            return BigInteger.ZERO;
        }
        for (int precision = bits + GUARD; ; precision += GUARD) {
            Bounds central = central(precision);
            BigInteger half = BigInteger.ONE.shiftLeft(precision - 1);
            BigInteger least = half.subtract(central.upper).max(BigInteger.ZERO).shiftRight(precision - bits);
            BigInteger most = half.subtract(central.lower).shiftRight(precision - bits);
            if (least.equals(most)) {
                return least;
            }
        }
    }

    /** A number's bounds, both over 2^p. */
    private record Bounds(BigInteger lower, BigInteger upper) {
    }

    /** {@code Phi(z) - 1/2}. */
    private Bounds central(int p) {
        BigInteger[] y = numerator.shiftLeft(p).divideAndRemainder(denominator);
        Bounds square = new Bounds(y[0], y[0].add(y[1].signum() == 0 ? BigInteger.ZERO : BigInteger.ONE));
        Bounds exponential = series(square, p, 1, 1, 0);
        Bounds odd = series(square, p, 2, 2, 1);
        Bounds pi = pi(p);
        BigInteger least = square.lower.shiftLeft(2 * p).divide(pi.upper).sqrt();
        BigInteger most = divideUp(square.upper.shiftLeft(2 * p), pi.lower).sqrt().add(BigInteger.ONE);
        return new Bounds(odd.lower.multiply(least).divide(exponential.upper),
                divideUp(odd.upper.multiply(most), exponential.lower));
    }

    /** The sum of terms from n = 0 on that begin with 1, each {@code factor y / (step n + offset)} times the one before. */
    private static Bounds series(Bounds y, int p, int factor, int step, int offset) {
        BigInteger above = y.lower.multiply(BigInteger.valueOf(factor));
        BigInteger aboveUp = y.upper.multiply(BigInteger.valueOf(factor));
        BigInteger lower = BigInteger.ONE.shiftLeft(p);
        BigInteger upper = lower;
        BigInteger term = lower;
        BigInteger termUp = lower;
        long halved = y.upper.shiftRight(p - 1).longValueExact() + 2; // from here on, terms fall by half or faster
        for (long n = 1; n <= halved || term.signum() > 0; ++n) {
            BigInteger divisor = BigInteger.valueOf(step * n + offset);
            term = term.multiply(above).shiftRight(p).divide(divisor);
            termUp = divideUp(termUp.multiply(aboveUp), divisor.shiftLeft(p));
            lower = lower.add(term);
            upper = upper.add(termUp);
        }
        return new Bounds(lower, upper.add(termUp)); // all that follow add up to less than the last
    }

    /** Machin: {@code 16 arctan(1/5) - 4 arctan(1/239)}. */
    private static Bounds pi(int p) {
        BigInteger near = arctangent(5, p + GUARD).shiftLeft(4).subtract(arctangent(239, p + GUARD).shiftLeft(2))
                .shiftRight(GUARD);
        // Each term is cut off by two units of 2^-(p + 64) at most; the terms, some hundreds, by far less than 2^-p together.
        return new Bounds(near.subtract(BigInteger.ONE), near.add(BigInteger.TWO));
    }

    /** {@code arctan(1 / x)} over 2^p, but for two units a term. */
    private static BigInteger arctangent(int x, int p) {
        BigInteger square = BigInteger.valueOf((long) x * x);
        BigInteger power = BigInteger.ONE.shiftLeft(p).divide(BigInteger.valueOf(x));
        BigInteger sum = BigInteger.ZERO;
        for (int n = 1; power.signum() > 0; n += 2) {
            BigInteger term = power.divide(BigInteger.valueOf(n));
            sum = n % 4 == 1 ? sum.add(term) : sum.subtract(term);
            power = power.divide(square);
        }
        return sum;
    }

    private static BigInteger divideUp(BigInteger dividend, BigInteger divisor) {
        return dividend.add(divisor).subtract(BigInteger.ONE).divide(divisor);
    }
}
