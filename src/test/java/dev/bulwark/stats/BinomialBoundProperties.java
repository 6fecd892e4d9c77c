package dev.bulwark.stats;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.math.BigDecimal;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.DoubleRange;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Scale;

class BinomialBoundProperties {

    @Property
    void boundRisesWithTheCount(@ForAll @IntRange(min = 1, max = 10_000_000) int samples,
            @ForAll @DoubleRange(min = 0, max = 1) @Scale(9) double share, @ForAll @DoubleRange(min = 1, max = 9) double digits) {
        long count = (long) (share * (samples - 1));
        double alpha = Math.pow(10, -digits);
        double bound = BinomialBound.lower(count, samples, alpha);
        assertTrue(bound < BinomialBound.lower(count + 1, samples, alpha));
        assertTrue(bound <= (double) count / samples);
    }

    @Property
    void boundFallsWithAlpha(@ForAll @IntRange(min = 1, max = 1_000_000) int samples,
            @ForAll @DoubleRange(min = 0, max = 1) @Scale(9) double share, @ForAll @DoubleRange(min = 1, max = 9) double digits) {
        long count = 1 + (long) (share * (samples - 1));
        double alpha = Math.pow(10, -digits);
        assertTrue(BinomialBound.lower(count, samples, alpha / 2) < BinomialBound.lower(count, samples, alpha));
    }

    @Property
    void intervalHoldsTheObservedShare(@ForAll @IntRange(min = 1, max = 100_000) int samples,
            @ForAll @DoubleRange(min = 0, max = 1) @Scale(9) double share, @ForAll @DoubleRange(min = 0.01, max = 0.99) double confidence) {
        long count = (long) (share * samples);
        BinomialBound.Interval interval = BinomialBound.interval(count, samples, confidence);
        double observed = (double) count / samples;
        assertTrue(interval.lower() <= observed && observed <= interval.upper());
    }

    @Property(tries = 200)
    void exactTailStaysWithinAlpha(@ForAll @IntRange(min = 1, max = 60) int samples,
            @ForAll @DoubleRange(min = 0, max = 1) @Scale(9) double share, @ForAll @DoubleRange(min = 0.4, max = 30) double digits) {
        long count = 1 + (long) (share * (samples - 1));
        double alpha = Math.pow(10, -digits);
        double bound = BinomialBound.lower(count, samples, alpha);
        assertTrue(ExactBinomial.upperTail(count, samples, bound).compareTo(new BigDecimal(alpha)) <= 0);
    }
}
