package dev.bulwark.smoothing;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.bulwark.stats.BinomialBound;
import dev.bulwark.stats.StandardNormal;
import java.math.BigDecimal;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class CertificateTest {

    @Test
    void givenAllVotesAgree_whenCertified_thenRadiusMatchesClosedForm() {
        Radius radius = Radius.of(10_000, 10_000, 0.25, 0.001);
        double closedForm = Math.pow(0.001, 1e-4);
        assertEquals(closedForm, radius.pALower(), 1e-14);
        assertTrue(radius.pALower() <= closedForm);
        // 0.7996 is all that ten thousand votes can certify at sigma 0.25: a radius of 1 needs more samples.
        assertEquals(0.25 * 3.198577515, radius.value().getAsDouble(), 1e-9);
    }

    @Test
    void givenTheLastCountBelowHalf_whenCertified_thenAbstains() {
        assertEquals(new Certificate.Abstain(), Certificate.of(3, 5155, 10_000, 0.25, 0.001));
        Certificate next = Certificate.of(3, 5156, 10_000, 0.25, 0.001);
        assertEquals(3, assertInstanceOf(Certificate.Robust.class, next).label());
    }

    @Test
    void givenNoVotes_whenCertified_thenAbstains() {
        assertEquals(new Certificate.Abstain(), Certificate.of(0, 0, 100, 0.5, 0.001));
        assertEquals(0, Radius.of(0, 100, 0.5, 0.001).pALower());
    }

    @ParameterizedTest
    @CsvSource({"5200, 0.1", "6000, 0.25", "9000, 0.5", "9999, 1.0", "10000, 0.3"})
    void productOfSigmaAndQuantileRoundsDown(int count, double sigma) {
        double quantile = StandardNormal.quantile(BinomialBound.lower(count, 10_000, 0.001));
        BigDecimal exact = new BigDecimal(sigma).multiply(new BigDecimal(quantile));
        double radius = Radius.of(count, 10_000, sigma, 0.001).value().getAsDouble();
        assertTrue(new BigDecimal(radius).compareTo(exact) <= 0);
        assertEquals(new BigDecimal(Math.min(sigma, (float) sigma)).multiply(new BigDecimal(quantile)).doubleValue(), radius,
                4 * Math.ulp(radius));
    }

    /** Noise is drawn with a float: a radius holds for that, and for the sigma that the row states. */
    @ParameterizedTest
    @ValueSource(doubles = {0.1, 0.12, 0.3, 0.7, 0.9, 0.25, 0.5, 1})
    void givenSigmaBetweenTwoFloats_whenCertified_thenTheRadiusHoldsForBoth(double sigma) {
        double radius = Radius.of(9_000, 10_000, sigma, 0.001).value().orElseThrow();
        BigDecimal quantile = new BigDecimal(StandardNormal.quantile(BinomialBound.lower(9_000, 10_000, 0.001)));
        assertTrue(new BigDecimal(radius).compareTo(new BigDecimal((float) sigma).multiply(quantile)) < 0);
        assertTrue(new BigDecimal(radius).compareTo(new BigDecimal(sigma).multiply(quantile)) < 0);
        assertEquals(radius, new Certification(0, new int[] {9_000, 1_000}, 100, 10_000, 0.001, sigma).certificate()
                instanceof Certificate.Robust robust ? robust.radius() : 0, "certify and radius agree");
    }

    @ParameterizedTest
    @ValueSource(doubles = {0, -0.25, Double.NaN, Double.POSITIVE_INFINITY, 1e-60, 1e60})
    void givenSigmaThatIsNoDeviation_whenAsked_thenNamesIt(double sigma) {
        Exception refusal = assertThrows(IllegalArgumentException.class, () -> Radius.of(9, 10, sigma, 0.001));
        assertTrue(refusal.getMessage().contains("sigma") && refusal.getMessage().contains("" + sigma));
    }
}
