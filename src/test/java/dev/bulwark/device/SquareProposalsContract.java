package dev.bulwark.device;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.bulwark.device.SquareProposals.Draws;
import dev.bulwark.shapes.ImageShape;
import java.util.stream.IntStream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Square's proposals, against their definitions with numbers from Philox on the host. */
interface SquareProposalsContract extends OnBackend {

    NoiseKey KEY = new NoiseKey(0x123456789L, NoiseKey.Stream.SQUARE);

    private static int below(int image, int start, int query, int count, int which) {
        return (int) ((Philox.word(KEY, image, 3 * start, 8 * query + which) & 0xFFFFFFFFL) * count / (1L << 32));
    }

    private static boolean positive(int image, int start, int query, int channels, int c) {
        return (Philox.word(KEY, image, 3 * start + 1, query * channels + c) & 1) == 1;
    }

    @ParameterizedTest
    @CsvSource({"1,1,1,1,1", "3,1,28,28,25", "7,3,9,11,9", "70,2,5,6,1", "4,3,32,32,3"})
    default void givenBoxes_whenSquaresAreProposed_thenOneWindowGoesToTheEndsOfTheBox(int rows, int channels, int height, int width,
                                                                                     int side) {
        ImageShape image = new ImageShape(channels, height, width);
        float[] best = values(rows * image.size());
        float[] low = mapped(best, v -> v - 0.5);
        float[] high = mapped(best, v -> v + 0.25);
        int[] images = IntStream.range(0, rows).map(n -> 17 * n + 3).toArray();
        int[] starts = IntStream.range(0, rows).map(n -> n % 3).toArray();
        int query = 4321;
        float[] expected = best.clone();
        for (int n = 0; n < rows; ++n) {
            int top = below(images[n], starts[n], query, height - side + 1, 0);
            int left = below(images[n], starts[n], query, width - side + 1, 1);
            for (int c = 0; c < channels; ++c) {
                float[] end = positive(images[n], starts[n], query, channels, c) ? high : low;
                for (int u = top; u < top + side; ++u) {
                    for (int v = left; v < left + side; ++v) {
                        int k = ((n * channels + c) * height + u) * width + v;
                        expected[k] = end[k];
                    }
                }
            }
        }
        try (DeviceBuffer from = device(best); DeviceBuffer lower = device(low); DeviceBuffer upper = device(high);
             DeviceBuffer i = deviceInts(images); DeviceBuffer s = deviceInts(starts); DeviceBuffer q = deviceInts(query);
             DeviceBuffer x = backend().allocate(best.length)) {
            backend().squareProposals().squares(from, lower, upper, new Draws(i, s, q, KEY), rows, image, side, x);
            assertArrayEquals(expected, host(x));
        }
    }

    @ParameterizedTest
    @CsvSource({"true,1,1,5,5,3", "true,3,1,28,28,25", "true,7,3,9,11,9", "true,70,2,7,6,3", "false,1,1,5,5,3", "false,3,1,28,28,25",
        "false,7,3,9,11,9", "false,70,2,7,6,3"})
    default void givenDisplacements_whenPatternsAreProposed_thenOneWindowHasWhatAnotherGaveUp(boolean euclidean, int rows, int channels,
            int height, int width, int side) {
        ImageShape image = new ImageShape(channels, height, width);
        int columns = image.size();
        float[] centres = values(rows * columns);
        float[] best = mapped(values(rows * columns), v -> 0.01 * v);
        for (int k = 0; k < best.length; ++k) {
            best[k] += centres[k];
        }
        float[] pattern = values(side * side);
        float[] radii = mapped(values(rows), v -> (euclidean ? 0.3 : 3) + 0.1 * v);
        int[] images = IntStream.range(0, rows).map(n -> 5 * n + 1).toArray();
        int[] starts = IntStream.range(0, rows).map(n -> n % 2).toArray();
        double[] expected = new double[best.length];
        for (int n = 0; n < rows; ++n) {
            double[] way = new double[columns];
            for (int e = 0; e < columns; ++e) {
                way[e] = (double) best[n * columns + e] - centres[n * columns + e];
            }
            int[] at = new int[5];
            for (int which = 0; which < 4; ++which) {
                at[which] = below(images[n], starts[n], 77, (which % 2 == 0 ? height : width) - side + 1, which);
            }
            boolean transposed = below(images[n], starts[n], 77, 2, 4) == 1;
            double[] moved = proposed(euclidean, way, at, transposed, images[n], starts[n], pattern, image, side, radii[n]);
            for (int e = 0; e < columns; ++e) {
                expected[n * columns + e] = centres[n * columns + e] + moved[e];
            }
        }
        try (DeviceBuffer from = device(best); DeviceBuffer middle = device(centres); DeviceBuffer shape = device(pattern);
             DeviceBuffer r = device(radii); DeviceBuffer i = deviceInts(images); DeviceBuffer s = deviceInts(starts);
             DeviceBuffer q = deviceInts(77); DeviceBuffer x = backend().allocate(best.length)) {
            backend().squareProposals().patterns(euclidean, from, middle, shape, r, new Draws(i, s, q, KEY), rows, image, side, x);
            BackendFixture.close(expected, host(x), 1e-5);
        }
    }

