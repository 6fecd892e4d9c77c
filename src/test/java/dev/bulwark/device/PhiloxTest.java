package dev.bulwark.device;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.bulwark.device.NoiseKey.Stream;
import org.junit.jupiter.api.Test;

class PhiloxTest {

    @Test
    void givenRandom123sVectors_whenGenerated_thenWordsAreThePublishedOnes() {
        assertArrayEquals(new int[] {0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8},
                Philox.block(new int[] {0, 0, 0, 0}, 0, 0));
        assertArrayEquals(new int[] {0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd},
                Philox.block(new int[] {-1, -1, -1, -1}, -1, -1));
        assertArrayEquals(new int[] {0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1},
                Philox.block(new int[] {0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}, 0xa4093822, 0x299f31d0));
    }

    @Test
    void givenTheLayout_whenNeighboursAreDrawn_thenNoTwoElementsShareAWord() {
        NoiseKey key = new NoiseKey(3, Stream.ESTIMATION);
        var seen = new java.util.HashSet<Long>();
        for (int element = 0; element < 1024; ++element) {
            int counter = (element >> 6) * 16 + (element & 15);
            assertTrue(seen.add((long) counter << 2 | (element >> 4 & 3)), "element " + element);
        }
        assertNotEquals(Philox.word(key, 1, 2, 3), Philox.word(key, 2, 1, 3));
        assertNotEquals(Philox.word(key, 1, 2, 3), Philox.word(new NoiseKey(3, Stream.SELECTION), 1, 2, 3));
        assertNotEquals(Philox.word(key, 1, 2, 3), Philox.word(new NoiseKey(3L | 1L << 40, Stream.ESTIMATION), 1, 2, 3));
    }

    @Test
    void givenAnyWords_whenTransformed_thenTheyAreWithinAMillionthOfExactBoxMuller() {
        double worst = 0;
        for (int i = 0; i < 1_000_000; ++i) {
            int a = i * 0x9E3779B9;
            int b = i * 0x85EBCA6B + 77;
            double u = (a >>> 1) * 0x1p-31 + 0x1p-32;
            double radius = Math.sqrt(-2 * Math.log(u));
            double angle = (b & 0xFFFFFFFFL) * 0x1p-32 * 2 * Math.PI;
            float r = NormalTransform.radius(a);
            // u is rounded to float, which near 1 moves a small radius; away from there all errors are a few ulps.
            if (u < 0.999) {
                worst = Math.max(worst, Math.abs(r * NormalTransform.cosine(b) - radius * Math.cos(angle)));
                worst = Math.max(worst, Math.abs(r * NormalTransform.sine(b) - radius * Math.sin(angle)));
            }
        }
        assertTrue(worst < 1e-6, "largest error " + worst);
    }

    @Test
    void givenTheExtremeWords_whenTransformed_thenTailsReachSixPointSixAndNothingIsNaN() {
        assertTrue(NormalTransform.radius(0) > 6.6, "radius " + NormalTransform.radius(0));
        assertEquals(0f, Math.abs(NormalTransform.radius(-1)));
        for (int quarter = 0; quarter < 4; ++quarter) {
            int angle = quarter << 30;
            assertEquals(Math.cos(quarter * Math.PI / 2), NormalTransform.cosine(angle), 1e-7);
            assertEquals(Math.sin(quarter * Math.PI / 2), NormalTransform.sine(angle), 1e-7);
        }
    }

    @Test
    void givenManyNormals_whenCompared_thenTheirDistributionPassesKolmogorovSmirnov() {
        int n = 200_000;
        double[] z = new double[n];
        NoiseKey key = new NoiseKey(2026, Stream.BENCHMARK);
        for (int i = 0; i < n; ++i) {
            z[i] = Philox.normal(key, i / 784, i % 7, i % 784);
        }
        java.util.Arrays.sort(z);
        double distance = 0;
        var exact = new org.apache.commons.math3.distribution.NormalDistribution();
        for (int i = 0; i < n; ++i) {
            double cdf = exact.cumulativeProbability(z[i]);
            distance = Math.max(distance, Math.max(cdf - (double) i / n, (double) (i + 1) / n - cdf));
        }
        // 1.95 / sqrt(n) is the 0.1% point; the seed is fixed, so this never flickers.
        assertTrue(distance < 1.95 / Math.sqrt(n), "KS distance " + distance);
    }

    @Test
    void givenAnyWord_whenTransformed_thenNoNumberIsLargerThanTheLargest() {
        assertTrue(NormalTransform.radius(0) > 6.66 && NormalTransform.radius(0) == NormalTransform.radius(1));
        float largest = 0;
        for (int i = 0; i < 1_000_000; ++i) {
            int word = i * 0x9E3779B9;
            assertTrue(NormalTransform.radius(word) <= NormalTransform.radius(0));
            largest = Math.max(largest, Math.max(Math.abs(NormalTransform.cosine(word)),
                    Math.abs(NormalTransform.sine(word))));
        }
        assertTrue(NormalTransform.radius(0) * largest < NormalTransform.LARGEST);
    }
}
