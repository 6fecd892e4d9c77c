package dev.bulwark.device;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.bulwark.shapes.ImageShape;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Copies by indices: gathered rows and columns, rows that a number on the device selects, views of images. */
interface IndexingContract extends OnBackend {

    @Test
    default void givenRowIndices_whenGathered_thenRowsOfEitherKindAreCopied() {
        try (DeviceBuffer source = device(0, 1, 10, 11, 20, 21);
             DeviceBuffer rows = deviceInts(2, 0, 2);
             DeviceBuffer target = backend().allocate(6);
             DeviceBuffer labels = deviceInts(7, -8, 9);
             DeviceBuffer picked = backend().allocate(3)) {
            backend().indexing().gather(source, rows, 3, 2, target);
            assertArrayEquals(new float[] {20, 21, 0, 1, 20, 21}, host(target));
            backend().indexing().gather(labels, rows, 3, 1, picked);
            assertArrayEquals(new int[] {9, 7, 9}, hostInts(picked));
        }
    }

    @ParameterizedTest
    @CsvSource({"1, 1, 1", "3, 5, 31", "65, 33, 20", "131, 7, 1021"})
    default void givenColumnIndices_whenGathered_thenEveryRowShowsThemInTheirOrder(int rows, int width, int count) {
        float[] matrix = values(rows * width);
        int[] picked = new int[count];
        Arrays.setAll(picked, k -> (k * 3 + 2) % width);
        picked[count - 1] = -1; // none
        try (DeviceBuffer source = device(matrix); DeviceBuffer columns = deviceInts(picked);
             DeviceBuffer target = backend().allocate(rows * count)) {
            backend().indexing().gatherColumns(source, rows, width, columns, count, target);
            float[] actual = host(target);
            for (int i = 0; i < actual.length; ++i) {
                int column = picked[i % count];
                assertEquals(column < 0 ? 0 : matrix[i / count * width + column], actual[i], "element " + i);
            }
            assertThrows(IllegalArgumentException.class,
                    () -> backend().indexing().gatherColumns(source, rows + 1, width, columns, count, target));
        }
    }

    @Test
    default void givenARowsNumberOnTheDevice_whenReplayed_thenEachReplayCopiesItsOwnRowAndGoesOn() {
        int length = 1021;
        float[] table = values(3 * length);
        try (DeviceBuffer row = deviceInts(0); DeviceBuffer source = device(table);
             DeviceBuffer now = backend().allocate(length);
             DeviceBuffer log = device(new float[3 * length]); DeviceBuffer labels = deviceInts(7, 8, 9);
             DeviceBuffer label = backend().allocate(1); DeviceBuffer labelLog = deviceInts(0, 0, 0);
             Backend.Replay replay = backend().record(() -> {
                 backend().indexing().copyRows(row, 0, new Indexing.RowCopy(source, length, now, 0, length),
                         new Indexing.RowCopy(labels, 1, label, 0, 1));
                 backend().indexing().copyRows(row, 1, new Indexing.RowCopy(now, 0, log, length, length - 1),
                         new Indexing.RowCopy(label, 0, labelLog, 1, 1));
             })) {
            for (int step = 0; step < 3; ++step) {
                replay.run();
                assertArrayEquals(Arrays.copyOfRange(table, step * length, (step + 1) * length), host(now));
                assertArrayEquals(new int[] {step + 1}, hostInts(row));
            }
            float[] expected = table.clone();
            for (int step = 0; step < 3; ++step) {
                expected[step * length + length - 1] = 0; // beyond the length that was asked for
            }
            assertArrayEquals(expected, host(log));
            assertArrayEquals(new int[] {7, 8, 9}, hostInts(labelLog));
        }
    }

    @Test
    default void givenMoreRowsThanGoAtATime_whenCopied_thenItIsRefused() {
        try (DeviceBuffer row = deviceInts(0); DeviceBuffer x = device(1, 2)) {
            Indexing.RowCopy copy = new Indexing.RowCopy(x, 0, x, 0, 0);
            assertThrows(IllegalArgumentException.class, () ->
                    backend().indexing().copyRows(row, 1, copy, copy, copy, copy));
            assertArrayEquals(new int[] {0}, hostInts(row));
        }
    }

