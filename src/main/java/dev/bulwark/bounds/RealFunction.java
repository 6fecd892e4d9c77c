package dev.bulwark.bounds;

import java.math.BigDecimal;
import java.math.MathContext;
import java.math.RoundingMode;

/**
 * An activation on the host, on its own: in double, outward in double, and outward in decimals. All are monotone and no
 * steeper than 1.
 */
interface RealFunction {

    /** As double arithmetic finds it. */
    double at(double x);

    /** Not above the value at x, which may be infinite. */
    double down(double x);

    /** Not below the value at x, which may be infinite. */
    double up(double x);

    /** Not above the value at x; exact where decimals have it. */
    BigDecimal down(BigDecimal x);

    /** Not below the value at x; exact where decimals have it. */
    BigDecimal up(BigDecimal x);

    /** A function that decimals have exactly. */
    interface Exact extends RealFunction {

        BigDecimal exact(BigDecimal x);

        /** Where double arithmetic rounds nothing, as it does not where a function only chooses among numbers. */
        @Override
        default double down(double x) {
            return at(x);
        }

        /** As {@link #down(double)}. */
        @Override
        default double up(double x) {
            return at(x);
        }

        @Override
        default BigDecimal down(BigDecimal x) {
            return exact(x);
        }

        @Override
        default BigDecimal up(BigDecimal x) {
            return exact(x);
        }
    }

    /** {@code max(x, 0)}. */
    record Relu() implements Exact {

        @Override
        public double at(double x) {
            return Math.max(x, 0);
        }

        @Override
        public BigDecimal exact(BigDecimal x) {
            return x.max(BigDecimal.ZERO);
        }
    }

    /** {@code x} where x is positive, else {@code slope x}. */
    record LeakyRelu(float slope) implements Exact {

        @Override
        public double at(double x) {
            return x > 0 || slope == 0 ? Math.max(x, 0) : slope * x; // 0 times infinity would be NaN
        }

        @Override
        public double down(double x) {
            return x >= 0 || slope == 0 ? at(x) : Math.nextDown(at(x));
        }

        @Override
        public double up(double x) {
            return x >= 0 || slope == 0 ? at(x) : Math.min(0, Math.nextUp(at(x)));
        }

        @Override
        public BigDecimal exact(BigDecimal x) {
            return x.signum() >= 0 ? x : x.multiply(new BigDecimal(slope));
        }
    }

    /** {@code min(max(x, low), high)}. */
    record Clip(float low, float high) implements Exact {

        @Override
        public double at(double x) {
            return Math.min(Math.max(x, low), high);
        }

        @Override
        public BigDecimal exact(BigDecimal x) {
            BigDecimal raised = Float.isInfinite(low) ? x : x.max(new BigDecimal(low));
            return Float.isInfinite(high) ? raised : raised.min(new BigDecimal(high));
        }
    }

    /** {@code 1 / (1 + exp(-x))}. */
    record Sigmoid() implements RealFunction {

        /** Far more than StrictMath's exp and tanh, and the few operations around them, may be off by, relatively. */
        static final double MARGIN = 0x1p-40;

        /** From here on, on either side, the function is closer than {@link #OFF} to its limits. */
        private static final BigDecimal FAR = BigDecimal.valueOf(1000);
        /** More than {@link #nearly} is off by. */
        private static final BigDecimal OFF = new BigDecimal("1e-70");
        private static final int PLACES = 80;
        private static final MathContext DIGITS = new MathContext(110);

        @Override
        public double at(double x) {
            return 1 / (1 + StrictMath.exp(-x));
        }

        @Override
        public double down(double x) {
            return Math.max(0, at(x) * (1 - MARGIN) - Double.MIN_NORMAL);
        }

        @Override
        public double up(double x) {
            return Math.min(1, at(x) * (1 + MARGIN) + Double.MIN_NORMAL);
        }

        @Override
        public BigDecimal down(BigDecimal x) {
            return nearly(x).subtract(OFF).setScale(PLACES, RoundingMode.FLOOR).max(BigDecimal.ZERO);
        }

        @Override
        public BigDecimal up(BigDecimal x) {
            return nearly(x).add(OFF).setScale(PLACES, RoundingMode.CEILING).min(BigDecimal.ONE);
        }

        /** Off by less than 1e-80, or by e^-1000 far out. */
        private static BigDecimal nearly(BigDecimal x) {
            if (x.abs().compareTo(FAR) > 0) {
                return x.signum() > 0 ? BigDecimal.ONE : BigDecimal.ZERO;
            }
            return BigDecimal.ONE.divide(BigDecimal.ONE.add(exp(x.negate())), DIGITS);
        }

        /**
         * By the power series at {@code x / 2^14}, less than 1/16, of which 60 terms are off by less than 1e-150; all its
         * roundings together are less than 1e-107, relatively. Each of the 14 squarings doubles that and adds 1e-110, which
         * makes less than 1e-102.
         */
        private static BigDecimal exp(BigDecimal x) {
            int halvings = 14;
            BigDecimal small = x.divide(BigDecimal.valueOf(1L << halvings), DIGITS);
            BigDecimal term = BigDecimal.ONE;
            BigDecimal sum = term;
            for (int n = 1; n < 60; ++n) {
                term = term.multiply(small).divide(BigDecimal.valueOf(n), DIGITS);
                sum = sum.add(term, DIGITS);
            }
            for (int k = 0; k < halvings; ++k) {
                sum = sum.multiply(sum, DIGITS);
            }
            return sum;
        }
    }

    /** {@code tanh(x) = 2 sigmoid(2 x) - 1}. */
    record Tanh() implements RealFunction {

        private static final BigDecimal TWO = BigDecimal.valueOf(2);
        private static final Sigmoid SIGMOID = new Sigmoid();

        @Override
        public double at(double x) {
            return StrictMath.tanh(x);
        }

        @Override
        public double down(double x) {
            return Math.max(-1, at(x) - Math.abs(at(x)) * Sigmoid.MARGIN - Double.MIN_NORMAL);
        }

        @Override
        public double up(double x) {
            return Math.min(1, at(x) + Math.abs(at(x)) * Sigmoid.MARGIN + Double.MIN_NORMAL);
        }

        @Override
        public BigDecimal down(BigDecimal x) {
            return SIGMOID.down(x.multiply(TWO)).multiply(TWO).subtract(BigDecimal.ONE);
        }

        @Override
        public BigDecimal up(BigDecimal x) {
            return SIGMOID.up(x.multiply(TWO)).multiply(TWO).subtract(BigDecimal.ONE);
        }
    }
}
