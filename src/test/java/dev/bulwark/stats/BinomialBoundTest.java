package dev.bulwark.stats;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTimeout;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.math.BigDecimal;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class BinomialBoundTest {

    private static final BigDecimal RELATIVE = new BigDecimal("1e-12");

    /** The exact bound, from below: never more, and short of it by a relative 1e-12 at most. */
    private static void assertJustBelow(BigDecimal exact, double bound) {
        BigDecimal gap = exact.subtract(new BigDecimal(bound));
        assertTrue(gap.signum() >= 0, () -> bound + " lies above " + exact);
        assertTrue(gap.compareTo(exact.multiply(RELATIVE)) <= 0, () -> bound + " lies too far below " + exact);
    }

    /** Roots of the tail sum in 40 digits (mpmath, Newton from 40-digit log-gamma), alpha being the exact double. */
    @ParameterizedTest
    @CsvSource({
        "10000, 5155, 1e-3, 0.4999999394074718218604275",
        "10000, 5156, 1e-3, 0.5000999682265884950524942",
        "10000, 9999, 1e-3, 0.99907703866933948769319",
        "10000, 10000, 1e-3, 0.999309463002589921689018",
        "10000, 1, 1e-3, 0.0000001000500283533489315111954",
        "100, 50, 0.025, 0.3983211295033009805840799",
        "100000, 99000, 1e-3, 0.9889893403774747592064952",
        "1000, 503, 1e-3, 0.4537516059466394657193805",
        "1000, 999, 1e-9, 0.9763328355916401171767458",
        "10000000, 1, 1e-9, 1.000000000500000012614925e-16",
        "10000000, 1000, 1e-9, 0.0000821840033900978287821122",
        "10000000, 5000000, 1e-9, 0.4990516143200304098336912",
        "10000000, 5000000, 1e-3, 0.4995113414995720698716405",
        "10000000, 9990000, 1e-3, 0.998968727070374270563387",
        "10000000, 9999999, 1e-9, 0.9999976060299592947817398",
        "10000000, 10000000, 1e-9, 0.9999979276755635726103544",
        "1000000000, 500000000, 1e-9, 0.4999051658452087996754301",
        "3, 2, 1e-9, 0.00001825752969630718343812973",
        "20, 13, 0.5, 0.6228947948212950757704908",
        "2, 1, 0.05, 0.02532056551910361073998967"
    })
    void givenHighPrecisionBounds_whenComputed_thenJustBelow(long samples, long count, double alpha, BigDecimal exact) {
        assertJustBelow(exact, BinomialBound.lower(count, samples, alpha));
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 7, 31, 40})
    void givenFewSamples_whenTailIsSummedExactly_thenItStaysWithinAlphaAndBarely(int samples) {
        for (double alpha : new double[] {0.5, 0.05, 0.001, 1e-9, 1e-100}) {
            BigDecimal exactAlpha = new BigDecimal(alpha);
            for (int count = 1; count <= samples; ++count) {
                double bound = BinomialBound.lower(count, samples, alpha);
                String at = count + " of " + samples + " at " + alpha + ": " + bound;
                assertTrue(ExactBinomial.upperTail(count, samples, bound).compareTo(exactAlpha) <= 0, at);
                double above = bound * (1 + 1e-12);
                assertTrue(above >= 1 || ExactBinomial.upperTail(count, samples, above).compareTo(exactAlpha) > 0, at);
            }
        }
    }

    @Test
    void givenNoSuccess_whenBounded_thenZero() {
        assertEquals(0, BinomialBound.lower(0, 10_000, 0.001));
        assertEquals(1, BinomialBound.upper(10_000, 10_000, 0.001));
    }

    @Test
    void givenOneSuccess_whenBounded_thenMatchesClosedForm() {
        // T(p) = 1 - (1 - p)^n; expm1 and log1p keep the digits that the powers would lose.
        for (long samples : new long[] {2, 10, 1021, 10_000, 10_000_000}) {
            double closed = -Math.expm1(Math.log1p(-1e-9) / samples);
            assertEquals(closed, BinomialBound.lower(1, samples, 1e-9), 1e-12 * closed);
        }
    }

    @Test
    void givenBareMajority_whenBounded_thenAbstentionIsDecidedByTheLastVote() {
        assertTrue(BinomialBound.lower(5_155, 10_000, 0.001) < 0.5);
        assertTrue(BinomialBound.lower(5_156, 10_000, 0.001) > 0.5);
    }

    @Test
    void givenFailures_whenUpperBounded_thenMirrorsLowerRoundedUp() {
        double lower = BinomialBound.lower(17, 1_000, 0.01);
        BigDecimal mirrored = BigDecimal.ONE.subtract(new BigDecimal(lower));
        BigDecimal upper = new BigDecimal(BinomialBound.upper(983, 1_000, 0.01));
        assertTrue(upper.compareTo(mirrored) >= 0);
        assertEquals(mirrored.doubleValue(), upper.doubleValue(), 1e-15);
    }

    @Test
    void givenAccuracy_whenIntervalAsked_thenBothSidesAreClopperPearson() {
        // 50 of 100 at 95%: the textbook interval [0.3983, 0.6017].
        BinomialBound.Interval interval = BinomialBound.interval(50, 100, 0.95);
        assertJustBelow(new BigDecimal("0.3983211295033009805840799"), interval.lower());
        assertEquals(0.60167887049669902, interval.upper(), 1e-12);
        assertEquals(new BinomialBound.Interval(0, BinomialBound.upper(0, 9, 0.025)).lower(),
                BinomialBound.interval(0, 9, 0.95).lower());
    }

    @Test
    void givenAWholeReport_whenBounded_thenTakesSeconds() {
        // Measured at well under two seconds on two cores; the limit leaves room for a slow, shared machine.
        assertTimeout(Duration.ofSeconds(20), () -> {
            double sum = 0;
            for (int k = 0; k < 100_000; ++k) {
                sum += BinomialBound.lower(1 + k % 9_999, 10_000, 0.001);
            }
            assertTrue(sum > 0);
        });
    }

    @Test
    void givenBadArguments_whenBounded_thenMessageHoldsThem() {
        assertMessage("count must lie in [0, samples]: 11 of 10", () -> BinomialBound.lower(11, 10, 0.1));
        assertMessage("count must lie in [0, samples]: -1 of 10", () -> BinomialBound.upper(-1, 10, 0.1));
        assertMessage("samples must lie in [1, 2147483647]: 0", () -> BinomialBound.lower(0, 0, 0.1));
        assertMessage("alpha must lie in [1e-200, 0.5]: 0.75", () -> BinomialBound.lower(5, 10, 0.75));
        assertMessage("alpha must lie in [1e-200, 0.5]: NaN", () -> BinomialBound.lower(5, 10, Double.NaN));
        assertMessage("confidence must lie in (0, 1): 1.0", () -> BinomialBound.interval(5, 10, 1));
    }

    private static void assertMessage(String message, Runnable call) {
        assertEquals(message, assertThrows(IllegalArgumentException.class, call::run).getMessage());
    }
}