    /** The view of a 5 x 4 image through one map. */
    private float[] seen(float[] image, float... map) {
        try (DeviceBuffer source = device(image); DeviceBuffer maps = device(map); DeviceBuffer rows = deviceInts(0);
             DeviceBuffer target = backend().allocate(image.length)) {
            backend().indexing().resample(source, maps, rows, 1, new ImageShape(1, 5, 4), target);
            return host(target);
        }
    }

    @Test
    default void givenMapsWithKnownViews_whenResampled_thenPixelsAreThoseOfTheImageOrZero() {
        float[] image = mapped(values(20), x -> Math.abs(x));
        assertArrayEquals(image, seen(image, 1, 0, 0, 0, 1, 0));
        float[] moved = seen(image, 1, 0, 2, 0, 1, -1); // two columns to the left, one row down
        float[] turned = seen(image, -1, 0, 3, 0, -1, 4);
        float[] half = seen(image, 1, 0, 0.5f, 0, 1, 0);
        for (int v = 0; v < 5; ++v) {
            for (int u = 0; u < 4; ++u) {
                assertEquals(u + 2 < 4 && v > 0 ? image[(v - 1) * 4 + u + 2] : 0f, moved[v * 4 + u]);
                assertEquals(image[19 - (v * 4 + u)], turned[v * 4 + u]);
                float right = u + 1 < 4 ? image[v * 4 + u + 1] : 0f;
                assertEquals(0.5 * image[v * 4 + u] + 0.5 * right, half[v * 4 + u], 1e-7);
            }
        }
        assertArrayEquals(new float[20], seen(image, 1, 0, 4, 0, 1, 0));
        assertArrayEquals(new float[20], seen(image, 1, 0, Float.NaN, 0, 1, 1e30f));
    }

    @ParameterizedTest
    @CsvSource({"1, 1, 1, 1", "3, 1, 28, 28", "65, 1, 7, 31", "131, 1, 2, 1", "3, 3, 32, 32", "33, 3, 9, 13", "7, 5, 31, 7"})
    default void givenRandomMaps_whenResampled_thenEachChannelIsInterpolatedByItsRowsMap(int count, int channels, int height,
                                                                                           int width) {
        int images = 5;
        ImageShape image = new ImageShape(channels, height, width);
        int size = image.size();
        float[] pixels = mapped(values(images * size), x -> Math.abs(x));
        float[] maps = values(images * 6);
        for (int k = 0; k < images * 6; ++k) {
            maps[k] *= k % 3 == 2 ? 3 : 1.5f;
        }
        int[] rows = new int[count];
        Arrays.setAll(rows, n -> n * 7 % images);
        try (DeviceBuffer source = device(pixels); DeviceBuffer views = device(maps);
             DeviceBuffer indices = deviceInts(rows);
             DeviceBuffer target = backend().allocate(count * size)) {
            backend().indexing().resample(source, views, indices, count, image, target);
            float[] actual = host(target);
            for (int i = 0; i < actual.length; ++i) {
                int row = rows[i / size];
                int channel = i % size / image.area();
                int u = i % width;
                int v = i / width % height;
                double x = maps[row * 6] * u + maps[row * 6 + 1] * v + maps[row * 6 + 2];
                double y = maps[row * 6 + 3] * u + maps[row * 6 + 4] * v + maps[row * 6 + 5];
                // A place is rounded by 2^-24 of some 100 at most, and pixels differ by at most 1 a column or row.
                assertEquals(bilinear(pixels, row * size + channel * image.area(), height, width, x, y), actual[i], 2e-5,
                        "element " + i);
            }
        }
    }

    private static double bilinear(float[] pixels, int at, int height, int width, double x, double y) {
        double sum = 0;
        for (int v = 0; v < height; ++v) {
            for (int u = 0; u < width; ++u) {
                sum += Math.max(0, 1 - Math.abs(x - u)) * Math.max(0, 1 - Math.abs(y - v)) * pixels[at + v * width + u];
            }
        }
        return sum;
    }
}
