package dev.bulwark.device;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;

import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Votes, and what an attack keeps. */
interface VotesContract extends OnBackend {

    @Test
    default void givenTiesAndNaN_whenArgMax_thenTheLowestWinsAndNaNVotesForNoClass() {
        float inf = Float.POSITIVE_INFINITY;
        float[] logits = {1, 1, 0, -3, -2, -2, Float.NaN, 5, 5, 0, inf, 1, inf, -inf, Float.NaN, inf, 0, inf,
            -inf, -inf, -3, -inf, -inf, -inf, -inf, Float.NaN, -inf, -inf, inf, inf, Float.MAX_VALUE, 0, Float.MAX_VALUE};
        int[] expected = {0, 1, -1, 1, -1, -1, 2, -1, -1, -1, 0};
        int rows = expected.length;
        try (DeviceBuffer z = device(logits); DeviceBuffer best = backend().allocate(rows);
             DeviceBuffer counts = deviceInts(1, 0, 0)) {
            backend().votes().argMax(z, rows, 3, best);
            assertArrayEquals(expected, hostInts(best));
            backend().votes().countArgMax(z, rows, 3, counts);
            assertArrayEquals(new int[] {3, 2, 1}, hostInts(counts));
        }
    }

    @Test
    default void givenManyRows_whenVotesAreCounted_thenNoneIsLost() {
        int rows = 300_001;
        float[] logits = values(2 * rows);
        int[] expected = {5, 7};
        for (int n = 0; n < rows; ++n) {
            ++expected[logits[2 * n + 1] > logits[2 * n] ? 1 : 0];
        }
        try (DeviceBuffer z = device(logits); DeviceBuffer counts = deviceInts(5, 7)) {
            backend().votes().countArgMax(z, rows, 2, counts);
            assertArrayEquals(expected, hostInts(counts));
        }
    }

    @ParameterizedTest
    @CsvSource({"1,1", "33,31", "300,50"})
    default void givenPredictions_whenMisclassifiedAreKept_thenTheOtherRowsStay(int rows, int columns) {
        float[] x = values(rows * columns);
        int[] labels = new int[rows];
        int[] predictions = new int[rows];
        float[] expected = new float[rows * columns];
        Arrays.fill(expected, 7f);
        int[] expectedPredictions = new int[rows];
        for (int n = 0; n < rows; ++n) {
            labels[n] = n % 10;
            predictions[n] = n % 3 == 0 ? labels[n] : n % 3 == 1 ? -1 : labels[n] + 1;
            expectedPredictions[n] = n % 3 == 2 ? predictions[n] : 99;
            if (n % 3 == 2) { // neither the label nor without a class
                System.arraycopy(x, n * columns, expected, n * columns, columns);
            }
        }
        int[] before = new int[rows];
        Arrays.fill(before, 99);
        try (DeviceBuffer from = device(x); DeviceBuffer found = deviceInts(predictions); DeviceBuffer truth = deviceInts(
                labels);
             DeviceBuffer kept = backend().allocate((long) rows * columns); DeviceBuffer noted = deviceInts(before)) {
            backend().fill(kept, 7f);
            backend().votes().keepMisclassified(from, found, truth, rows, columns, kept, noted);
            assertArrayEquals(expected, host(kept));
            assertArrayEquals(expectedPredictions, hostInts(noted));
        }
    }
}
