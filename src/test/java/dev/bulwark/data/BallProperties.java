package dev.bulwark.data;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.math.BigDecimal;
import java.math.MathContext;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.DoubleRange;
import net.jqwik.api.constraints.FloatRange;
import net.jqwik.api.constraints.IntRange;

class BallProperties {

    private static Ball aroundFloats(double epsilon) {
        return new Ball(Epsilon.parse(new BigDecimal(epsilon).toString()), Ball.Centre.FLOAT);
    }

    private static Ball aroundBytes(String epsilon) {
        return new Ball(Epsilon.parse(epsilon), Ball.Centre.BYTE);
    }

    @Property
    void endsAroundFloatsAreThoseOfTheFloatsWithinEpsilon(@ForAll @FloatRange(min = 0, max = 1) float x,
            @ForAll @DoubleRange(min = 0, max = 1) double share, @ForAll boolean tiny) {
        double epsilon = tiny ? Math.scalb(share, -140) : share;
        Ball ball = aroundFloats(epsilon);
        float lower = ball.least(new float[] {x})[0];
        float upper = ball.greatest(new float[] {x})[0];
        assertTrue(0 <= lower && lower <= x && x <= upper && upper <= 1);
        assertTrue(within(x, lower, epsilon) && within(x, upper, epsilon));
        assertTrue(lower == 0 || !within(x, Math.nextDown(lower), epsilon));
        assertTrue(upper == 1 || !within(x, Math.nextUp(upper), epsilon));
    }

    private static boolean within(float x, float other, double epsilon) {
        BigDecimal distance = new BigDecimal(x).subtract(new BigDecimal(other)).abs();
        return distance.compareTo(new BigDecimal(epsilon)) <= 0;
    }

    /** In whole numbers: |255 q f - q k| <= 255 p for a float f and epsilon p / q. */
    @Property
    void endsAroundBytesAreThoseOfTheFloatsWithinEpsilon(@ForAll @IntRange(max = 255) int value,
            @ForAll @IntRange(max = 400) int p, @ForAll @IntRange(min = 1, max = 400) int q) {
        Ball ball = aroundBytes(p + "/" + q);
        float[] x = {value / 255f};
        float lower = ball.least(x)[0];
        float upper = ball.greatest(x)[0];
        assertTrue(0 <= lower && lower <= upper && upper <= 1);
        if (p == 0) {
            return; // hardly any ball holds a float: tested below
        }
        assertTrue(withinByte(value, lower, p, q) && withinByte(value, upper, p, q), "inside");
        assertTrue(lower == 0 || !withinByte(value, Math.nextDown(lower), p, q), "the least");
        assertTrue(upper == 1 || !withinByte(value, Math.nextUp(upper), p, q), "the greatest");
    }

    @Property
    void distanceIsThatFromTheCentreAndNeverBeyondEpsilonInTheBall(@ForAll @IntRange(max = 255) int value,
            @ForAll @IntRange(min = 1, max = 400) int p, @ForAll @IntRange(min = 1, max = 400) int q,
            @ForAll @FloatRange(min = 0, max = 1) float point) {
        Ball ball = aroundBytes(p + "/" + q);
        float[] x = {value / 255f};
        for (float[] end : new float[][] {ball.least(x), ball.greatest(x)}) {
            assertTrue(ball.distance(x, end) <= ball.epsilon().nearest());
        }
        if (point != x[0]) {
            BigDecimal exact = new BigDecimal(point).multiply(BigDecimal.valueOf(255)).subtract(BigDecimal.valueOf(value))
                    .abs().divide(BigDecimal.valueOf(255), MathContext.DECIMAL128);
            assertEquals(exact.doubleValue(), ball.distance(x, new float[] {point}), 0x1p-51 * exact.doubleValue());
        }
        assertEquals(0, ball.distance(x, x));
    }

    private static boolean withinByte(int value, float other, int p, int q) {
        BigDecimal distance = new BigDecimal(other).multiply(BigDecimal.valueOf(255L * q))
                .subtract(BigDecimal.valueOf((long) value * q)).abs();
        return distance.compareTo(BigDecimal.valueOf(255L * p)) <= 0;
    }

    @Example
    void epsilonOfZeroLeavesTheInput() {
        float[] floats = {0, 0.1f, Float.MIN_VALUE, 1};
        float[] bytes = {0, 77 / 255f, 51 / 255f, 1};
        for (String epsilon : new String[] {"0", "1e-30"}) {
            assertArrayEquals(bytes, aroundBytes(epsilon).least(bytes), "no float is within it of 77 / 255");
        }
        assertArrayEquals(bytes, aroundBytes("0").greatest(bytes));
        assertArrayEquals(floats, aroundFloats(0).least(floats));
        assertArrayEquals(floats, aroundFloats(0).greatest(floats));
    }

    @Example
    void ballIsCutToTheUnitInterval() {
        float[] x = {0.25f, 0.75f};
        assertArrayEquals(new float[] {0, 0.25f}, aroundFloats(0.5).least(x));
        assertArrayEquals(new float[] {0.75f, 1}, aroundFloats(0.5).greatest(x));
        assertArrayEquals(new float[] {0}, aroundBytes("25.5").least(new float[] {128 / 255f}));
        assertArrayEquals(new float[] {1}, aroundBytes("1e300").greatest(new float[] {128 / 255f}));
    }

    /** 153 / 255 is 3/5, and its float is above that. The ball of radius 1/2 begins at 1/10, which no float is. */
    @Example
    void aByteIsTheCentreAndNotItsFloat() {
        float[] x = {153 / 255f};
        assertTrue(new BigDecimal(x[0]).compareTo(new BigDecimal("0.6")) > 0);
        float least = aroundBytes("1/2").least(x)[0];
        assertEquals(0.1f, least, "0.1f is above 1/10");
        assertTrue(aroundFloats(0.5).least(x)[0] > least, "the ball around the float begins further right");
    }

    @Example
    void givenWhatIsNoByte_whenTakenForOne_thenRefused() {
        for (float x : new float[] {Math.nextUp(0.2f), 0.001f, -1 / 255f, 256 / 255f, Float.NaN}) {
            assertThrows(IllegalArgumentException.class, () -> aroundBytes("0.1").least(new float[] {x}));
        }
        for (int value = 0; value < 256; ++value) {
            assertEquals(value / 255f, Pixels.Bytes.intensity(value));
        }
    }

    @Example
    void differenceThatDoubleRoundsToEpsilonStillExceedsIt() {
        // 1/2 + 2^-60 is no double; in double arithmetic it would pass for 1/2.
        assertEquals(0.5, (double) 0.5f - -0x1p-60f);
        assertTrue(aroundFloats(0.5).exceeds(0.5f, -0x1p-60f));
    }
}
