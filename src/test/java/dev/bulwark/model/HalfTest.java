package dev.bulwark.model;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.math.BigDecimal;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class HalfTest {

    private static final int INFINITY = 0x7C00;

    @Test
    void givenEveryHalf_whenConvertedThereAndBack_thenSameBits() {
        for (int bits = 0; bits <= 0xFFFF; ++bits) {
            assertEquals((short) bits, Half.fromFloat(Half.toFloat((short) bits)), Integer.toHexString(bits));
        }
    }

    @Test
    void givenEveryFiniteHalf_whenRead_thenItsDefinition() {
        for (int bits = 0; bits < INFINITY; ++bits) {
            int exponent = bits >> 10;
            int fraction = bits & 0x3FF;
            double value = exponent == 0
                    ? Math.scalb((double) fraction, -24)
                    : Math.scalb(1024.0 + fraction, exponent - 25);
            assertEquals(value, Half.toFloat((short) bits));
            assertEquals(-value, Half.toFloat((short) (bits | 0x8000)));
        }
        assertEquals(Float.POSITIVE_INFINITY, Half.toFloat((short) INFINITY));
        assertEquals(Float.NEGATIVE_INFINITY, Half.toFloat((short) 0xFC00));
        assertTrue(Float.isNaN(Half.toFloat((short) 0x7E00)));
    }

    /** Values on and beside ties, worked out by hand. */
    @ParameterizedTest
    @CsvSource({
        "1, 3C00", "-2, C000", "65504, 7BFF", "65519.996, 7BFF", "65520, 7C00", "3.4e38, 7C00", "-1e9, FC00",
        "2049, 6800", "2051, 6802", "0x1p-24, 1", "0x1p-25, 0", "0x1.000002p-25, 1", "0x1.8p-24, 2",
        "0x1p-14, 400", "0x1.ff8p-15, 3FF", "0x1.ffbp-15, 3FF", "0x1.ffcp-15, 400", "-0.0, 8000", "1e-45, 0",
        "Infinity, 7C00"
    })
    void givenHandWorkedValues_whenRounded_thenNearestEven(float value, String hex) {
        assertEquals((short) Integer.parseInt(hex, 16), Half.fromFloat(value));
    }

    @Test
    void givenRandomFloats_whenRounded_thenAgreeWithExactSearch() {
        Random random = new Random(7);
        for (int n = 0; n < 20_000; ++n) {
            float anything = Float.intBitsToFloat(random.nextInt() & 0x7FFFFFFF);
            float inRange = Math.scalb(1 + random.nextFloat(), random.nextInt(44) - 27);
            assertNearest(n % 4 == 0 ? anything : inRange);
        }
    }

    @Test
    void givenEveryTieAndItsNeighbours_whenRounded_thenAgreeWithExactSearch() {
        for (int bits = 0; bits < INFINITY - 1; ++bits) {
            float tie = (Half.toFloat((short) bits) + Half.toFloat((short) (bits + 1))) / 2;
            assertEquals((short) (bits + (bits & 1)), Half.fromFloat(tie));
            assertEquals((short) bits, Half.fromFloat(Math.nextDown(tie)));
            assertEquals((short) (bits + 1), Half.fromFloat(Math.nextUp(tie)));
        }
    }

    private static void assertNearest(float magnitude) {
        if (!Float.isNaN(magnitude)) {
            int expected = Float.isInfinite(magnitude) ? INFINITY : nearest(new BigDecimal(magnitude));
            assertEquals((short) expected, Half.fromFloat(magnitude), () -> "" + magnitude);
            assertEquals((short) (expected | 0x8000), Half.fromFloat(-magnitude), () -> "-" + magnitude);
        }
    }

    /** Bisects the halves, with 2^16 in infinity's place, as IEEE 754 rounds; compares distances exactly. */
    private static int nearest(BigDecimal value) {
        int below = 0;
        int above = INFINITY;
        if (value.compareTo(exact(above)) >= 0) {
            return INFINITY;
        }
        while (above - below > 1) {
            int middle = (below + above) / 2;
            if (exact(middle).compareTo(value) <= 0) {
                below = middle;
            } else {
                above = middle;
            }
        }
        int nearer = value.subtract(exact(below)).compareTo(exact(above).subtract(value));
        return nearer < 0 || nearer == 0 && below % 2 == 0 ? below : above;
    }

    private static BigDecimal exact(int bits) {
        return bits == INFINITY ? BigDecimal.valueOf(65_536) : new BigDecimal(Half.toFloat((short) bits));
    }
}
