package dev.bulwark.device;

import static dev.bulwark.device.BackendFixture.close;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.Arrays;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Steps whose sizes adapt, against their definitions in double. */
interface AscentStepsContract extends OnBackend {

    private static double clamped(double x, double low, double high) {
        return Math.max(low, Math.min(high, x));
    }

    @ParameterizedTest
    @CsvSource({"1,1,1", "3,31,0.75", "70,33,0.75", "5,1021,0.25"})
    default void givenGradients_whenASignedStepIsTaken_thenItFollowsMomentumInsideTheBox(int rows, int columns, float momentum) {
        int size = rows * columns;
        float[] x = values(size);
        float[] before = values(size);
        float[] up = values(size);
        up[size / 2] = 0;
        up[0] = Float.NaN;
        float[] low = mapped(x, v -> v - 0.3);
        float[] high = mapped(x, v -> v + 0.1);
        float[] lengths = mapped(values(rows), v -> 0.2 + 0.1 * v);
        double[] expected = new double[size];
        for (int k = 0; k < size; ++k) {
            double sign = Float.isNaN(up[k]) ? 0 : Math.signum(up[k]);
            double ahead = clamped(x[k] + lengths[k / columns] * sign, low[k], high[k]);
            expected[k] = clamped(x[k] + momentum * (ahead - x[k]) + (1 - momentum) * ((double) x[k] - before[k]), low[k], high[k]);
        }
        try (DeviceBuffer at = device(x); DeviceBuffer previous = device(before); DeviceBuffer gradients = device(up);
             DeviceBuffer far = device(lengths); DeviceBuffer lower = device(low); DeviceBuffer upper = device(high)) {
            backend().ascentSteps().signedStep(at, previous, gradients, far, momentum, lower, upper, rows, columns);
            close(expected, host(at), 1e-6);
            assertArrayEquals(x, host(previous));
        }
    }

    @ParameterizedTest
    @CsvSource({"1", "33", "70001"})
    default void givenAPointAhead_whenMomentumIsTaken_thenItIsTheDefinition(int length) {
        float[] x = values(length);
        float[] before = values(length);
        float[] end = values(length);
        double[] expected = IntStream.range(0, length)
                .mapToDouble(k -> x[k] + 0.75 * (end[k] - x[k]) + 0.25 * ((double) x[k] - before[k])).toArray();
        try (DeviceBuffer at = device(x); DeviceBuffer previous = device(before); DeviceBuffer ahead = device(end)) {
            backend().ascentSteps().momentum(ahead, at, previous, 0.75f, length);
            close(expected, host(at), 1e-6);
            assertArrayEquals(x, host(previous));
        }
    }

    @ParameterizedTest
    @CsvSource({"1,1,0.5", "3,31,0", "3,31,0.2", "70,33,0.9", "2,1021,1", "9,300,0.05"})
    default void givenFractions_whenASparseStepIsTaken_thenTheLargestGradientsMoveAlike(int rows, int columns, float fraction) {
        float[] x = values(rows * columns);
        float[] up = mapped(values(rows * columns), v -> Math.round(v * 40) / 8.0); // ties
        float[] lengths = mapped(values(rows), v -> 2 + v);
        float[] fractions = new float[rows];
        Arrays.fill(fractions, fraction);
        double[] expected = new double[x.length];
        for (int n = 0; n < rows; ++n) {
            float[] sizes = new float[columns];
            for (int e = 0; e < columns; ++e) {
                sizes[e] = Math.abs(up[n * columns + e]);
            }
            float[] sorted = sizes.clone();
            Arrays.sort(sorted);
            float least = sorted[Math.min((int) ((1f - fraction) * columns), columns - 1)];
            double taken = IntStream.range(0, columns).filter(e -> sizes[e] >= least && sizes[e] > 0).count();
            for (int e = 0; e < columns; ++e) {
                int k = n * columns + e;
                expected[k] = x[k] + (sizes[e] >= least && sizes[e] > 0 ? lengths[n] / taken * Math.signum(up[k]) : 0);
            }
        }
        try (DeviceBuffer at = device(x); DeviceBuffer gradients = device(up); DeviceBuffer parts = device(fractions);
             DeviceBuffer far = device(lengths)) {
            backend().ascentSteps().sparseStep(at, gradients, parts, far, rows, columns);
            close(expected, host(at), 1e-6);
        }
    }

