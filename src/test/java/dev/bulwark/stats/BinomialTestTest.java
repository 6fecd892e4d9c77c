package dev.bulwark.stats;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.math.BigDecimal;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class BinomialTestTest {

    /** 40-digit tail sums (mpmath). The first two are also textbook values: 60 or 40 heads in 100 tosses. */
    @ParameterizedTest
    @CsvSource({
        "60, 100, 0.05688793364098079167",
        "40, 100, 0.05688793364098079167",
        "5, 7, 0.453125",
        "5155, 10000, 0.0020000816052735000805",
        "5005000, 10000000, 0.0015671019056953984809",
        "5000001, 10000000, 0.99974768675410581522",
        "5050000, 10000000, 1.7988462425529139228e-219",
        "999, 1000, 1.8683937642434441957e-298",
        "1010, 1080, 3.0786345458251806911e-214"
    })
    void givenHighPrecisionPValues_whenComputed_thenJustAbove(long successes, long trials, double exact) {
        double p = BinomialTest.twoSided(successes, trials);
        assertTrue(p >= exact, () -> p + " lies below " + exact);
        assertEquals(exact, p, 1e-10 * exact);
    }

    @Test
    void givenFewTrials_whenTailsAreSummedExactly_thenNeverBelow() {
        for (int trials = 1; trials <= 60; ++trials) {
            for (int successes = 0; successes <= trials; ++successes) {
                long larger = Math.max(successes, trials - successes);
                BigDecimal exact = ExactBinomial.upperTail(larger, trials, 0.5).multiply(BigDecimal.valueOf(2))
                        .min(BigDecimal.ONE);
                double p = BinomialTest.twoSided(successes, trials);
                String at = successes + " of " + trials + ": " + p + " for " + exact;
                assertTrue(new BigDecimal(p).compareTo(exact) >= 0, at);
                assertEquals(exact.doubleValue(), p, 1e-12 * exact.doubleValue(), at);
            }
        }
    }

    @Test
    void givenATie_whenTested_thenOne() {
        assertEquals(1, BinomialTest.twoSided(0, 0));
        assertEquals(1, BinomialTest.twoSided(5, 10));
        assertEquals(1, BinomialTest.twoSided(5, 11));
        assertEquals(1, BinomialTest.twoSided(5_000_000, 10_000_000));
    }

    @Test
    void givenAllAlike_whenTested_thenAPowerOfTwoAndNeverZero() {
        assertEquals(0x1p-99, BinomialTest.twoSided(100, 100));
        assertEquals(0x1p-99, BinomialTest.twoSided(0, 100));
        assertEquals(Double.MIN_VALUE, BinomialTest.twoSided(10_000_000, 10_000_000));
        assertTrue(BinomialTest.twoSided(9_999_999, 10_000_000) > 0);
    }

    @Test
    void givenBadArguments_whenTested_thenMessageHoldsThem() {
        assertEquals("successes must lie in [0, trials]: 8 of 7",
                assertThrows(IllegalArgumentException.class, () -> BinomialTest.twoSided(8, 7)).getMessage());
        assertEquals("trials must lie in [0, 2147483647]: -1",
                assertThrows(IllegalArgumentException.class, () -> BinomialTest.twoSided(0, -1)).getMessage());
    }
}