    private static double norm(boolean euclidean, double[] way, ImageShape image, int c, int[] at, int side, boolean first,
                               boolean second) {
        double sum = 0;
        for (int u = 0; u < image.height(); ++u) {
            for (int v = 0; v < image.width(); ++v) {
                boolean one = u >= at[0] && u < at[0] + side && v >= at[1] && v < at[1] + side;
                boolean other = u >= at[2] && u < at[2] + side && v >= at[3] && v < at[3] + side;
                double value = first && one || second && other ? way[c * image.area() + u * image.width() + v] : 0;
                sum += euclidean ? value * value : Math.abs(value);
            }
        }
        return euclidean ? Math.sqrt(sum) : sum;
    }

    private static double norm(boolean euclidean, double[] values) {
        double sum = 0;
        for (double value : values) {
            sum += euclidean ? value * value : Math.abs(value);
        }
        return euclidean ? Math.sqrt(sum) : sum;
    }

    private static double[] proposed(boolean euclidean, double[] way, int[] at, boolean transposed, int imageIndex, int start,
                                     float[] pattern, ImageShape image, int side, double radius) {
        int channels = image.channels();
        double whole = norm(euclidean, way);
        double[] moved = way.clone();
        double[][] fresh = new double[channels][side * side];
        for (int c = 0; c < channels; ++c) {
            double inFirst = norm(euclidean, way, image, c, at, side, true, false);
            double inEither = norm(euclidean, way, image, c, at, side, true, true);
            for (int k = 0; k < side * side; ++k) {
                int u = k / side;
                int v = k % side;
                double sign = positive(imageIndex, start, 77, channels, c) ? 1 : -1;
                fresh[c][k] = sign * pattern[transposed ? v * side + u : k]
                        + way[c * image.area() + (at[0] + u) * image.width() + at[1] + v] / inFirst;
            }
            double target = euclidean
                    ? Math.sqrt(Math.max(0, radius * radius - whole * whole) / channels + inEither * inEither)
                    : (Math.max(0, radius - whole) / channels + inEither) * channels;
            double total = norm(euclidean, fresh[c]);
            for (int k = 0; k < side * side; ++k) {
                fresh[c][k] *= target / total;
            }
        }
        for (int c = 0; c < channels; ++c) {
            for (int k = 0; k < side * side; ++k) {
                moved[c * image.area() + (at[2] + k / side) * image.width() + at[3] + k % side] = 0;
            }
            for (int k = 0; k < side * side; ++k) {
                moved[c * image.area() + (at[0] + k / side) * image.width() + at[1] + k % side] = fresh[c][k];
            }
        }
        double length = euclidean ? norm(true, moved) : radius;
        return IntStream.range(0, moved.length).mapToDouble(e -> moved[e] * radius / length).toArray();
    }
}
