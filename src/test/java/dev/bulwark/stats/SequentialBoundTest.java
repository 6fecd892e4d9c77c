package dev.bulwark.stats;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.math.BigDecimal;
import java.math.MathContext;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class SequentialBoundTest {

    private static final BigDecimal RELATIVE = new BigDecimal("1e-12");
    private static final MathContext DIGITS = new MathContext(50);

    /**
     * Roots of W(p) = 1/alpha in 30 digits by mpmath: the integral over (p, 1) by Gauss-Legendre quadrature in s with
     * q = 1 - (1-p) s^2, not by the series that the class sums; alpha being the exact double.
     */
    @ParameterizedTest
    @CsvSource({
        "47, 47, 1e-3, 0.842401967951541926095932860049",
        "55, 55, 1e-3, 0.863651653711854050267972115995",
        "64, 64, 1e-3, 0.881618785932075885928683378686",
        "100, 100, 1e-3, 0.922498018858880019828537255427",
        "1000, 999, 1e-3, 0.988691470855337756493081477553",
        "1000, 990, 1e-3, 0.971248262647386357911819394082",
        "1000, 560, 1e-3, 0.489679976179294506279483184858",
        "10000, 10000, 1e-3, 0.999193046659703952496796513014",
        "10000, 9500, 1e-3, 0.939708064136222466149462576285",
        "10000, 5300, 1e-3, 0.506519352685221285998099567956",
        "100, 45, 0.05, 0.298799905154866344848023330911",
        "20, 13, 0.5, 0.436504287441755309884487930322",
        "3, 3, 0.5, 0.723385715495472710332718412255",
        "12, 10, 1e-3, 0.28033675598648990891126821581",
        "262144, 262144, 1e-3, 0.999969205006049633489705455529",
        "262144, 262140, 1e-9, 0.999866660986188529508820510554",
        "1000000, 999000, 1e-3, 0.99885033348343130445099963132"
    })
    void givenHighPrecisionBounds_whenComputed_thenJustBelow(long samples, long count, double alpha, BigDecimal exact) {
        double bound = SequentialBound.lower(count, samples, alpha);
        BigDecimal gap = exact.subtract(new BigDecimal(bound));
        assertTrue(gap.signum() >= 0, () -> bound + " lies above " + exact);
        assertTrue(gap.compareTo(exact.multiply(RELATIVE)) <= 0, () -> bound + " lies too far below " + exact);
    }

    /** What test martingales are defined by, term by term: the mean of the wealth is what it was one sample before. */
    @ParameterizedTest
    @ValueSource(doubles = {0.25, 0.5, 0.841, 0.99})
    void givenTheProbabilityItself_whenOneMoreSampleIsDrawn_thenTheWealthStaysTheSameOnAverage(double p) {
        for (int samples = 0; samples < 12; ++samples) {
            for (int count = 0; count <= samples; ++count) {
                BigDecimal success = new BigDecimal(p);
                BigDecimal mean = success.multiply(wealth(count + 1, samples + 1, p))
                        .add(BigDecimal.ONE.subtract(success).multiply(wealth(count, samples + 1, p)));
                BigDecimal now = wealth(count, samples, p);
                assertTrue(mean.subtract(now).abs().compareTo(now.movePointLeft(30)) < 0, count + " of " + samples);
            }
        }
    }

    @ParameterizedTest
    @ValueSource(doubles = {0.5, 0.05, 1e-3, 1e-9})
    void givenFewSamples_whenWealthIsSummedInDecimals_thenTheBoundIsThatOfTheTest(double alpha) {
        for (int samples = 1; samples <= 40; samples += 3) {
            for (int count = 0; count <= samples; ++count) {
                double bound = SequentialBound.lower(count, samples, alpha);
                String at = count + " of " + samples + " at " + alpha + ": " + bound;
                assertTrue(bound == 0 || bound >= 0.25 && reaches(count, samples, bound, alpha), at);
                assertFalse(reaches(count, samples, Math.max(0.25, bound * (1 + 1e-11)), alpha)
                        && Math.max(0.25, bound) < (double) count / samples, at);
            }
        }
    }

    private static boolean reaches(int count, int samples, double p, double alpha) {
        return wealth(count, samples, p).multiply(new BigDecimal(alpha)).compareTo(BigDecimal.ONE) >= 0;
    }

    /**
     * W(p) by substituting q = 1 - (1-p) t^2 and expanding powers of {@code 1 - (1-p) t^2} about nothing but integers: the
     * numerator is 2 sqrt(1-p) times the integral of t^(2m) (1 - (1-p) t^2)^(k-1/2), whose binomial series converges.
     */
    private static BigDecimal wealth(int count, int samples, double p) {
        BigDecimal no = BigDecimal.ONE.subtract(new BigDecimal(p));
        return integral(count, samples - count, no)
                .divide(new BigDecimal(p).pow(count, DIGITS), DIGITS).divide(integral(0, 0, no), DIGITS);
    }

    /** The integral of t^(2m) (1 - y t^2)^(k - 1/2) over (0, 1), term by term. */
    private static BigDecimal integral(int k, int m, BigDecimal y) {
        BigDecimal coefficient = BigDecimal.ONE;
        BigDecimal sum = BigDecimal.ZERO;
        for (int j = 0; j < 500; ++j) {
            sum = sum.add(coefficient.divide(BigDecimal.valueOf(2L * (m + j) + 1), DIGITS), DIGITS);
            coefficient = coefficient.multiply(y, DIGITS).multiply(BigDecimal.valueOf(2L * (j - k) + 1), DIGITS)
                    .divide(BigDecimal.valueOf(2L * (j + 1)), DIGITS);
        }
        return sum;
    }

    @Test
    void givenOneMoreVote_whenBounded_thenTheBoundRises() {
        double before = 0;
        for (int count = 500; count <= 1000; ++count) {
            double bound = SequentialBound.lower(count, 1000, 1e-3);
            assertTrue(bound > before, count + " of 1000");
            assertTrue(bound < BinomialBound.lower(count, 1000, 1e-3), "what stops at any time claims less");
            before = bound;
        }
    }

    @Test
    void givenAProbability_whenTested_thenItIsRejectedUpToTheBoundAndNotBeyond() {
        double bound = SequentialBound.lower(930, 1000, 1e-3);
        for (double p : new double[] {0.25, 0.5, 0.89, bound}) {
            assertTrue(SequentialBound.rejects(930, 1000, p, 1e-3), p + "");
        }
        for (double p : new double[] {bound + 1e-9, 0.93, 0.99}) {
            assertFalse(SequentialBound.rejects(930, 1000, p, 1e-3), p + "");
        }
        assertTrue(SequentialBound.rejects(100, 1000, 0.01, 1e-3), "any probability can be tested");
        assertEquals(0, SequentialBound.lower(100, 1000, 1e-3), "and nothing is claimed below 1/4");
    }

    @Test
    void givenArgumentsOutOfRange_whenBounded_thenRefusedByName() {
        assertRefused("samples", () -> SequentialBound.lower(0, 0, 0.1));
        assertRefused("count", () -> SequentialBound.lower(11, 10, 0.1));
        assertRefused("count", () -> SequentialBound.lower(-1, 10, 0.1));
        assertRefused("alpha", () -> SequentialBound.lower(1, 10, 0.6));
        assertRefused("alpha", () -> SequentialBound.lower(1, 10, Double.NaN));
        assertRefused("p must", () -> SequentialBound.rejects(1, 10, 1, 0.1));
    }

    private static void assertRefused(String what, Runnable call) {
        String complaint = assertThrows(IllegalArgumentException.class, call::run).getMessage();
        assertTrue(complaint.startsWith(what), complaint);
    }
}
