package dev.bulwark.device.cpu;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;

import dev.bulwark.device.DeviceBuffer;
import java.util.Arrays;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Both kinds of sums against a plain loop; of small integers, whose sums are exact in any order. */
class IntervalSumsTest {

    private final SplittableRandom random = new SplittableRandom(4);

    @Test
    void givenThisJvm_whenAsked_thenItsVectorsAreUsed() {
        assertInstanceOf(VectorSums.class, Libraries.sums());
    }

    @ParameterizedTest
    @CsvSource({"1, 1, 0, 1", "4, 9, 0, 9", "5, 33, 7, 20", "16, 100, 99, 1", "13, 8, 3, 0"})
    void givenRowsOfBoxes_whenSummed_thenBothKindsAgreeWithTheLoop(int rows, int in, int first, int columns) {
        for (IntervalSums sums : new IntervalSums[] {new ScalarSums(), Libraries.sums()}) {
            int outputs = sums.outputs();
            int padded = (in + OutwardIntervals.COLUMNS - 1) / OutwardIntervals.COLUMNS * OutwardIntervals.COLUMNS;
            double[] tile = new double[padded * outputs];
            for (int k = first * outputs; k < (first + columns) * outputs; ++k) {
                tile[k] = random.nextInt(-9, 10);
            }
            try (CpuBackend backend = CpuBackend.plainJava(); DeviceBuffer lower = backend.allocate((long) rows * in);
                 DeviceBuffer upper = backend.allocate((long) rows * in)) {
                float[] l = new float[rows * in];
                float[] u = new float[rows * in];
                for (int k = 0; k < l.length; ++k) {
                    l[k] = random.nextInt(-5, 6);
                    u[k] = l[k] + random.nextInt(0, 4);
                }
                backend.write(l, lower);
                backend.write(u, upper);
                double[][] centre = new double[rows][outputs];
                double[][] radius = new double[rows][outputs];
                double[][] expectedCentre = new double[rows][outputs];
                double[][] expectedRadius = new double[rows][outputs];
                for (int n = 0; n < rows; ++n) {
                    Arrays.fill(centre[n], n);
                    Arrays.fill(expectedCentre[n], n);
                    for (int i = 0; i < in; ++i) {
                        for (int j = 0; j < outputs; ++j) {
                            double w = tile[i * outputs + j];
                            expectedCentre[n][j] += w * (u[n * in + i] + l[n * in + i]) / 2;
                            expectedRadius[n][j] += Math.abs(w) * (u[n * in + i] - l[n * in + i]) / 2;
                        }
                    }
                }
                sums.add(tile, new Band(0, outputs, first, columns), OutwardIntervals.Inputs.of(lower, upper, 0, rows, in),
                        centre, radius);
                assertArrayEquals(expectedCentre, centre);
                assertArrayEquals(expectedRadius, radius);
            }
        }
    }
}
