package dev.bulwark.smoothing;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.bulwark.stats.BinomialBound;
import dev.bulwark.stats.Sampling;
import dev.bulwark.stats.StandardNormal;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class StoppingRuleTest {

    private static final double SIGMA = 0.5;
    private static final int N = 2_000;

    /** What became of one image. */
    private record Stop(int count, int samples) {

        double radius(double alpha) {
            return Radius.of(Sampling.SEQUENTIAL, count, samples, SIGMA, alpha).value().orElse(-1);
        }
    }

    /** Votes of a classifier that gives the guessed class to a noisy copy with probability p, until the rule stops. */
    private static Stop sample(StoppingRule rule, double p, SplittableRandom random) {
        int count = 0;
        int drawn = 0;
        for (int stage = 0; ; ++stage) {
            for (; drawn < rule.samples(stage); ++drawn) {
                count += random.nextDouble() < p ? 1 : 0;
            }
            if (rule.settled(stage, count)) {
                return new Stop(count, drawn);
            }
        }
    }

    /**
     * A linear classifier at distance R from its boundary has p = Phi(R / sigma): a certificate beyond R is false. Votes are
     * drawn as they come, not by network passes. That no more are false than alpha allows is decided by the exact binomial
     * tail: were the probability of a false certificate larger than alpha, so many would be seen with one in a million.
     */
    @ParameterizedTest
    @CsvSource({"0.25", "0.5", "0.01", "0.8"})
    void givenImagesAtTheirRadius_whenSampledManyTimes_thenFalseCertificatesAreNoMoreThanAlpha(double trueRadius) {
        double alpha = 0.01;
        double p = StandardNormal.cdf(trueRadius / SIGMA);
        StoppingRule rule = new StoppingRule(List.of(trueRadius / 2, trueRadius, trueRadius * 1.05), N, SIGMA, alpha);
        SplittableRandom random = new SplittableRandom(17);
        int images = 100_000;
        long wrong = 0;
        for (int k = 0; k < images; ++k) {
            wrong += sample(rule, p, random).radius(alpha) > trueRadius * (1 + 1e-9) ? 1 : 0;
        }
        double atLeast = BinomialBound.lower(wrong, images, 1e-6);
        assertTrue(atLeast <= alpha, wrong + " false certificates of " + images + " at alpha " + alpha);
        assertTrue(wrong > images * alpha / 50, "the boundary is where the test is hard: " + wrong);
    }

    /** The same if each vote count on the way may be chosen: what stopping when it suits must not gain by. */
    @Test
    void givenSomeoneWhoStopsWhenItSuits_whenSampledManyTimes_thenFalseBoundsAreNoMoreThanAlpha() {
        double alpha = 0.05;
        double p = 0.75;
        SplittableRandom random = new SplittableRandom(3);
        int images = 20_000;
        int most = 400;
        int[] enough = new int[most + 1];
        for (int n = 1, k = 0; n <= most; ++n) {
            while (k <= n && Sampling.SEQUENTIAL.lower(k, n, alpha) <= p) {
                ++k;
            }
            enough[n] = k;
            k = Math.max(0, k - 1);
        }
        long wrong = 0;
        long wrongFixed = 0;
        for (int i = 0; i < images; ++i) {
            int count = 0;
            boolean any = false;
            boolean anyFixed = false;
            for (int n = 1; n <= most; ++n) {
                count += random.nextDouble() < p ? 1 : 0;
                any |= count >= enough[n];
                anyFixed |= n % 20 == 0 && !anyFixed && Sampling.FIXED.lower(count, n, alpha) > p;
            }
            wrong += any ? 1 : 0;
            wrongFixed += anyFixed ? 1 : 0;
        }
        assertTrue(BinomialBound.lower(wrong, images, 1e-6) <= alpha, wrong + " of " + images);
        assertTrue(BinomialBound.lower(wrongFixed, images, 1e-6) > alpha, "the bound for fixed n is false too often: " + wrongFixed);
    }

    @Test
    void givenARadiusThatTheImageHas_whenSampled_thenItIsCertifiedAndSamplesAreSaved() {
        double alpha = 0.001;
        StoppingRule rule = new StoppingRule(List.of(0.25, 0.5), 10_000, SIGMA, alpha);
        SplittableRandom random = new SplittableRandom(5);
        long samples = 0;
        for (int k = 0; k < 500; ++k) {
            Stop stop = sample(rule, 0.99, random);
            assertTrue(stop.radius(alpha) >= 0.5, stop + "");
            samples += stop.samples;
        }
        assertTrue(samples < 500 * 300, "all agreeing would need 47 samples: " + samples / 500);
    }

    @Test
    void givenVotesThatAllAgree_whenSampled_thenItStopsOnceTheRadiusIsCertified() {
        StoppingRule rule = new StoppingRule(List.of(SIGMA), 10_000, SIGMA, 0.001);
        Stop stop = sample(rule, 1, new SplittableRandom(0));
        assertEquals(new Stop(48, 48), stop, "47 suffice, and votes are looked at after 32 and 48");
        assertTrue(stop.radius(0.001) >= SIGMA);
    }

    @Test
    void givenAnImageBelowARadius_whenSampled_thenItIsGivenUpEarlyAndSmallerRadiiAreKept() {
        StoppingRule rule = new StoppingRule(List.of(0.1, 1.0), 10_000, SIGMA, 0.001);
        Stop stop = sample(rule, 0.8, new SplittableRandom(1));
        assertTrue(stop.samples < 300, stop + "");
        assertTrue(stop.radius(0.001) >= 0.1, stop + "");
    }

    @Test
    void givenARadiusOutOfReachOfN_whenSampled_thenNoSamplesAreSpentOnIt() {
        StoppingRule rule = new StoppingRule(List.of(1.0), 10_000, 0.25, 0.001);
        assertTrue(rule.settled(0, 32), "32 votes certify r = 0, and no 10,000 certify r = 4 sigma");
    }

    /** No later stage certifies what was given up for want of samples. */
    @Test
    void givenCountsThatStillAllowARadius_whenLookedAt_thenItIsNotSettledUnlessTheTestSaysSo() {
        StoppingRule rule = new StoppingRule(List.of(0.5), 1_000, SIGMA, 0.001);
        int last = rule.stages() - 1;
        assertEquals(1_000, rule.samples(last));
        for (int stage = 0; stage < last; ++stage) {
            int samples = rule.samples(stage);
            for (int count = samples / 2; count <= samples; ++count) {
                boolean certified = Radius.of(Sampling.SEQUENTIAL, count, samples, SIGMA, 0.001).value().orElse(-1) >= 0.5;
                boolean possible = false;
                for (int later = stage + 1; later <= last; ++later) {
                    int best = count + rule.samples(later) - samples;
                    possible |= Radius.of(Sampling.SEQUENTIAL, best, rule.samples(later), SIGMA, 0.001).value().orElse(-1) >= 0.5;
                }
                double p = (double) count / samples;
                if (certified) {
                    assertTrue(Radius.of(Sampling.SEQUENTIAL, count, samples, SIGMA, 0.001).value().isPresent());
                    assertTrue(rule.settled(stage, count), count + " of " + samples);
                } else if (possible && p > 0.80) {
                    assertFalse(rule.settled(stage, count), count + " of " + samples);
                } else if (!possible && p > 0.65) {
                    assertTrue(rule.settled(stage, count), count + " of " + samples);
                }
            }
        }
    }

    @Test
    void givenAStage_whenVotesRise_thenWhatIsSettledDependsOnTheCountAlone() {
        StoppingRule one = new StoppingRule(List.of(0.5, 0.25, 0.0), 10_000, SIGMA, 0.001);
        StoppingRule other = new StoppingRule(List.of(0.25, 0.5), 10_000, SIGMA, 0.001);
        assertEquals(List.of(0.0, 0.25, 0.5), one.radii());
        assertEquals(one.radii(), other.radii());
        for (int stage = 0; stage < one.stages(); ++stage) {
            for (int count = 0; count <= one.samples(stage); count += 7) {
                assertEquals(one.settled(stage, count), other.settled(stage, count));
            }
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 31, 32, 33, 47, 48, 100, 1000})
    void givenAnyN_whenStagesAreMade_thenTheyRiseToN(int n) {
        StoppingRule rule = new StoppingRule(List.of(), n, SIGMA, 0.001);
        assertEquals(n, rule.n());
        assertEquals(n, rule.samples(rule.stages() - 1));
        for (int stage = 1; stage < rule.stages(); ++stage) {
            assertTrue(rule.samples(stage) > rule.samples(stage - 1));
        }
        assertTrue(rule.settled(rule.stages() - 1, n / 2));
    }

    @Test
    void givenArgumentsOutOfRange_whenMade_thenRefused() {
        assertThrows(IllegalArgumentException.class, () -> new StoppingRule(List.of(-1.0), 10, SIGMA, 0.1));
        assertThrows(IllegalArgumentException.class, () -> new StoppingRule(List.of(Double.NaN), 10, SIGMA, 0.1));
        assertThrows(IllegalArgumentException.class, () -> new StoppingRule(List.of(), 0, SIGMA, 0.1));
        assertThrows(IllegalArgumentException.class, () -> new StoppingRule(List.of(), 10, 0, 0.1));
    }
}
