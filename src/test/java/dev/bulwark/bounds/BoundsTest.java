package dev.bulwark.bounds;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.math.BigDecimal;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class BoundsTest {

    private static Bounds bounds(float labelLower, float otherUpper, float margin) {
        Box logits = new Box(new float[] {labelLower, -9}, new float[] {9, otherUpper});
        return new Bounds(0, 0, logits, new float[] {0, margin});
    }

    @Test
    void givenMarginOfZero_whenAsked_thenNothingIsCertified() {
        assertFalse(bounds(-1, 1, 0).certified());
        assertTrue(bounds(-1, 1, Float.MIN_VALUE).certified());
    }

    @Test
    void givenTouchingLogits_whenAsked_thenBoxCertifiesNothing() {
        assertFalse(bounds(1, 1, 0).certifiedByBox());
        assertFalse(bounds(1, 1, 0).certified());
        assertTrue(bounds(Math.nextUp(1f), 1, 0).certifiedByBox());
    }

    @Test
    void givenMarginWeakerThanTheBox_whenAsked_thenTheBoxCounts() {
        Bounds bounds = bounds(2, 1, -3);
        assertArrayEquals(new float[] {0, 1}, bounds.marginLower());
        assertTrue(bounds.certified() && bounds.certifiedByBox());
        assertArrayEquals(new float[] {0, 5}, bounds(2, 1, 5).marginLower());
    }

    @Test
    void oneOpenMarginUndoesTheCertificate() {
        Box logits = new Box(new float[] {-9, 0, -9}, new float[] {9, 9, 9});
        assertTrue(new Bounds(1, 1, logits, new float[] {1, 0, 2}).certified());
        assertFalse(new Bounds(1, 1, logits, new float[] {1, 0, -2}).certified());
    }

    @Test
    void givenMarginThatIsNoNumber_whenAsked_thenTheBoxAloneCounts() {
        assertFalse(bounds(-1, 1, Float.NaN).certified());
        assertTrue(bounds(2, 1, Float.NaN).certified());
    }

    @Test
    void differencesRoundDownToTheGreatestFloatBelow() {
        SplittableRandom random = new SplittableRandom(3);
        for (int k = 0; k < 20_000; ++k) {
            float a = anyFloat(random);
            float b = anyFloat(random);
            float down = Bounds.subtractDown(a, b);
            BigDecimal exact = new BigDecimal(a).subtract(new BigDecimal(b));
            assertTrue(new BigDecimal(down).compareTo(exact) <= 0, a + " - " + b);
            float next = Math.nextUp(down);
            assertTrue(Float.isInfinite(next) || new BigDecimal(next).compareTo(exact) > 0, a + " - " + b);
        }
        assertEquals(Math.nextDown(1f), Bounds.subtractDown(1, Float.MIN_VALUE));
        assertEquals(1, Bounds.subtractDown(1, -Float.MIN_VALUE));
    }

    /** Any magnitude from 2^-60 to 2^60, so that differences lose bits even in double. */
    private static float anyFloat(SplittableRandom random) {
        return Math.scalb((float) (2 * random.nextDouble() - 1), random.nextInt(-60, 61));
    }

    @Test
    void givenMismatchedArguments_whenBuilt_thenNamesBoth() {
        Box logits = new Box(new float[] {0, 0}, new float[] {1, 1});
        assertThrows(IllegalArgumentException.class, () -> new Bounds(2, 0, logits, new float[2]));
        Exception refusal = assertThrows(IllegalArgumentException.class, () -> new Bounds(0, 0, logits, new float[3]));
        assertEquals("margins has 3 elements, logits 2", refusal.getMessage());
    }
}
