package dev.bulwark.attack;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.math.BigDecimal;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.DoubleRange;
import net.jqwik.api.constraints.FloatRange;

class InwardBoxProperties {

    @Property
    void boxHoldsExactlyTheFloatsWithinEpsilon(@ForAll @FloatRange(min = 0, max = 1) float x,
            @ForAll @DoubleRange(min = 0, max = 1) double share, @ForAll boolean tiny) {
        double epsilon = tiny ? Math.scalb(share, -140) : share;
        InwardBox box = InwardBox.around(new float[] {x}, epsilon);
        float lower = box.lower()[0];
        float upper = box.upper()[0];
        assertTrue(0 <= lower && lower <= x && x <= upper && upper <= 1);
        assertTrue(within(x, lower, epsilon) && within(x, upper, epsilon));
        assertTrue(lower == 0 || !within(x, Math.nextDown(lower), epsilon));
        assertTrue(upper == 1 || !within(x, Math.nextUp(upper), epsilon));
    }

    private static boolean within(float x, float other, double epsilon) {
        BigDecimal distance = new BigDecimal(x).subtract(new BigDecimal(other)).abs();
        return distance.compareTo(new BigDecimal(epsilon)) <= 0;
    }

    @Example
    void epsilonOfZeroLeavesTheImage() {
        float[] images = {0, 0.1f, Float.MIN_VALUE, 1};
        InwardBox box = InwardBox.around(images, 0);
        assertArrayEquals(images, box.lower());
        assertArrayEquals(images, box.upper());
    }

    @Example
    void boxIsCutToTheUnitInterval() {
        InwardBox box = InwardBox.around(new float[] {0.25f, 0.75f}, 0.5);
        assertArrayEquals(new float[] {0, 0.25f}, box.lower());
        assertArrayEquals(new float[] {0.75f, 1}, box.upper());
    }

    @Example
    void differenceThatDoubleRoundsToEpsilonStillExceedsIt() {
        // 1/2 + 2^-60 is no double; in double arithmetic it would pass for 1/2.
        assertEquals(0.5, (double) 0.5f - -0x1p-60f);
        assertTrue(InwardBox.exceeds(0.5f, -0x1p-60f, 0.5));
    }
}
