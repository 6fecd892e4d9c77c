package dev.bulwark.stats;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.math.BigDecimal;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class StandardNormalTest {

    private static void assertJustBelow(BigDecimal exact, double value, double relative) {
        BigDecimal gap = exact.subtract(new BigDecimal(value));
        assertTrue(gap.signum() >= 0, () -> value + " lies above " + exact);
        assertTrue(gap.compareTo(exact.abs().multiply(new BigDecimal(relative))) <= 0,
                () -> value + " lies too far below " + exact);
    }

    /** 40-digit inverses (mpmath) at the exact double p: each of the three fits, both sides, and their seams. */
    @ParameterizedTest
    @CsvSource({
        "0.5000000000009095, 2.279765135091111462694032e-12",
        "0.51, 0.02506890825871105803269163",
        "0.6, 0.2533471031357997413246887",
        "0.75, 0.674489750196081743202227",
        "0.9, 1.281551565544600593487448",
        "0.924, 1.432502720825811909988681",
        "0.926, 1.446632067158978807006145",
        "0.975, 1.959963984540053855604431",
        "0.99, 2.326347874040840767637189",
        "0.999, 3.090232306167813277758202",
        "0.9993094630025899, 3.19857751473833810749987",
        "0.999999999, 5.997807019601637426423078",
        "0.9999999999999999, 8.209536151601386855630769",
        "0.49, -0.02506890825871105803269163",
        "0.1, -1.281551565544600435334517",
        "0.001, -3.090232306167813535358005",
        "1e-9, -5.997807015007686861445655",
        "1e-100, -21.27345356096532429417952",
        "4.9e-324, -38.46740561714434625078436"
    })
    void givenHighPrecisionQuantiles_whenComputed_thenJustBelow(double p, BigDecimal exact) {
        assertJustBelow(exact, StandardNormal.quantile(p), 2e-14);
    }

    /** 40-digit values (mpmath), on both sides of the seams at 1 and -1. */
    @ParameterizedTest
    @CsvSource({
        "-20, 2.753624118606233695075623e-89",
        "-5, 0.0000002866515718791939116737523",
        "-2.0001, 0.02274473339141054710215926",
        "-1.9999, 0.02275553158476718647577332",
        "-1.0001, 0.1586310580688587603237789",
        "-1, 0.1586552539314570514147675",
        "-0.001, 0.499601057786088937407105",
        "0, 0.5",
        "-0.9999, 0.1586794522137625836638111",
        "0.5, 0.6914624612740131036377046",
        "1.9999, 0.9772444684152328135242267",
        "2, 0.9772498680518207927997174",
        "3, 0.9986501019683699054733482",
        "6, 0.9999999990134123549623019",
        "8, 0.9999999999999993779039426"
    })
    void givenHighPrecisionProbabilities_whenComputed_thenJustBelow(double x, BigDecimal exact) {
        assertJustBelow(exact, StandardNormal.cdf(x), 3e-13);
    }

    @Test
    void givenTheMiddle_whenInverted_thenExactlyZero() {
        assertEquals(0, StandardNormal.quantile(0.5));
    }

    @ParameterizedTest
    @ValueSource(doubles = {0, 1, -0.1, 1.5, Double.NaN})
    void givenNoOpenProbability_whenInverted_thenMessageHoldsIt(double p) {
        assertEquals("p must lie strictly between 0 and 1: " + p,
                assertThrows(IllegalArgumentException.class, () -> StandardNormal.quantile(p)).getMessage());
    }

    @Test
    void givenTheFarEnds_whenEvaluated_thenStayProbabilities() {
        assertEquals(0, StandardNormal.cdf(Double.NEGATIVE_INFINITY));
        assertEquals(0, StandardNormal.cdf(-1e200));
        assertEquals(0, StandardNormal.cdf(-38));
        assertEquals(Math.nextDown(1.0), StandardNormal.cdf(1e200));
        assertEquals(Math.nextDown(1.0), StandardNormal.cdf(Double.POSITIVE_INFINITY));
        assertThrows(IllegalArgumentException.class, () -> StandardNormal.cdf(Double.NaN));
    }
}
