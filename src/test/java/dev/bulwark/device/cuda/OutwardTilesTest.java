package dev.bulwark.device.cuda;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.bulwark.device.Affine;
import dev.bulwark.device.DeviceBuffer;
import java.util.SplittableRandom;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Which tile a GPU's size makes it use must not show in a certificate. */
@GpuTest
class OutwardTilesTest {

    /** Multiprocessors to fill: with one, the largest tile does; with this many, none does, and the smallest is taken. */
    private static final int ONE = 1;
    private static final int COUNTLESS = Integer.MAX_VALUE;

    @BeforeAll
    static void findAGpu() {
        TestGpu.isReal(); // loads the emulated driver where there is no other
    }

    @ParameterizedTest
    @CsvSource({"1,1,1", "31,33,31", "65,17,127", "129,40,65"})
    void givenAnyTile_whenPushedThroughAnAffineMap_thenEveryBitIsTheSame(int rows, int in, int out) {
        int between = (rows + 63) / 64 * ((out + 63) / 64); // 64 x 64 fills just these
        float[][] smallest = bounds(COUNTLESS, rows, in, out);
        for (int multiprocessors : new int[] {ONE, between}) {
            float[][] larger = bounds(multiprocessors, rows, in, out);
            assertArrayEquals(smallest[0], larger[0], "lower, for " + multiprocessors);
            assertArrayEquals(smallest[1], larger[1], "upper, for " + multiprocessors);
        }
    }

    private static float[][] bounds(int multiprocessors, int rows, int in, int out) {
        SplittableRandom random = new SplittableRandom(rows);
        float[] lower = values(random, rows * in);
        float[] upper = lower.clone();
        for (int k = 0; k < upper.length; ++k) {
            upper[k] += random.nextFloat();
        }
        lower[rows * in / 2] = Float.NaN; // unknown where the weights below are 0 for every other output
        float[] weights = values(random, in * out);
        for (int o = 0; o < out; o += 2) {
            weights[o * in + rows * in / 2 % in] = 0;
        }
        try (GpuContext gpu = new GpuContext(0)) {
            CudaMemory memory = new CudaMemory(gpu);
            try (Transfers transfers = new Transfers(memory);
                 LoadedModule module = LoadedModule.load(gpu, "outward_intervals", false);
                 DeviceBuffer l = written(memory, transfers, lower);
                 DeviceBuffer u = written(memory, transfers, upper);
                 DeviceBuffer weight = written(memory, transfers, weights);
                 DeviceBuffer bias = written(memory, transfers, values(random, out));
                 DeviceBuffer outLower = memory.allocate((long) rows * out);
                 DeviceBuffer outUpper = memory.allocate((long) rows * out)) {
                new CudaOutwardIntervals(multiprocessors, new KernelModule(memory, module))
                        .affine(l, u, rows, new Affine(weight, bias, in, out), outLower, outUpper);
                float[][] result = new float[2][rows * out];
                transfers.read(outLower, result[0]);
                transfers.read(outUpper, result[1]);
                return result;
            }
        }
    }

    private static DeviceBuffer written(CudaMemory memory, Transfers transfers, float[] values) {
        DeviceBuffer buffer = memory.allocate(values.length);
        transfers.write(values, buffer);
        return buffer;
    }

    private static float[] values(SplittableRandom random, int length) {
        float[] values = new float[length];
        for (int k = 0; k < length; ++k) {
            values[k] = (float) (random.nextDouble() * 2 - 1);
        }
        return values;
    }

    @Test
    void givenAFewIdleMultiprocessors_whenATileIsChosen_thenItFillsTheGpuAllTheSame() {
        assertTrue(CudaOutwardIntervals.fills(128, 132), "500 rows of 1,024 outputs in 64 x 64 tiles");
        assertTrue(CudaOutwardIntervals.fills(124, 132), "a sixteenth is idle");
        assertFalse(CudaOutwardIntervals.fills(123, 132), "more than a sixteenth is idle");
        assertTrue(CudaOutwardIntervals.fills(15, 15));
        assertFalse(CudaOutwardIntervals.fills(14, 15), "a sixteenth of few is none");
        assertFalse(CudaOutwardIntervals.fills(1L << 30, COUNTLESS));
    }

    @Test
    void givenAnEpsilon_whenTakenAsAFloat_thenItIsTheLeastAboveTheDouble() {
        assertEquals(0.1f, CudaOutwardIntervals.atLeast(0.1), "the nearest float is above the double");
        assertEquals(Math.nextUp(0.7f), CudaOutwardIntervals.atLeast(0.7), "the nearest float is below the double");
        assertEquals(Math.nextUp(0.25f), CudaOutwardIntervals.atLeast(0.25 + 0x1p-50), "the nearest float is below");
        assertEquals(0.25f, CudaOutwardIntervals.atLeast(0.25));
        assertEquals(0, CudaOutwardIntervals.atLeast(0));
        assertEquals(Float.POSITIVE_INFINITY, CudaOutwardIntervals.atLeast(1e300));
        assertTrue(Float.isNaN(CudaOutwardIntervals.atLeast(Double.NaN)));
    }
}
