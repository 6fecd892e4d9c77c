package dev.bulwark.device;

import static dev.bulwark.device.BackendFixture.ODD_LENGTHS;
import static dev.bulwark.device.BackendFixture.close;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Sums of elements and of columns. */
interface ReductionsContract extends OnBackend {

    @ParameterizedTest
    @CsvSource({"1,1", "3,2", "500,10", "65,1021", "1024,16", "1025,3", "1500,600", "25000,16", "25001,1", "8193,33",
        "4099,31", "700,65"})
    default void givenAMatrix_whenColumnsAreSummed_thenBetaWeighsWhatWasThere(int rows, int columns) {
        float[] x = values(rows * columns);
        double[] expected = new double[columns];
        for (int k = 0; k < x.length; ++k) {
            expected[k % columns] += x[k];
        }
        try (DeviceBuffer matrix = device(x); DeviceBuffer sums = backend().allocate(columns)) {
            backend().fill(sums, Float.NaN);
            backend().reductions().columnSums(matrix, rows, columns, 0f, sums);
            close(expected, host(sums), 1e-5);
            backend().reductions().columnSums(matrix, rows, columns, 1f, sums);
            for (int c = 0; c < columns; ++c) {
                expected[c] *= 2;
            }
            close(expected, host(sums), 1e-5);
        }
    }

    @Test
    default void givenManyElements_whenReduced_thenSumsAgreeWithDouble() {
        for (int length : ODD_LENGTHS) {
            float[] x = values(length);
            double sum = 0;
            double squares = 0;
            for (float v : x) {
                sum += v;
                squares += (double) v * v;
            }
            try (DeviceBuffer a = device(x); DeviceBuffer total = device(3f); DeviceBuffer square = device(Float.NaN)) {
                backend().reductions().sum(a, length, 2f, total);
                assertEquals(sum + 6, host(total)[0], 1e-5 * (6 + Math.abs(sum)));
                backend().reductions().sumOfSquares(a, length, 0f, square);
                assertEquals(squares, host(square)[0], 1e-6 * (1 + squares));
            }
        }
    }

    @Test
    default void givenASliceAtAnyOffset_whenReduced_thenItsElementsAloneCountAndTheBitsRepeat() {
        int length = 300_001;
        float[] x = values(length);
        double sum = 0;
        for (int i = 3; i < length - 1; ++i) {
            sum += x[i];
        }
        x[2] = Float.NaN;
        x[length - 1] = Float.NaN;
        try (DeviceBuffer a = device(x); DeviceBuffer total = device(0f, 0f, 0f)) {
            for (int turn = 0; turn < 2; ++turn) {
                backend().reductions().sum(a.slice(3, length - 4), length - 4, 0f, total.slice(turn, 1));
            }
            backend().reductions().sum(a, length, 0f, total.slice(2, 1));
            float[] totals = host(total);
            // A sum in double is as good as exact here, and is rounded to float once.
            assertEquals(sum, totals[0], Math.ulp((float) sum));
            assertEquals(totals[0], totals[1]);
            assertTrue(Float.isNaN(totals[2]));
        }
    }
}
