package dev.bulwark.audit;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.bulwark.smoothing.Radius;
import dev.bulwark.stats.BinomialBound;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/** Statistics of smoothing, checked by decimals, against those that the program derives in doubles. */
class SmoothingCertificateTest {

    private static SmoothingCertificate of(long count, long n, double alpha, double p, double radius) {
        boolean robust = p > 0.5;
        return new SmoothingCertificate(3, 0, robust ? 0 : -1, robust ? radius : 0, p, count, List.of(count, n - count),
                100, n, alpha, 0.5, 0);
    }

    @Test
    void givenAllVotesAgree_whenChecked_thenTheClosedFormIsTheLimit() {
        double p = Math.pow(0.001, 1e-3);
        assertEquals(Optional.empty(), of(1000, 1000, 0.001, p - 1e-15, Radius.of(1000, 1000, 0.5,
                0.001).value().orElseThrow()).complaint());
        assertTrue(of(1000, 1000, 0.001, p + 1e-14, 0.5).complaint().orElseThrow().contains("p_a_lower claims"));
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
