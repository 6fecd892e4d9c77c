package dev.bulwark.audit;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.bulwark.smoothing.Radius;
import dev.bulwark.stats.BinomialBound;
import dev.bulwark.stats.Sampling;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/** Statistics of smoothing, checked by decimals, against those that the program derives in doubles. */
class SmoothingCertificateTest {

    private static SmoothingCertificate of(long count, long n, double alpha, double p, double radius) {
        boolean robust = p > 0.5;
        return new SmoothingCertificate(3, 0, robust ? 0 : -1, robust ? radius : 0, p, count, List.of(count, n - count),
                100, n, alpha, 0.5, 0, false, false, n);
    }

    private static SmoothingCertificate sequential(long count, long samples, double alpha, double p, double radius) {
        boolean robust = p > 0.5;
        return new SmoothingCertificate(3, 0, robust ? 0 : -1, robust ? radius : 0, p, count, List.of(count, samples - count),
                100, 10_000, alpha, 0.5, 0, false, true, samples);
    }

    @Test
    void givenSequentialRowsThatTheProgramDerives_whenChecked_thenTheyAreSupportedAndALittleMoreIsNot() {
        SplittableRandom random = new SplittableRandom(6);
        for (int k = 0; k < 60; ++k) {
            long samples = random.nextLong(10, 2000);
            long count = random.nextLong(k % 2 == 0 ? samples / 2 : 0, samples + 1);
            double alpha = random.nextBoolean() ? 0.001 : 0.05;
            double p = Sampling.SEQUENTIAL.lower(count, samples, alpha);
            double radius = Radius.of(Sampling.SEQUENTIAL, count, samples, 0.5, alpha).value().orElse(0);
            assertEquals(Optional.empty(), sequential(count, samples, alpha, p, radius).complaint(), count + " of " + samples);
            if (p > 0) {
                assertTrue(sequential(count, samples, alpha, Math.min(1, p * (1 + 1e-7)), radius).complaint().isPresent());
                assertTrue(sequential(count, samples, alpha, p * (1 - 1e-4), radius).complaint().isPresent());
                assertTrue(sequential(count, samples, alpha, 0, 0).complaint().isPresent());
            } else {
                assertTrue(sequential(count, samples, alpha, 0.25, 0).complaint().isPresent());
            }
            double fixed = BinomialBound.lower(count, samples, alpha);
            if (fixed > 0.3) {
                assertTrue(sequential(count, samples, alpha, fixed, radius).complaint().isPresent(), "not valid at any time");
            }
        }
    }

    @Test
    void givenLinesOfEveryKind_whenRead_thenSamplingIsKnownOrRefused() {
        String line = "{\"index\":0,\"label\":0,\"predict\":-1,\"radius\":0.0,\"p_a_lower\":0.0,\"count\":0,\"counts\":[0,32],\"n0\":1,"
                + "\"n\":100,\"alpha\":0.1,\"sigma\":1.0,\"seed\":0%s}";
        assertEquals(100, SmoothingCertificate.read(line.formatted("")).samples());
        SmoothingCertificate row = SmoothingCertificate.read(line.formatted(
                ",\"noise\":\"gaussian\",\"sampling\":\"sequential\",\"samples\":32"));
        assertEquals(32, row.samples());
        assertEquals(Optional.empty(), row.complaint());
        assertTrue(SmoothingCertificate.read(line.formatted(",\"sampling\":\"fixed\",\"samples\":32")).complaint().isPresent());
        for (String other : List.of(",\"sampling\":\"often\"", ",\"noise\":\"cauchy\"", ",\"samples\":-1")) {
            assertThrows(AuditException.class, () -> SmoothingCertificate.read(line.formatted(other)), other);
        }
    }

    @Test
    void givenAllVotesAgree_whenChecked_thenTheClosedFormIsTheLimit() {
        double p = Math.pow(0.001, 1e-3);
        assertEquals(Optional.empty(), of(1000, 1000, 0.001, p - 1e-15, Radius.of(1000, 1000, 0.5,
                0.001).value().orElseThrow()).complaint());
        assertTrue(of(1000, 1000, 0.001, p + 1e-14, 0.5).complaint().orElseThrow().contains("p_a_lower claims"));
    }

    /** 0.3 is less than the float nearest to it, and discrete noise is drawn with the decimal. */
    @Test
    void givenARadiusThatTheFloatNearestToSigmaSupports_whenNoiseIsDiscrete_thenItIsTooLarge() {
        Radius derived = Radius.of(990, 1000, 0.3, 0.001);
        double more = derived.value().orElseThrow() * ((float) 0.3 / 0.3) * (1 - 1e-12);
        for (double radius : new double[] {derived.value().orElseThrow(), more}) {
            for (boolean discrete : new boolean[] {false, true}) {
                Optional<String> complaint = new SmoothingCertificate(3, 0, 0, radius, derived.pALower(), 990, List.of(990L, 10L),
                        100, 1000, 0.001, 0.3, 0, discrete, false, 1000).complaint();
                assertEquals(discrete && radius == more, complaint.isPresent(), radius + " " + discrete + " " + complaint);
            }
        }
    }

    @Test
    void givenRowsThatTheProgramDerives_whenChecked_thenTheyAreSupportedAndALittleMoreIsNot() {
        SplittableRandom random = new SplittableRandom(5);
        for (int k = 0; k < 60; ++k) {
            long n = random.nextLong(10, 2000);
            long count = random.nextLong(n + 1);
            double alpha = random.nextBoolean() ? 0.001 : 0.05;
            double p = BinomialBound.lower(count, n, alpha);
            double radius = Radius.of(count, n, 0.5, alpha).value().orElse(0);
            assertEquals(Optional.empty(), of(count, n, alpha, p, radius).complaint(), count + " of " + n);
            if (count > 0) {
                assertTrue(of(count, n, alpha, Math.min(1, p * (1 + 1e-7)), radius).complaint().isPresent());
                assertTrue(of(count, n, alpha, p * (1 - 1e-4), radius).complaint().isPresent());
            }
            if (p > 0.5) {
                assertTrue(of(count, n, alpha, p, radius * (1 + 1e-7)).complaint().isPresent());
                assertTrue(of(count, n, alpha, p, radius * (1 - 1e-3)).complaint().isPresent());
            }
        }
    }
}
