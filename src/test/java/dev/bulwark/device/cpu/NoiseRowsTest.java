package dev.bulwark.device.cpu;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.bulwark.device.NoiseKey.Stream;
import dev.bulwark.device.NoiseKey;
import dev.bulwark.device.Philox;
import java.math.BigDecimal;
import java.util.Arrays;
import org.junit.jupiter.api.Test;

class NoiseRowsTest {

    @Test
    void givenTies_whenRoundedToBf16_thenTheNearestWinsAndTheEvenAtATie() {
        // bf16 keeps seven bits: neighbours of 1 are 1 - 2^-8 and 1 + 2^-7.
        assertEquals(0x3F80, ScalarNoise.bfloat16(1f));
        assertEquals(0x3F80, ScalarNoise.bfloat16(1f + 0x1p-8f));
        assertEquals(0x3F82, ScalarNoise.bfloat16(1f + 0x1p-7f + 0x1p-8f));
        assertEquals(0x3F81, ScalarNoise.bfloat16(1f + 0x1p-8f + 0x1p-20f));
        assertEquals((short) 0xBF80, ScalarNoise.bfloat16(-1f));
        assertEquals(0, ScalarNoise.bfloat16(0f));
    }

    @Test
    void givenRandomFloats_whenRoundedToBf16_thenNoOtherBf16IsNearer() {
        NoiseKey key = new NoiseKey(4, Stream.BENCHMARK);
        for (int i = 0; i < 20_000; ++i) {
            float x = Philox.normal(key, 0, i, 0) * (1 << i % 20);
            int bits = ScalarNoise.bfloat16(x) << 16;
            BigDecimal error = distance(x, bits);
            assertTrue(error.compareTo(distance(x, bits + 0x10000)) <= 0, "the next one out is nearer to " + x);
            assertTrue(error.compareTo(distance(x, bits - 0x10000)) <= 0, "the next one in is nearer to " + x);
        }
    }

    private static BigDecimal distance(float x, int bits) {
        return new BigDecimal(x).subtract(new BigDecimal(Float.intBitsToFloat(bits))).abs();
    }

    @Test
    void givenVectors_whenNoiseIsMade_thenEveryBitIsTheScalarTwins() {
        NoiseRows fast = Libraries.noise();
        assumeTrue(!(fast instanceof ScalarNoise), "this JVM has no vector module");
        NoiseRows slow = new ScalarNoise();
        for (int columns : new int[] {1, 15, 33, 64, 784, 1021}) {
            int padded = Philox.paddedLength(columns);
            int[] words = new int[padded];
            float[] z = new float[padded];
            float[] expected = new float[padded];
            float[] x = new float[columns];
            short[] sum = new short[columns];
            short[] expectedSum = new short[columns];
            NoiseKey key = new NoiseKey(-columns, Stream.ESTIMATION);
            fast.normals(key, 77, columns, columns, words, z);
            slow.normals(key, 77, columns, columns, words, expected);
            assertArrayEquals(Arrays.copyOf(expected, columns), Arrays.copyOf(z, columns));
            for (int i = 0; i < columns; ++i) {
                x[i] = i * 0.001f;
            }
            fast.scaledSum(x, z, 0.37f, columns, sum);
            slow.scaledSum(x, z, 0.37f, columns, expectedSum);
            assertArrayEquals(expectedSum, sum);
        }
    }
}
