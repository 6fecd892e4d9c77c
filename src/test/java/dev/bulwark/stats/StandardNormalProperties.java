package dev.bulwark.stats;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.DoubleRange;
import net.jqwik.api.constraints.Scale;

class StandardNormalProperties {

    @Property
    void probabilityOfAQuantileComesBackFromBelow(@ForAll @DoubleRange(min = 0.5, max = 15) @Scale(9) double digits) {
        double p = Math.pow(10, -digits);
        double back = StandardNormal.cdf(StandardNormal.quantile(p));
        assertTrue(back <= p);
        assertEquals(p, back, 2e-12 * p);
    }

    @Property
    void probabilityNeverFalls(@ForAll @DoubleRange(min = -40, max = 9) @Scale(9) double x) {
        // Steps wider than both roundings: 1e-11 changes no tail here by less than its margin.
        assertTrue(StandardNormal.cdf(x) <= StandardNormal.cdf(x + Math.max(1e-11, 1e-11 * Math.abs(x))));
    }

    @Property
    void oppositeProbabilitiesNeverExceedOne(@ForAll @DoubleRange(min = 0, max = 40) @Scale(9) double x) {
        double sum = StandardNormal.cdf(x) + StandardNormal.cdf(-x);
        assertTrue(sum <= 1);
        assertEquals(1, sum, 2e-13);
    }
}