    @Test
    default void givenGradientsThatAreNone_whenASparseStepIsTaken_thenNothingMoves() {
        float[] x = {0.5f, 0.25f, 0.5f, 0.25f, 0.5f, 0.25f};
        try (DeviceBuffer at = device(x); DeviceBuffer gradients = device(0, 0, Float.NaN, 1, 2, Float.NEGATIVE_INFINITY);
             DeviceBuffer parts = device(1, 1, 1); DeviceBuffer far = device(1, 1, 1)) {
            backend().ascentSteps().sparseStep(at, gradients, parts, far, 3, 2);
            assertArrayEquals(x, host(at));
        }
    }

    @Test
    default void givenBestPoints_whenSparsityAdapts_thenSparserRowsStartAgainAndTheOthersShortenTheirSteps() {
        int columns = 300;
        float[] centres = values(4 * columns);
        float[] best = centres.clone();
        int[] moved = {90, 96, 0, 300}; // of 100, 100, 0 and 300 before
        for (int n = 0; n < 4; ++n) {
            for (int e = 0; e < moved[n]; ++e) {
                best[n * columns + e] += 0.5f;
            }
        }
        try (DeviceBuffer at = device(best); DeviceBuffer middle = device(centres); DeviceBuffer counts = device(100, 100, 0, 300);
             DeviceBuffer fractions = device(9, 9, 9, 9); DeviceBuffer lengths = device(2, 3, 0.31f, 0.4f);
             DeviceBuffer restarts = deviceInts(7, 7, 7, 7)) {
            backend().ascentSteps().adaptSparsity(at, middle, counts, fractions, lengths, 3f, restarts, 4, columns);
            assertArrayEquals(new int[] {1, 0, 0, 0}, hostInts(restarts));
            close(new double[] {3, 2, 0.3, 0.3}, host(lengths), 1e-6);
            close(new double[] {0.2, 96 / 450.0, 0, 1 / 1.5}, host(fractions), 1e-6);
            assertArrayEquals(new float[] {90, 96, 0, 300}, host(counts));
        }
    }

    @Test
    default void givenLosses_whenCompared_thenRisesAreCountedAndTheBestIsKept() {
        float nan = Float.NaN;
        try (DeviceBuffer losses = device(2, 1, nan, 3, 0); DeviceBuffer previous = device(1, 2, 0, nan, 0);
             DeviceBuffer best = device(1.5f, 3, 0, 2, 0); DeviceBuffer increases = deviceInts(4, 4, 4, 4, 4);
             DeviceBuffer improved = deviceInts(5, 5, 5, 5, 5)) {
            backend().ascentSteps().compare(losses, previous, best, increases, improved, 5);
            assertArrayEquals(new int[] {1, 0, 0, 1, 0}, hostInts(improved));
            assertArrayEquals(new int[] {5, 4, 4, 4, 4}, hostInts(increases));
            assertArrayEquals(new float[] {2, 3, 0, 3, 0}, host(best));
            assertArrayEquals(new float[] {2, 1, nan, 3, 0}, host(previous));
        }
    }

    @Test
    default void givenChosenRows_whenCopied_thenTheOthersStay() {
        int columns = 257;
        float[] from = values(5 * columns);
        float[] to = values(5 * columns);
        try (DeviceBuffer source = device(from); DeviceBuffer target = device(to); DeviceBuffer chosen = deviceInts(1, 0, -3, 0, 1)) {
            backend().ascentSteps().copyWhere(chosen, source, target, 5, columns);
            float[] found = host(target);
            for (int k = 0; k < found.length; ++k) {
                int row = k / columns;
                assertEquals(row == 1 || row == 3 ? to[k] : from[k], found[k]);
            }
        }
    }
}
