package dev.bulwark.device;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.bulwark.device.NoiseKey.Stream;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.SplittableRandom;
import java.util.function.DoubleUnaryOperator;
import java.util.function.ToDoubleFunction;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * What every backend must do, against references in double written here.
 *
 * <p>Tolerances: a float sum of k products of values of order one is off by at most k * 2^-24 times the sum of absolute
 * values; {@link #close} allows that for the sizes used, and no more.
 */
public abstract class BackendContract {

    private static final int[] ODD_LENGTHS = {1, 31, 33, 1021, 20_011};

    private final SplittableRandom random = new SplittableRandom(7);
    protected Backend backend;

    protected abstract Backend open();

    @BeforeEach
    void start() {
        backend = open();
    }

    @AfterEach
    protected void everyByteIsReturned() {
        assertEquals(0, backend.liveBytes(), "live bytes at the end of a test");
        backend.close();
    }

    // ---- helpers of this suite ---------------------------------------------------------------------------------------

    protected float[] values(int length) {
        float[] values = new float[length];
        for (int i = 0; i < length; ++i) {
            values[i] = (float) (random.nextDouble() * 2 - 1);
        }
        return values;
    }

    private float[] mapped(float[] x, DoubleUnaryOperator f) {
        float[] y = new float[x.length];
        for (int i = 0; i < x.length; ++i) {
            y[i] = (float) f.applyAsDouble(x[i]);
        }
        return y;
    }

    protected DeviceBuffer device(float... values) {
        DeviceBuffer buffer = backend.allocate(values.length);
        backend.write(values, buffer);
        return buffer;
    }

    protected DeviceBuffer deviceInts(int... values) {
        DeviceBuffer buffer = backend.allocate(values.length);
        backend.write(values, buffer);
        return buffer;
    }

    protected float[] host(DeviceBuffer buffer) {
        float[] values = new float[(int) buffer.length()];
        backend.read(buffer, values);
        return values;
    }

    protected int[] hostInts(DeviceBuffer buffer) {
        int[] values = new int[(int) buffer.length()];
        backend.read(buffer, values);
        return values;
    }

    private static void close(double[] expected, float[] actual, double tolerance) {
        assertEquals(expected.length, actual.length);
        for (int i = 0; i < expected.length; ++i) {
            assertEquals(expected[i], actual[i], tolerance * (1 + Math.abs(expected[i])), "element " + i);
        }
    }

    /** Equal numbers; a zero's sign is nobody's business. */
    private static void same(float[] expected, float[] actual) {
        assertEquals(expected.length, actual.length);
        for (int i = 0; i < expected.length; ++i) {
            assertTrue(expected[i] == actual[i], "element " + i + ": " + expected[i] + " and " + actual[i]);
        }
    }

    // ---- memory ------------------------------------------------------------------------------------------------------

    @Test
    void givenABuffer_whenUsedAfterClose_thenItThrowsAndBytesAreBack() {
        DeviceBuffer buffer = backend.allocate(100);
        DeviceBuffer slice = buffer.slice(10, 20);
        assertTrue(backend.liveBytes() >= 400);
        buffer.close();
        buffer.close();
        assertEquals(0, backend.liveBytes());
        assertThrows(IllegalStateException.class, () -> backend.fill(buffer, 0f));
        assertThrows(IllegalStateException.class, () -> backend.fill(slice, 0f));
    }

    @Test
    void givenASlice_whenWritten_thenOnlyItsElementsChange() {
        try (DeviceBuffer buffer = device(1, 2, 3, 4, 5)) {
            backend.write(new float[] {9, 8}, buffer.slice(1, 3));
            assertArrayEquals(new float[] {1, 9, 8, 4, 5}, host(buffer));
            backend.fill(buffer.slice(3, 2), -1f);
            assertArrayEquals(new float[] {1, 9, 8, -1, -1}, host(buffer));
            backend.copy(buffer.slice(0, 2), 2, buffer.slice(3, 2));
            assertArrayEquals(new float[] {1, 9, 8, 1, 9}, host(buffer));
            backend.fill(buffer.slice(2, 0), 3f);
            backend.fill(buffer.slice(2, 1), 4f);
            assertArrayEquals(new float[] {1, 9, 4, 1, 9}, host(buffer));
        }
    }

    @Test
    void givenTooShortABuffer_whenUsed_thenTheMessageNamesBothSizes() {
        try (DeviceBuffer buffer = device(1, 2)) {
            Exception e = assertThrows(IllegalArgumentException.class, () -> backend.relu(buffer, 3));
            assertTrue(e.getMessage().contains("3") && e.getMessage().contains("2"), e.getMessage());
        }
    }

    @Test
    void givenRowIndices_whenGathered_thenRowsOfEitherKindAreCopied() {
        try (DeviceBuffer source = device(0, 1, 10, 11, 20, 21);
             DeviceBuffer rows = deviceInts(2, 0, 2);
             DeviceBuffer target = backend.allocate(6);
             DeviceBuffer labels = deviceInts(7, -8, 9);
             DeviceBuffer picked = backend.allocate(3)) {
            backend.gather(source, rows, 3, 2, target);
            assertArrayEquals(new float[] {20, 21, 0, 1, 20, 21}, host(target));
            backend.gather(labels, rows, 3, 1, picked);
            assertArrayEquals(new int[] {9, 7, 9}, hostInts(picked));
        }
    }

    @ParameterizedTest
    @CsvSource({"1, 1, 1", "3, 5, 31", "65, 33, 20", "131, 7, 1021"})
    void givenColumnIndices_whenGathered_thenEveryRowShowsThemInTheirOrder(int rows, int width, int count) {
        float[] matrix = values(rows * width);
        int[] picked = new int[count];
        Arrays.setAll(picked, k -> (k * 3 + 2) % width);
        try (DeviceBuffer source = device(matrix); DeviceBuffer columns = deviceInts(picked);
             DeviceBuffer target = backend.allocate(rows * count)) {
            backend.gatherColumns(source, rows, width, columns, count, target);
            float[] actual = host(target);
            for (int i = 0; i < actual.length; ++i) {
                assertEquals(matrix[i / count * width + picked[i % count]], actual[i], "element " + i);
            }
            assertThrows(IllegalArgumentException.class,
                    () -> backend.gatherColumns(source, rows + 1, width, columns, count, target));
        }
    }

    @Test
    void givenARecordedSequence_whenReplayed_thenItReadsTheScalarsOfThatMoment() {
        try (DeviceBuffer x = device(0.5f, 0.9f);
             DeviceBuffer epsilon = device(0.1f);
             DeviceBuffer centre = backend.allocate(2);
             DeviceBuffer radius = backend.allocate(2);
             Backend.Replay replay = backend.record(() -> backend.boxAround(x, 2, epsilon, centre, radius))) {
            replay.run();
            close(new double[] {0.1, 0.1}, host(radius), 1e-6);
            backend.write(new float[] {0.2f}, epsilon);
            replay.run();
            close(new double[] {0.2, 0.15}, host(radius), 1e-6);
        }
    }

    /** The view of a 5 x 4 image through one map. */
    private float[] seen(float[] image, float... map) {
        try (DeviceBuffer source = device(image); DeviceBuffer maps = device(map); DeviceBuffer rows = deviceInts(0);
             DeviceBuffer target = backend.allocate(image.length)) {
            backend.resample(source, maps, rows, 1, 5, 4, target);
            return host(target);
        }
    }

    @Test
    void givenMapsWithKnownViews_whenResampled_thenPixelsAreThoseOfTheImageOrZero() {
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
    @CsvSource({"1, 1, 1", "3, 28, 28", "65, 7, 31", "131, 2, 1"})
    void givenRandomMaps_whenResampled_thenEachRowIsInterpolatedByItsOwnMap(int count, int height, int width) {
        int images = 5;
        int size = height * width;
        float[] pixels = mapped(values(images * size), x -> Math.abs(x));
        float[] maps = values(images * 6);
        for (int k = 0; k < images * 6; ++k) {
            maps[k] *= k % 3 == 2 ? 3 : 1.5f;
        }
        int[] rows = new int[count];
        Arrays.setAll(rows, n -> n * 7 % images);
        try (DeviceBuffer source = device(pixels); DeviceBuffer views = device(maps); DeviceBuffer indices = deviceInts(rows);
             DeviceBuffer target = backend.allocate(count * size)) {
            backend.resample(source, views, indices, count, height, width, target);
            float[] actual = host(target);
            for (int i = 0; i < actual.length; ++i) {
                int row = rows[i / size];
                double x = maps[row * 6] * (i % size % width) + maps[row * 6 + 1] * (i % size / width) + maps[row * 6 + 2];
                double y = maps[row * 6 + 3] * (i % size % width) + maps[row * 6 + 4] * (i % size / width) + maps[row * 6 + 5];
                // A place is rounded by 2^-24 of some 100 at most, and pixels differ by at most 1 a column or row.
                assertEquals(bilinear(pixels, row * size, height, width, x, y), actual[i], 2e-5, "element " + i);
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

    // ---- products ----------------------------------------------------------------------------------------------------

    @ParameterizedTest
    @CsvSource({"1,1,1", "3,5,7", "33,31,17", "64,10,784", "10,300,65", "130,129,257"})
    void givenAnyShape_whenMultiplied_thenEveryTransposeAgreesWithTheDoubleSum(int m, int n, int k) {
        float[] a = values(m * k);
        float[] b = values(k * n);
        float[] c = values(m * n);
        for (int transposes = 0; transposes < 4; ++transposes) {
            boolean ta = (transposes & 1) != 0;
            boolean tb = (transposes & 2) != 0;
            double[] expected = new double[m * n];
            for (int i = 0; i < m; ++i) {
                for (int j = 0; j < n; ++j) {
                    double sum = 0.5 * c[i * n + j];
                    for (int p = 0; p < k; ++p) {
                        sum += (double) a[ta ? p * m + i : i * k + p] * b[tb ? j * k + p : p * n + j];
                    }
                    expected[i * n + j] = sum;
                }
            }
            try (DeviceBuffer left = device(a); DeviceBuffer right = device(b); DeviceBuffer result = device(c)) {
                backend.multiply(ta, tb, m, n, k, left, right, 0.5f, result);
                close(expected, host(result), 1e-5);
            }
        }
    }

    @Test
    void givenGarbageInTheTarget_whenMultipliedWithBetaZero_thenItIsNotRead() {
        try (DeviceBuffer a = device(2); DeviceBuffer b = device(3); DeviceBuffer c = device(Float.NaN)) {
            backend.multiply(false, false, 1, 1, 1, a, b, 0f, c);
            assertArrayEquals(new float[] {6}, host(c));
        }
    }

    @ParameterizedTest
    @CsvSource({"1,1,1", "2,3,2", "33,65,31", "257,40,10", "5,20,3000", "33,784,10"})
    void givenAnyShape_whenAffineWithAndWithoutRelu_thenItAgreesWithTheDoubleSum(int rows, int in, int out) {
        float[] x = values(rows * in);
        float[] w = values(in * out);
        float[] b = values(out);
        double[] expected = new double[rows * out];
        for (int n = 0; n < rows; ++n) {
            for (int o = 0; o < out; ++o) {
                double sum = b[o];
                for (int i = 0; i < in; ++i) {
                    sum += (double) w[o * in + i] * x[n * in + i];
                }
                expected[n * out + o] = sum;
            }
        }
        try (DeviceBuffer input = device(x); DeviceBuffer weight = device(w); DeviceBuffer bias = device(b);
             DeviceBuffer y = backend.allocate((long) rows * out)) {
            Affine layer = new Affine(weight, bias, in, out);
            backend.affine(input, rows, layer, false, y);
            close(expected, host(y), 1e-5);
            backend.affine(input, rows, layer, true, y);
            for (int k = 0; k < expected.length; ++k) {
                expected[k] = Math.max(expected[k], 0);
            }
            close(expected, host(y), 1e-5);
        }
    }

    @ParameterizedTest
    @CsvSource({"1,1", "3,2", "500,10", "65,1021"})
    void givenAMatrix_whenColumnsAreSummed_thenBetaWeighsWhatWasThere(int rows, int columns) {
        float[] x = values(rows * columns);
        double[] expected = new double[columns];
        for (int k = 0; k < x.length; ++k) {
            expected[k % columns] += x[k];
        }
        try (DeviceBuffer matrix = device(x); DeviceBuffer sums = backend.allocate(columns)) {
            backend.fill(sums, Float.NaN);
            backend.columnSums(matrix, rows, columns, 0f, sums);
            close(expected, host(sums), 1e-5);
            backend.columnSums(matrix, rows, columns, 1f, sums);
            for (int c = 0; c < columns; ++c) {
                expected[c] *= 2;
            }
            close(expected, host(sums), 1e-5);
        }
    }

    // ---- element by element --------------------------------------------------------------------------------------------

    @Test
    void givenOddLengths_whenElementwise_thenEveryElementIsDoneOnce() {
        for (int length : ODD_LENGTHS) {
            float[] x = values(length);
            float[] y = values(length);
            y[0] = 0f;
            try (DeviceBuffer a = device(x); DeviceBuffer b = device(y); DeviceBuffer c = device(x)) {
                backend.absolute(a, length, c);
                assertArrayEquals(mapped(x, Math::abs), host(c));
                backend.relu(c, length);
                assertArrayEquals(mapped(x, Math::abs), host(c));
                backend.addSigned(a, b, length, c);
                float[] signed = new float[length];
                float[] masked = new float[length];
                for (int i = 0; i < length; ++i) {
                    signed[i] = Math.abs(x[i]) + Math.signum(y[i]) * x[i];
                    masked[i] = y[i] > 0 ? x[i] : 0f;
                }
                assertArrayEquals(signed, host(c));
                backend.relu(a, length, c);
                assertArrayEquals(mapped(x, v -> Math.max(v, 0)), host(c));
                assertArrayEquals(x, host(a));
                backend.reluGradient(b, length, a);
                same(masked, host(a));
            }
        }
    }

    @Test
    void givenAnUnknownBound_whenRelu_thenItStaysUnknown() {
        try (DeviceBuffer x = device(Float.NaN, -1f, Float.POSITIVE_INFINITY, -0f)) {
            try (DeviceBuffer y = backend.allocate(4)) {
                backend.relu(x, 4, y);
                assertArrayEquals(new float[] {Float.NaN, 0f, Float.POSITIVE_INFINITY, 0f}, host(y));
            }
            backend.relu(x, 4);
            assertArrayEquals(new float[] {Float.NaN, 0f, Float.POSITIVE_INFINITY, 0f}, host(x));
        }
    }

    @Test
    void givenManyElements_whenReduced_thenSumsAgreeWithDouble() {
        for (int length : ODD_LENGTHS) {
            float[] x = values(length);
            double sum = 0;
            double squares = 0;
            for (float v : x) {
                sum += v;
                squares += (double) v * v;
            }
            try (DeviceBuffer a = device(x); DeviceBuffer total = device(3f); DeviceBuffer square = device(Float.NaN)) {
                backend.sum(a, length, 2f, total);
                assertEquals(sum + 6, host(total)[0], 1e-5 * (6 + Math.abs(sum)));
                backend.sumOfSquares(a, length, 0f, square);
                assertEquals(squares, host(square)[0], 1e-6 * (1 + squares));
            }
        }
    }

    @Test
    void givenASliceAtAnyOffset_whenReduced_thenItsElementsAloneCountAndTheBitsRepeat() {
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
                backend.sum(a.slice(3, length - 4), length - 4, 0f, total.slice(turn, 1));
            }
            backend.sum(a, length, 0f, total.slice(2, 1));
            float[] totals = host(total);
            // A sum in double is as good as exact here, and is rounded to float once.
            assertEquals(sum, totals[0], Math.ulp((float) sum));
            assertEquals(totals[0], totals[1]);
            assertTrue(Float.isNaN(totals[2]));
        }
    }

    // ---- losses --------------------------------------------------------------------------------------------------------

    @ParameterizedTest
    @CsvSource({"67,10", "1,1", "5,31", "9,33", "3,1021", "700,2"})
    void givenLogits_whenCrossEntropy_thenLossAndGradientMatchTheDefinition(int rows, int classes) {
        float[] z = mapped(values(rows * classes), v -> 5 * v);
        int[] labels = new int[rows];
        double[] loss = new double[rows];
        double[] gradient = new double[rows * classes];
        for (int n = 0; n < rows; ++n) {
            labels[n] = random.nextInt(classes);
            double sum = 0;
            for (int c = 0; c < classes; ++c) {
                sum += Math.exp(z[n * classes + c]);
            }
            loss[n] = Math.log(sum) - z[n * classes + labels[n]];
            for (int c = 0; c < classes; ++c) {
                gradient[n * classes + c] = 0.25 / rows
                        * (Math.exp(z[n * classes + c]) / sum - (c == labels[n] ? 1 : 0));
            }
        }
        try (DeviceBuffer logits = device(z); DeviceBuffer y = deviceInts(labels); DeviceBuffer weight = device(0.25f);
             DeviceBuffer losses = backend.allocate(rows)) {
            backend.crossEntropy(logits, y, rows, classes, weight, logits, losses);
            close(loss, host(losses), 1e-5);
            close(gradient, host(logits), 1e-7);
        }
    }

    @Test
    void givenHugeLogits_whenCrossEntropy_thenNothingOverflows() {
        try (DeviceBuffer logits = device(1e30f, -1e30f); DeviceBuffer y = deviceInts(1); DeviceBuffer weight = device(1f);
             DeviceBuffer gradient = backend.allocate(2); DeviceBuffer losses = backend.allocate(1)) {
            backend.crossEntropy(logits, y, 1, 2, weight, gradient, losses);
            assertArrayEquals(new float[] {1, -1}, host(gradient));
            assertEquals(2e30f, host(losses)[0], 1e24f);
        }
    }

    @Test
    void givenAnUnknownLogit_whenCrossEntropy_thenItsRowAloneIsUnknown() {
        float[] z = values(3 * 40);
        z[40 + 37] = Float.NaN;
        try (DeviceBuffer logits = device(z); DeviceBuffer y = deviceInts(1, 2, 39); DeviceBuffer weight = device(1f);
             DeviceBuffer losses = backend.allocate(3)) {
            backend.crossEntropy(logits, y, 3, 40, weight, logits, losses);
            float[] gradient = host(logits);
            float[] loss = host(losses);
            for (int k = 0; k < gradient.length; ++k) {
                assertEquals(k / 40 == 1, Float.isNaN(gradient[k]), "element " + k);
                assertEquals(k / 40 == 1, Float.isNaN(loss[k / 40]), "row " + k / 40);
            }
        }
    }

    /** The definition, in double: every row's loss with its penalty. */
    private static double consistencyLoss(double[][][] logits, int[] labels, int n, double lambda, double eta) {
        int copies = logits.length;
        int classes = logits[0][n].length;
        double[][] softmax = new double[copies][];
        double[] mean = new double[classes];
        double loss = 0;
        for (int i = 0; i < copies; ++i) {
            double sum = Arrays.stream(logits[i][n]).map(Math::exp).sum();
            softmax[i] = Arrays.stream(logits[i][n]).map(z -> Math.exp(z) / sum).toArray();
            loss -= Math.log(softmax[i][labels[n]]) / copies;
            for (int c = 0; c < classes; ++c) {
                mean[c] += softmax[i][c] / copies;
            }
        }
        for (int c = 0; c < classes; ++c) {
            for (int i = 0; i < copies; ++i) {
                loss += lambda / copies * mean[c] * Math.log(mean[c] / softmax[i][c]);
            }
            loss -= eta * mean[c] * Math.log(mean[c]);
        }
        return loss;
    }

    private double[][][] copiesOf(float[] z, int copies, int rows, int classes) {
        double[][][] logits = new double[copies][rows][classes];
        for (int k = 0; k < z.length; ++k) {
            logits[k / classes / rows][k / classes % rows][k % classes] = z[k];
        }
        return logits;
    }

    @ParameterizedTest
    @CsvSource({
        // copies, rows, classes, lambda, eta
        "1, 67, 10,   0,  0.5",
        "2, 67, 10,   10, 0.5",
        "2, 1,  2,    20, 0",
        "3, 33, 31,   5,  0.25",
        "4, 9,  33,   1,  1",
        "2, 3,  1021, 3,  0.5",
        "4, 65, 1,    3,  0.5",
    })
    void givenNoisyCopies_whenConsistencyLoss_thenLossAndGradientMatchTheDefinition(
            int copies, int rows, int classes, float lambda, float eta) {
        float[] z = mapped(values(copies * rows * classes), v -> 4 * v);
        int[] y = new int[rows];
        Arrays.setAll(y, n -> random.nextInt(classes));
        double[][][] moved = copiesOf(z, copies, rows, classes);
        double[] total = new double[rows];
        Arrays.setAll(total, n -> consistencyLoss(moved, y, n, lambda, eta));
        double[] plain = new double[rows];
        Arrays.setAll(plain, n -> consistencyLoss(moved, y, n, 0, 0));
        // Central differences in double: off by some 1e-16 / step in the loss's rounding and step^2 in its curvature.
        double step = 1e-5;
        double[] slopes = new double[z.length];
        for (int k = 0; k < z.length; ++k) {
            int n = k / classes % rows;
            double[] row = moved[k / classes / rows][n];
            double here = row[k % classes];
            row[k % classes] = here + step;
            double above = consistencyLoss(moved, y, n, lambda, eta);
            row[k % classes] = here - step;
            slopes[k] = 0.25 / rows * (above - consistencyLoss(moved, y, n, lambda, eta)) / (2 * step);
            row[k % classes] = here;
        }
        try (DeviceBuffer logits = device(z); DeviceBuffer labels = deviceInts(y); DeviceBuffer weight = device(0.25f);
             DeviceBuffer gradient = backend.allocate(z.length); DeviceBuffer losses = backend.allocate(rows);
             DeviceBuffer penalties = backend.allocate(rows)) {
            backend.consistencyLoss(logits, labels, copies, rows, classes, lambda, eta, weight,
                    gradient, losses, penalties);
            close(plain, host(losses), 1e-6);
            float[] penalty = host(penalties);
            for (int n = 0; n < rows; ++n) {
                assertEquals(total[n] - plain[n], penalty[n], 1e-6 * (1 + total[n]), "row " + n);
            }
            close(slopes, host(gradient), 1e-7);
        }
    }

    @Test
    void givenNoWeights_whenConsistencyLoss_thenItIsTheMeanCrossEntropyOfTheCopies() {
        int copies = 3;
        int rows = 33;
        int classes = 10;
        float[] z = mapped(values(copies * rows * classes), v -> 9 * v);
        int[] y = new int[copies * rows];
        Arrays.setAll(y, n -> n % rows % classes);
        try (DeviceBuffer logits = device(z); DeviceBuffer labels = deviceInts(y); DeviceBuffer weight = device(0.75f);
             DeviceBuffer gradient = backend.allocate(z.length); DeviceBuffer losses = backend.allocate(rows);
             DeviceBuffer penalties = backend.allocate(rows); DeviceBuffer each = backend.allocate(copies * rows)) {
            backend.consistencyLoss(logits, labels, copies, rows, classes, 0, 0, weight, gradient, losses, penalties);
            backend.crossEntropy(logits, labels, copies * rows, classes, weight, logits, each);
            // Both divide in double and round once, but by a number of rows that is rounded at another place.
            close(doubles(host(logits)), host(gradient), 1e-9);
            float[] single = host(each);
            double[] means = new double[rows];
            for (int n = 0; n < copies * rows; ++n) {
                means[n % rows] += (double) single[n] / copies;
            }
            close(means, host(losses), 1e-6);
            assertArrayEquals(new float[rows], host(penalties));
        }
    }

    @Test
    void givenSaturatedLogits_whenConsistencyLoss_thenAgreementIsFreeAndDisagreementFinite() {
        float[] agreed = {1e30f, -1e30f, 0};
        float[] opposed = {-1e4f, 1e4f, 0};
        float[] other = {1e4f, -1e4f, 0};
        float[] tied = {1e30f, 1e30f, -1e30f};
        float[] z = new float[2 * 3 * 3];
        float[][] rows = {agreed, opposed, tied, agreed, other, tied};
        for (int n = 0; n < rows.length; ++n) {
            System.arraycopy(rows[n], 0, z, 3 * n, 3);
        }
        try (DeviceBuffer logits = device(z); DeviceBuffer labels = deviceInts(0, 0, 0); DeviceBuffer weight = device(3f);
             DeviceBuffer gradient = backend.allocate(z.length); DeviceBuffer losses = backend.allocate(3);
             DeviceBuffer penalties = backend.allocate(3)) {
            backend.consistencyLoss(logits, labels, 2, 3, 3, 10, 0.5f, weight, gradient, losses, penalties);
            // The middle row's copies are sure of two classes, F = (1/2, 1/2, 0): each finds one half of it 2e4 away.
            double divergence = 0.5 * (Math.log(0.5) + 2e4) + 0.5 * Math.log(0.5);
            close(new double[] {0, 1e4, Math.log(2)}, host(losses), 1e-6);
            close(new double[] {0, 10 * divergence + 0.5 * Math.log(2), 0.5 * Math.log(2)}, host(penalties), 1e-6);
            float[] slopes = host(gradient);
            assertArrayEquals(new float[] {0, 0, 0}, Arrays.copyOf(slopes, 3));
            for (float slope : slopes) {
                assertTrue(Float.isFinite(slope), Arrays.toString(slopes));
            }
            // Each copy is drawn to the other's class by lambda / 2 halves, and the first also to the label.
            close(new double[] {0.5 * (-1 - 5), 0.5 * (1 + 5), 0}, Arrays.copyOfRange(slopes, 3, 6), 1e-6);
            close(new double[] {0.5 * 5, -0.5 * 5, 0}, Arrays.copyOfRange(slopes, 12, 15), 1e-6);
            close(new double[] {0.5 * -0.5, 0.5 * 0.5, 0}, Arrays.copyOfRange(slopes, 15, 18), 1e-6);
        }
    }

    @ParameterizedTest
    @ValueSource(floats = {Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY})
    void givenALogitThatIsNotFinite_whenConsistencyLoss_thenItsRowAloneShowsIt(float bad) {
        float[] z = values(2 * 3 * 40);
        z[(3 + 1) * 40 + 37] = bad;
        for (float lambda : new float[] {0, 5}) {
            try (DeviceBuffer logits = device(z); DeviceBuffer labels = deviceInts(1, 2, 39);
                 DeviceBuffer weight = device(1f); DeviceBuffer gradient = backend.allocate(z.length);
                 DeviceBuffer losses = backend.allocate(3); DeviceBuffer penalties = backend.allocate(3)) {
                backend.consistencyLoss(logits, labels, 2, 3, 40, lambda, 0.5f, weight, gradient, losses, penalties);
                float[] penalty = host(penalties);
                float[] slopes = host(gradient);
                for (int n = 0; n < 3; ++n) {
                    assertEquals(n != 1, Float.isFinite(penalty[n] + host(losses)[n]), "row " + n);
                }
                for (int k = 0; k < z.length; ++k) {
                    assertTrue(k / 40 % 3 == 1 || Float.isFinite(slopes[k]), "element " + k);
                }
            }
        }
    }

    @ParameterizedTest
    @CsvSource({"67,10", "5,31", "9,33", "3,1021", "1021,2"})
    void givenLogits_whenMarginGradient_thenItLeadsFromTheLabelToTheBestOtherClass(int rows, int classes) {
        float[] z = values(rows * classes);
        int[] labels = random.ints(rows, 0, classes).toArray();
        float[] expected = new float[rows * classes];
        for (int n = 0; n < rows; ++n) {
            int row = n * classes;
            int label = labels[n];
            // Every other row is classified rightly: the label is then the best class, and not the one to climb.
            z[row + label] += n % 2 == 0 ? 2 : 0;
            int best = IntStream.range(0, classes).filter(c -> c != label).boxed()
                    .max(Comparator.comparingDouble(c -> z[row + c])).orElseThrow();
            expected[row + best] = 1;
            expected[row + label] = -1;
        }
        try (DeviceBuffer logits = device(z); DeviceBuffer y = deviceInts(labels);
             DeviceBuffer gradient = backend.allocate(z.length)) {
            backend.marginGradient(logits, y, rows, classes, gradient);
            assertArrayEquals(expected, host(gradient));
            backend.marginGradient(logits, y, rows, classes, logits);
            assertArrayEquals(expected, host(logits), "in place");
        }
    }

    @Test
    void givenTiesAndEndlessLogits_whenMarginGradient_thenTheLowestOfTheBestIsTaken() {
        float end = Float.POSITIVE_INFINITY;
        float[] z = {3, 3, 3, 3, 1, 7, 1, 1, -end, -end, -end, 0, 1e38f, end, end, -1};
        float[] expected = {-1, 1, 0, 0, 1, -1, 0, 0, 1, 0, 0, -1, 0, 1, 0, -1};
        try (DeviceBuffer logits = device(z); DeviceBuffer y = deviceInts(0, 1, 3, 3);
             DeviceBuffer gradient = backend.allocate(z.length)) {
            backend.marginGradient(logits, y, 4, 4, gradient);
            assertArrayEquals(expected, host(gradient));
        }
    }

    @Test
    void givenAnUnknownLogitOrNoOtherClass_whenMarginGradient_thenTheRowStandsStill() {
        float[] z = {1, 2, 3, Float.NaN, 2, 3, 1, Float.NaN, 3, 1, 2, Float.NaN};
        float[] expected = {-1, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0};
        try (DeviceBuffer logits = device(z); DeviceBuffer y = deviceInts(0, 0, 1, 0);
             DeviceBuffer gradient = backend.allocate(z.length); DeviceBuffer single = backend.allocate(4)) {
            backend.marginGradient(logits, y, 4, 3, gradient);
            assertArrayEquals(expected, host(gradient));
            backend.zeroInts(y);
            backend.marginGradient(logits, y, 4, 1, single);
            assertArrayEquals(new float[4], host(single));
        }
    }

    // ---- intervals for training ------------------------------------------------------------------------------------------

    @Test
    void givenAPixelNearTheEdge_whenBoxed_thenTheBoxIsCutToZeroAndOne() {
        try (DeviceBuffer x = device(0f, 0.05f, 0.5f, 1f); DeviceBuffer epsilon = device(0.1f);
             DeviceBuffer centre = backend.allocate(4); DeviceBuffer radius = backend.allocate(4)) {
            backend.boxAround(x, 4, epsilon, centre, radius);
            close(new double[] {0.05, 0.075, 0.5, 0.95}, host(centre), 1e-6);
            close(new double[] {0.05, 0.075, 0.1, 0.05}, host(radius), 1e-6);
        }
    }

    @Test
    void givenDeadCrossingAndLiveBoxes_whenRelu_thenCentresRadiiAndGradientsAreThoseOfTheEnds() {
        float[] c = {-2f, 0.25f, 2f, -0.25f};
        float[] r = {1f, 1f, 1f, 1f};
        try (DeviceBuffer centre = device(c); DeviceBuffer radius = device(r);
             DeviceBuffer outCentre = backend.allocate(4); DeviceBuffer outRadius = backend.allocate(4);
             DeviceBuffer gc = device(1f, 1f, 1f, 1f); DeviceBuffer gr = device(0.5f, 0.5f, 0.5f, 0.5f)) {
            backend.intervalRelu(centre, radius, 4, outCentre, outRadius);
            assertArrayEquals(new float[] {0f, 0.625f, 2f, 0.375f}, host(outCentre));
            assertArrayEquals(new float[] {0f, 0.625f, 1f, 0.375f}, host(outRadius));
            backend.intervalReluGradient(centre, radius, 4, gc, gr);
            // A crossing box keeps its upper end only: (gc + gr) / 2 flows to c + r.
            assertArrayEquals(new float[] {0f, 0.75f, 1f, 0.75f}, host(gc));
            assertArrayEquals(new float[] {0f, 0.75f, 0.5f, 0.75f}, host(gr));
        }
    }

    @Test
    void givenAnUnknownPixelOrEnd_whenBoxedOrRelu_thenItAloneIsUnknown() {
        float nan = Float.NaN;
        try (DeviceBuffer x = device(0.5f, nan, 0.75f); DeviceBuffer epsilon = device(0.125f);
             DeviceBuffer centre = backend.allocate(3); DeviceBuffer radius = backend.allocate(3)) {
            backend.boxAround(x, 3, epsilon, centre, radius);
            assertArrayEquals(new float[] {0.5f, nan, 0.75f}, host(centre));
            assertArrayEquals(new float[] {0.125f, nan, 0.125f}, host(radius));
            backend.write(new float[] {nan, 1f, 2f}, centre);
            backend.write(new float[] {1f, nan, 1f}, radius);
            backend.intervalRelu(centre, radius, 3, centre, radius);
            assertArrayEquals(new float[] {nan, nan, 2f}, host(centre));
            assertArrayEquals(new float[] {nan, nan, 1f}, host(radius));
        }
    }

    @Test
    void givenOddLengths_whenBoxesAreTakenBehindARelu_thenTheirEndsAreTheClosedForms() {
        for (int length : ODD_LENGTHS) {
            float[] x = mapped(values(length), v -> 0.5 + 0.5 * v);
            try (DeviceBuffer input = device(x); DeviceBuffer epsilon = device(0.25f);
                 DeviceBuffer centre = backend.allocate(length); DeviceBuffer radius = backend.allocate(length)) {
                backend.boxAround(input, length, epsilon, centre, radius);
                close(doubles(mapped(x, v -> (Math.min(v + 0.25, 1) + Math.max(v - 0.25, 0)) / 2)), host(centre), 1e-6);
                close(doubles(mapped(x, v -> (Math.min(v + 0.25, 1) - Math.max(v - 0.25, 0)) / 2)), host(radius), 1e-6);
                backend.write(mapped(x, v -> 2 * v - 1), centre);
                backend.fill(radius, 0.5f);
                backend.intervalRelu(centre, radius, length, centre, radius);
                close(doubles(mapped(x, v -> (Math.max(2 * v - 0.5, 0) + Math.max(2 * v - 1.5, 0)) / 2)), host(centre), 1e-6);
                close(doubles(mapped(x, v -> (Math.max(2 * v - 0.5, 0) - Math.max(2 * v - 1.5, 0)) / 2)), host(radius), 1e-6);
            }
        }
    }

    @Test
    void givenAnOutputBox_whenWorstCase_thenTheLabelTakesItsLowerEndAndTheOthersTheirUpper() {
        try (DeviceBuffer centre = device(1, 2, 3, 4, 5, 6); DeviceBuffer radius = device(.5f, .25f, 1, 2, .5f, 4);
             DeviceBuffer labels = deviceInts(1, 0); DeviceBuffer worst = backend.allocate(6);
             DeviceBuffer g = device(.1f, .2f, .3f, .4f, .5f, .6f); DeviceBuffer gr = backend.allocate(6)) {
            backend.worstCaseLogits(centre, radius, labels, 2, 3, worst);
            assertArrayEquals(new float[] {1.5f, 1.75f, 4f, 2f, 5.5f, 10f}, host(worst));
            backend.worstCaseLogitsGradient(g, labels, 2, 3, g, gr);
            assertArrayEquals(new float[] {.1f, .2f, .3f, .4f, .5f, .6f}, host(g));
            assertArrayEquals(new float[] {.1f, -.2f, .3f, -.4f, .5f, .6f}, host(gr));
        }
    }

    @Test
    void givenALastLayer_whenElided_thenDifferencesAndTheirGradientsMatchTheDefinition() {
        int classes = 3;
        int in = 2;
        float[] w = {1, -2, 0.5f, 3, -1, -1};
        try (DeviceBuffer weight = device(w); DeviceBuffer pairs = backend.allocate(classes * classes * in);
             DeviceBuffer gradientPairs = backend.allocate(classes * classes * in);
             DeviceBuffer gradientWeight = device(0, 0, 0, 0, 0, 0);
             DeviceBuffer logits = device(1, 2, 4); DeviceBuffer spread = backend.allocate(9);
             DeviceBuffer labels = deviceInts(1); DeviceBuffer worst = backend.allocate(3);
             DeviceBuffer gradientSpread = backend.allocate(9)) {
            backend.pairwiseDifferences(weight, classes, in, pairs);
            // Row y * 3 + c is |W[c] - W[y]|.
            assertArrayEquals(new float[] {0, 0, .5f, 5, 2, 1, .5f, 5, 0, 0, 1.5f, 4, 2, 1, 1.5f, 4, 0, 0}, host(pairs));

            float[] g = new float[18];
            g[2] = 10; // row (y 0, c 1), input 0: W[1,0] - W[0,0] = -0.5
            backend.write(g, gradientPairs);
            backend.pairwiseDifferencesGradient(weight, gradientPairs, classes, in, gradientWeight);
            assertArrayEquals(new float[] {10, 0, -10, 0, 0, 0}, host(gradientWeight));

            backend.write(new float[] {0, 0, 0, 7, 0, 9, 0, 0, 0}, spread);
            backend.elidedLogits(logits, spread, labels, 1, classes, worst);
            assertArrayEquals(new float[] {6, 0, 11}, host(worst));
            backend.elidedLogitsGradient(logits, labels, 1, classes, logits, gradientSpread);
            assertArrayEquals(new float[] {1, -5, 4}, host(logits));
            assertArrayEquals(new float[] {0, 0, 0, 1, 0, 4, 0, 0, 0}, host(gradientSpread));
        }
    }

    @ParameterizedTest
    @CsvSource({"1,1", "7,33", "300,10", "3,40"})
    void givenAnyNumberOfClasses_whenWorstCaseOrElided_thenLogitsAndGradientsMatchTheDefinition(int rows, int classes) {
        float[] z = values(rows * classes);
        float[] r = values(rows * classes);
        float[] s = values(rows * classes * classes);
        int[] y = random.ints(rows, 0, classes).toArray();
        double[] worst = new double[z.length];
        double[] elided = new double[z.length];
        double[] gradientCentre = new double[z.length];
        double[] gradientSpread = new double[s.length];
        float[] flipped = z.clone();
        for (int k = 0; k < z.length; ++k) {
            int n = k / classes;
            int label = n * classes + y[n];
            worst[k] = z[k] + (k == label ? -(double) r[k] : r[k]);
            if (k == label) {
                flipped[k] = -z[k];
            } else {
                int pair = label * classes + k % classes;
                elided[k] = (double) z[k] - z[label] + s[pair];
                gradientSpread[pair] = z[k];
                gradientCentre[k] = z[k];
                gradientCentre[label] -= z[k];
            }
        }
        try (DeviceBuffer logits = device(z); DeviceBuffer radius = device(r); DeviceBuffer spread = device(s);
             DeviceBuffer labels = deviceInts(y); DeviceBuffer result = backend.allocate(z.length)) {
            backend.worstCaseLogits(logits, radius, labels, rows, classes, result);
            close(worst, host(result), 1e-6);
            backend.worstCaseLogitsGradient(logits, labels, rows, classes, logits, result);
            same(z, host(logits));
            same(flipped, host(result));
            backend.elidedLogits(logits, spread, labels, rows, classes, result);
            close(elided, host(result), 1e-6);
            backend.fill(spread, Float.NaN);
            backend.elidedLogitsGradient(logits, labels, rows, classes, logits, spread);
            close(gradientCentre, host(logits), 1e-5);
            close(gradientSpread, host(spread), 0);
        }
    }

    @ParameterizedTest
    @CsvSource({"1,1", "10,33", "33,31"})
    void givenAnyNumberOfClasses_whenDifferencesArePaired_thenTheirGradientIsTheSumOverPairs(int classes, int in) {
        float[] w = values(classes * in);
        float[] g = values(classes * classes * in);
        double[] pairs = new double[g.length];
        double[] gradient = new double[w.length];
        Arrays.fill(gradient, 0.5);
        for (int k = 0; k < g.length; ++k) {
            int i = k % in;
            int y = k / in / classes * in + i;
            int c = k / in % classes * in + i;
            pairs[k] = Math.abs((double) w[c] - w[y]);
            gradient[c] += Math.signum(w[c] - w[y]) * g[k];
            gradient[y] -= Math.signum(w[c] - w[y]) * g[k];
        }
        float[] half = new float[w.length];
        Arrays.fill(half, 0.5f);
        try (DeviceBuffer weight = device(w); DeviceBuffer target = device(g); DeviceBuffer result = device(half)) {
            backend.pairwiseDifferencesGradient(weight, target, classes, in, result);
            close(gradient, host(result), 1e-5);
            backend.pairwiseDifferences(weight, classes, in, target);
            close(pairs, host(target), 1e-7);
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {31, 57, 1021, 5000})
    void givenAPreActivationBox_whenRegularised_thenGradientsMatchCentralDifferences(int length) {
        checkRegulariser(mapped(values(length), v -> v + 0.4));
    }

    /** Some centres far out on one side of zero: the spreads differ as the sums do, and their term counts. */
    @ParameterizedTest
    @CsvSource({"57,1", "57,-1", "1021,1", "1021,-1"})
    void givenCentresFarOutOnOneSide_whenRegularised_thenGradientsMatchCentralDifferences(int length, int side) {
        float[] c = mapped(values(length), v -> side * (v > 0.6 ? 2 + v : 0.1 * (v - 1)));
        double mean = Arrays.stream(doubles(c)).average().orElseThrow();
        double squares = Arrays.stream(doubles(c)).filter(v -> side * v > 0).map(v -> (v - mean) * (v - mean)).sum();
        double others = Arrays.stream(doubles(c)).filter(v -> side * v < 0).map(v -> (v - mean) * (v - mean)).sum();
        assertTrue(others < 0.45 * squares, "or the term would be zero");
        checkRegulariser(c);
    }

    private void checkRegulariser(float[] c) {
        float tau = 0.5f;
        double inputRadius = 0.05;
        int length = c.length;
        float[] r = mapped(values(length), v -> 0.2 + 0.1 * v);
        float[] gc;
        float[] gr;
        try (DeviceBuffer centre = device(c); DeviceBuffer radius = device(r);
             DeviceBuffer input = device((float) inputRadius); DeviceBuffer weight = device(3f);
             DeviceBuffer gradientCentre = device(new float[length]); DeviceBuffer gradientRadius = device(new float[length]);
             DeviceBuffer loss = device(1f)) {
            backend.intervalRegulariser(centre, radius, length, input, tau, weight, gradientCentre, gradientRadius, loss);
            assertEquals(1 + regulariser(doubles(c), doubles(r), inputRadius, tau, 3), host(loss)[0], 1e-5);
            gc = host(gradientCentre);
            gr = host(gradientRadius);
        }
        for (int i = 0; i < length; i += Math.max(1, length / 57)) {
            int element = i;
            double slope = centralDifference(doubles(c), element, x -> regulariser(x, doubles(r), inputRadius, tau, 3));
            // Means over the elements: slopes shrink as 1 / length, the central difference's own error doesn't.
            assertEquals(slope, gc[i], 1e-5 * Math.abs(slope) + 1e-8, "centre " + i);
            slope = centralDifference(doubles(r), element, x -> regulariser(doubles(c), x, inputRadius, tau, 3));
            assertEquals(slope, gr[i], 1e-5 * Math.abs(slope) + 1e-8, "radius " + i);
        }
    }

    private static double centralDifference(double[] x, int element, ToDoubleFunction<double[]> f) {
        double h = 1e-6;
        double at = x[element];
        x[element] = at + h;
        double above = f.applyAsDouble(x);
        x[element] = at - h;
        return (above - f.applyAsDouble(x)) / (2 * h);
    }

    @Test
    void givenCentresOfOneSign_whenRegularised_thenOnlyTightnessCounts() {
        int length = 33;
        float[] c = mapped(values(length), v -> v + 1.5);
        try (DeviceBuffer centre = device(c); DeviceBuffer radius = backend.allocate(length);
             DeviceBuffer input = device(0.125f); DeviceBuffer weight = device(2f);
             DeviceBuffer gradientCentre = device(c); DeviceBuffer gradientRadius = device(new float[length]);
             DeviceBuffer loss = device(0f)) {
            backend.fill(radius, 1f);
            backend.intervalRegulariser(centre, radius, length, input, 0.5f, weight, gradientCentre, gradientRadius, loss);
            // weight / tau (tau - 0.125 / 1), and its slope weight / tau 0.125 / 1 / length
            assertEquals(1.5f, host(loss)[0], 1e-6f);
            assertArrayEquals(c, host(gradientCentre));
            close(doubles(mapped(c, v -> 0.5 / length)), host(gradientRadius), 1e-7);
            backend.fill(radius, 0.0625f);
            backend.intervalRegulariser(centre, radius, length, input, 0.5f, weight, gradientCentre, gradientRadius, loss);
            assertEquals(1.5f, host(loss)[0], 1e-6f);
            assertArrayEquals(c, host(gradientCentre));
        }
    }

    private static double[] doubles(float[] x) {
        double[] y = new double[x.length];
        for (int i = 0; i < x.length; ++i) {
            y[i] = x[i];
        }
        return y;
    }

    private static double regulariser(double[] c, double[] r, double inputRadius, double tau, double weight) {
        double meanRadius = Arrays.stream(r).average().orElseThrow();
        double mean = Arrays.stream(c).average().orElseThrow();
        double a = Arrays.stream(c).filter(v -> v > 0).sum();
        double b = -Arrays.stream(c).filter(v -> v < 0).sum();
        double va = Arrays.stream(c).filter(v -> v > 0).map(v -> (v - mean) * (v - mean)).sum();
        double vb = Arrays.stream(c).filter(v -> v < 0).map(v -> (v - mean) * (v - mean)).sum();
        return weight / tau * (Math.max(0, tau - inputRadius / meanRadius)
                + Math.max(0, tau - Math.min(a / b, b / a)) + Math.max(0, tau - Math.min(va / vb, vb / va)));
    }

    // ---- optimisers ------------------------------------------------------------------------------------------------------

    @Test
    void givenOneParameter_whenAdamSteps_thenItFollowsThePaper() {
        double p = 0.5;
        double m = 0;
        double v = 0;
        try (DeviceBuffer parameter = device(0.5f); DeviceBuffer gradient = device(0f); DeviceBuffer mean = device(0f);
             DeviceBuffer square = device(0f); DeviceBuffer step = backend.allocate(3); DeviceBuffer factor = device(0.5f)) {
            double[] gradients = {1, -3, 0.25};
            for (int t = 1; t <= gradients.length; ++t) {
                double g = 0.5 * gradients[t - 1] + 0.1 * p;
                m = 0.9 * m + 0.1 * g;
                v = 0.999 * v + 0.001 * g * g;
                double first = 1 - Math.pow(0.9, t);
                double second = 1 - Math.pow(0.999, t);
                p -= 0.01 * (m / first) / (Math.sqrt(v / second) + 1e-8);
                backend.write(new float[] {(float) gradients[t - 1]}, gradient);
                backend.write(new float[] {0.01f, (float) first, (float) second}, step);
                backend.adam(parameter, gradient, mean, square, 1, 0.9f, 0.999f, 1e-8f, 0.1f, step, factor);
                assertEquals(p, host(parameter)[0], 1e-6);
            }
        }
    }

    @Test
    void givenOneParameter_whenSgdSteps_thenMomentumAndDecayApply() {
        try (DeviceBuffer parameter = device(1f); DeviceBuffer gradient = device(2f); DeviceBuffer velocity = device(0.5f);
             DeviceBuffer step = device(0.1f); DeviceBuffer factor = device(0.25f)) {
            backend.sgd(parameter, gradient, velocity, 1, 0.9f, 0.01f, step, factor);
            assertEquals(0.9 * 0.5 + 2 * 0.25 + 0.01, host(velocity)[0], 1e-6);
            assertEquals(1 - 0.1 * 0.96, host(parameter)[0], 1e-6);
        }
    }

    /** Each element's state its own, so that whoever takes a step must take its own element's. */
    @Test
    void givenOddLengths_whenEitherOptimiserSteps_thenEveryParameterFollowsThePaper() {
        for (int length : ODD_LENGTHS) {
            float[] p = values(length);
            float[] g = values(length);
            float[] m = values(length);
            float[] v = mapped(values(length), Math::abs);
            double[] afterAdam = new double[length];
            double[] afterSgd = new double[length];
            for (int i = 0; i < length; ++i) {
                double slope = 0.5 * g[i] + 0.1 * p[i];
                double first = (0.9 * m[i] + 0.1 * slope) / 0.25;
                double second = (0.999 * v[i] + 0.001 * slope * slope) / 0.01;
                afterAdam[i] = p[i] - 0.01 * first / (Math.sqrt(second) + 0.5);
                afterSgd[i] = p[i] - 0.01 * (0.9 * m[i] + slope);
            }
            try (DeviceBuffer parameters = device(p); DeviceBuffer gradient = device(g); DeviceBuffer mean = device(m);
                 DeviceBuffer square = device(v); DeviceBuffer step = device(0.01f, 0.25f, 0.01f);
                 DeviceBuffer factor = device(0.5f)) {
                backend.adam(parameters, gradient, mean, square, length, 0.9f, 0.999f, 0.5f, 0.1f, step, factor);
                close(afterAdam, host(parameters), 1e-6);
                backend.write(p, parameters);
                backend.write(m, mean);
                backend.sgd(parameters, gradient, mean, length, 0.9f, 0.1f, step, factor);
                close(afterSgd, host(parameters), 1e-6);
            }
        }
    }

    @Test
    void givenAnyLength_whenAveraged_thenNoBitOfTheParametersIsLost() {
        for (int length : ODD_LENGTHS) {
            float[] p = values(length);
            float[] a = values(length);
            double[] expected = new double[length];
            for (int i = 0; i < length; ++i) {
                expected[i] = 0.9 * a[i] + 0.1 * p[i];
            }
            try (DeviceBuffer parameters = device(p); DeviceBuffer average = device(a)) {
                backend.average(parameters, length, 0.1f, average);
                close(expected, host(average), 4e-7); // factors of less than 24 bits would lose 1e-4
                assertArrayEquals(p, host(parameters));
            }
        }
    }

    @Test
    void givenALongGradient_whenClipped_thenItsNormBecomesTheLimit() {
        try (DeviceBuffer squares = device(25f); DeviceBuffer factor = backend.allocate(1)) {
            backend.clipFactor(squares, 2f, factor);
            assertEquals(0.4f, host(factor)[0], 1e-7f);
            backend.clipFactor(squares, 6f, factor);
            assertEquals(1f, host(factor)[0]);
        }
    }

    // ---- random numbers ----------------------------------------------------------------------------------------------------

    @ParameterizedTest
    @ValueSource(ints = {1, 15, 16, 17, 63, 65, 784, 1021})
    void givenAnyWidth_whenNoiseIsAdded_thenEveryBitIsTheReferences(int columns) {
        int rows = 5;
        float[] x = values(rows * columns);
        int[] images = {3, 3, 59_999, 0, -1};
        int[] samples = {0, 1, 7, Integer.MAX_VALUE, 12};
        NoiseKey key = new NoiseKey(0x1234_5678_9ABC_DEF0L, Stream.AUGMENTATION);
        try (DeviceBuffer input = device(x); DeviceBuffer i = deviceInts(images); DeviceBuffer s = deviceInts(samples);
             DeviceBuffer target = backend.allocate((long) rows * columns)) {
            backend.addNoise(input, i, s, rows, columns, 0.37f, key, target);
            float[] actual = host(target);
            for (int k = 0; k < actual.length; ++k) {
                float z = Philox.normal(key, images[k / columns], samples[k / columns], k % columns);
                assertEquals(Math.fma(0.37f, z, x[k]), actual[k], "element " + k);
            }
        }
    }

    @Test
    void givenOneImage_whenCopied_thenSamplesAreThoseOfAnyOtherBatch() {
        int columns = 100;
        NoiseKey key = new NoiseKey(5, Stream.ESTIMATION);
        try (DeviceBuffer x = device(values(columns)); DeviceBuffer all = backend.allocate(20L * columns);
             DeviceBuffer part = backend.allocate(3L * columns)) {
            backend.noisyCopies(x, 9, 100, 20, columns, 0.5f, key, all);
            backend.noisyCopies(x, 9, 117, 3, columns, 0.5f, key, part);
            assertArrayEquals(host(all.slice(17L * columns, 3L * columns)), host(part));
        }
    }

    /** More rows than a GPU's grid has along its second dimension. */
    @Test
    void givenManyRows_whenDrawn_thenEveryOneIsTheReferences() {
        int rows = 65_539;
        NoiseKey key = new NoiseKey(21, Stream.AUGMENTATION);
        int[] indices = new int[rows];
        Arrays.setAll(indices, n -> n);
        try (DeviceBuffer zero = device(new float[rows]); DeviceBuffer one = backend.allocate(rows);
             DeviceBuffer numbers = deviceInts(indices); DeviceBuffer target = backend.allocate(rows)) {
            backend.fill(one, 1f);
            backend.noisyCopies(zero, 3, 0, rows, 1, 1f, key, target);
            float[] copies = host(target);
            backend.uniformInBox(zero, one, numbers, numbers, rows, 1, key, target);
            float[] uniform = host(target);
            for (int n = 0; n < rows; ++n) {
                assertEquals(Philox.normal(key, 3, n, 0), copies[n], "row " + n);
                assertEquals(Philox.uniform(key, n, n, 0), uniform[n], "row " + n);
            }
        }
    }

    @Test
    void givenABox_whenDrawnFrom_thenNumbersAreTheReferencesAndStayInside() {
        int columns = 70;
        float[] low = values(2 * columns);
        float[] high = mapped(low, v -> v + 0.3);
        NoiseKey key = new NoiseKey(11, Stream.ATTACK);
        try (DeviceBuffer l = device(low); DeviceBuffer h = device(high); DeviceBuffer i = deviceInts(4, 5);
             DeviceBuffer s = deviceInts(0, 9); DeviceBuffer target = backend.allocate(2L * columns)) {
            backend.uniformInBox(l, h, i, s, 2, columns, key, target);
            float[] actual = host(target);
            for (int k = 0; k < actual.length; ++k) {
                float u = Philox.uniform(key, 4 + k / columns, 9 * (k / columns), k % columns);
                assertEquals(Math.min(Math.fma(u, high[k] - low[k], low[k]), high[k]), actual[k]);
                assertTrue(actual[k] >= low[k] && actual[k] <= high[k]);
            }
        }
    }

    // ---- votes and attacks ---------------------------------------------------------------------------------------------------

    @Test
    void givenTiesAndNaN_whenArgMax_thenTheLowestWinsAndNaNVotesForNobody() {
        float[] logits = {1, 1, 0, -3, -2, -2, Float.NaN, 5, 5, 0, Float.POSITIVE_INFINITY, 1};
        try (DeviceBuffer z = device(logits); DeviceBuffer best = backend.allocate(4); DeviceBuffer counts = deviceInts(1, 0, 0)) {
            backend.argMax(z, 4, 3, best);
            assertArrayEquals(new int[] {0, 1, -1, 1}, hostInts(best));
            backend.countArgMax(z, 4, 3, counts);
            assertArrayEquals(new int[] {2, 2, 0}, hostInts(counts));
        }
    }

    @Test
    void givenManyRows_whenVotesAreCounted_thenNoneIsLost() {
        int rows = 300_001;
        float[] logits = values(2 * rows);
        int[] expected = {5, 7};
        for (int n = 0; n < rows; ++n) {
            ++expected[logits[2 * n + 1] > logits[2 * n] ? 1 : 0];
        }
        try (DeviceBuffer z = device(logits); DeviceBuffer counts = deviceInts(5, 7)) {
            backend.countArgMax(z, rows, 2, counts);
            assertArrayEquals(expected, hostInts(counts));
        }
    }

    @Test
    void givenAGradient_whenStepped_thenOnlyItsSignMattersAndTheBoxHolds() {
        try (DeviceBuffer x = device(0.5f, 0.5f, 0.5f, 0.5f); DeviceBuffer g = device(1e-30f, -3f, 0f, 9f);
             DeviceBuffer low = device(0.25f, 0.45f, 0.25f, 0.25f); DeviceBuffer high = device(1f, 1f, 1f, 0.55f)) {
            backend.signedStep(x, g, 4, 0.125f, low, high);
            assertArrayEquals(new float[] {0.625f, 0.45f, 0.5f, 0.55f}, host(x));
        }
    }

    @Test
    void givenANoisyClassifier_whenCounted_thenVotesAreThoseOfTheComposedOneButForNearTies() {
        int[] widths = {50, 33, 20, 7};
        int samples = 1500;
        int[] indices = {12, 3, 400};
        NoiseKey key = new NoiseKey(99, Stream.ESTIMATION);
        try (RandomNetwork network = new RandomNetwork(widths);
             DeviceBuffer images = device(mapped(values(3 * 50), v -> 0.5 + 0.5 * v));
             DeviceBuffer expected = deviceInts(new int[21]); DeviceBuffer actual = deviceInts(new int[21]);
             NoisyClassifier composed = new ComposedNoisyClassifier(backend, network.layers);
             NoisyClassifier fused = backend.noisyClassifier(network.layers)) {
            composed.countVotes(images, indices, 0.5f, key, 10, samples, expected);
            fused.countVotes(images, indices, 0.5f, key, 10, samples, actual);
            int[] a = hostInts(expected);
            int[] b = hostInts(actual);
            int moved = 0;
            for (int k = 0; k < a.length; ++k) {
                moved += Math.abs(a[k] - b[k]);
            }
            for (int n = 0; n < 3; ++n) {
                assertEquals(samples, Arrays.stream(b, n * 7, n * 7 + 7).sum());
            }
            // Half precision moves a logit by about 2^-9 of its size: few of 4,500 samples lie that near to a tie.
            int nearTies = fused.precision() == NoisyClassifier.Precision.FLOAT32 ? 4 : 180;
            assertTrue(moved <= nearTies, moved + " votes differ");
        }
    }

    @Test
    void givenAnyGrouping_whenVotesAreCounted_thenEveryImageHasTheSameVotes() {
        int[] widths = {784, 64, 10};
        NoiseKey key = new NoiseKey(1, Stream.SELECTION);
        try (RandomNetwork network = new RandomNetwork(widths);
             DeviceBuffer images = device(mapped(values(3 * 784), v -> 0.5 + 0.5 * v));
             DeviceBuffer together = deviceInts(new int[30]); DeviceBuffer alone = deviceInts(new int[30]);
             NoisyClassifier classifier = backend.noisyClassifier(network.layers)) {
            classifier.countVotes(images, new int[] {5, 6, 7}, 0.25f, key, 0, 700, together);
            for (int n = 2; n >= 0; --n) {
                for (int part = 0; part < 2; ++part) {
                    classifier.countVotes(images.slice(n * 784L, 784), new int[] {5 + n}, 0.25f, key,
                            part == 0 ? 0 : 333, part == 0 ? 333 : 367, alone.slice(n * 10L, 10));
                }
            }
            assertArrayEquals(hostInts(together), hostInts(alone));
        }
    }

    @ParameterizedTest
    @CsvSource({"1", "33", "600"})
    void givenInputs_whenClassified_thenLogitsAreTheNetworksUpToItsPrecision(int rows) {
        requireLogits(rows, false, 50, 33, 20, 7);
    }

    @ParameterizedTest
    @CsvSource({"1", "33", "600"})
    void givenAFirstLayerOfWindows_whenClassified_thenLogitsAreTheNetworksUpToItsPrecision(int rows) {
        requireLogits(rows, true, 50, 300, 20, 7);
    }

    private void requireLogits(int rows, boolean windows, int... widths) {
        try (RandomNetwork network = new RandomNetwork(windows, widths); DeviceBuffer inputs = device(values(rows * 50));
             DeviceBuffer expected = backend.allocate(rows * 7L); DeviceBuffer actual = backend.allocate(rows * 7L);
             NoisyClassifier composed = new ComposedNoisyClassifier(backend, network.layers);
             NoisyClassifier classifier = backend.noisyClassifier(network.layers)) {
            composed.logits(inputs, rows, expected);
            classifier.logits(inputs, rows, actual);
            // Logits are of order one; inputs, weights and activations are each rounded once in each of three layers.
            double tolerance = switch (classifier.precision()) {
                case FLOAT32 -> 1e-5;
                case FLOAT16 -> 9 * 0x1p-11;
                case BFLOAT16 -> 9 * 0x1p-8;
            };
            float[] e = host(expected);
            float[] a = host(actual);
            for (int k = 0; k < e.length; ++k) {
                assertEquals(e[k], a[k], tolerance * (1 + Math.abs(e[k])), "logit " + k);
            }
        }
    }

    @ParameterizedTest
    @CsvSource({"1,1", "33,31", "300,50"})
    void givenPredictions_whenMisclassifiedAreKept_thenTheOtherRowsStay(int rows, int columns) {
        float[] x = values(rows * columns);
        int[] labels = new int[rows];
        int[] predictions = new int[rows];
        float[] expected = new float[rows * columns];
        Arrays.fill(expected, 7f);
        int[] expectedPredictions = new int[rows];
        for (int n = 0; n < rows; ++n) {
            labels[n] = n % 10;
            predictions[n] = n % 3 == 0 ? labels[n] : n % 3 == 1 ? -1 : labels[n] + 1;
            expectedPredictions[n] = n % 3 == 0 ? 99 : predictions[n];
            if (n % 3 != 0) {
                System.arraycopy(x, n * columns, expected, n * columns, columns);
            }
        }
        int[] before = new int[rows];
        Arrays.fill(before, 99);
        try (DeviceBuffer from = device(x); DeviceBuffer found = deviceInts(predictions); DeviceBuffer truth = deviceInts(labels);
             DeviceBuffer kept = backend.allocate((long) rows * columns); DeviceBuffer noted = deviceInts(before)) {
            backend.fill(kept, 7f);
            backend.keepMisclassified(from, found, truth, rows, columns, kept, noted);
            assertArrayEquals(expected, host(kept));
            assertArrayEquals(expectedPredictions, hostInts(noted));
        }
    }

    @ParameterizedTest
    @CsvSource({"1", "33", "300"})
    void givenANetwork_whenDifferentiated_thenInputGradientsAreTheChainRulesUpToItsPrecision(int rows) {
        requireInputGradients(rows, false, 50, 33, 20, 7);
    }

    @ParameterizedTest
    @CsvSource({"1", "33", "300"})
    void givenAFirstLayerOfWindows_whenDifferentiated_thenInputGradientsAreTheChainRulesUpToItsPrecision(int rows) {
        requireInputGradients(rows, true, 150, 300, 20, 7);
    }

    private void requireInputGradients(int rows, boolean windows, int... widths) {
        try (RandomNetwork network = new RandomNetwork(windows, widths); DeviceBuffer x = device(values(rows * widths[0]));
             DeviceBuffer up = device(values(rows * 7)); DeviceBuffer logits = backend.allocate(rows * 7L);
             DeviceBuffer expectedLogits = backend.allocate(rows * 7L); DeviceBuffer gradients = backend.allocate((long) rows * widths[0]);
             NoisyClassifier composed = new ComposedNoisyClassifier(backend, network.layers);
             InputGradients prepared = backend.inputGradients(network.layers, 300)) {
            composed.logits(x, rows, expectedLogits);
            prepared.forward(x, rows, logits);
            prepared.backward(up, rows, gradients);
            double tolerance = switch (prepared.precision()) {
                case FLOAT32 -> 1e-5;
                case FLOAT16 -> 9 * 0x1p-11;
                case BFLOAT16 -> 9 * 0x1p-8;
            };
            close(doubles(host(expectedLogits)), host(logits), tolerance);
            double[] expected = chainRule(network, host(x), host(up), rows, widths);
            float[] actual = host(gradients);
            double squares = 0;
            double errors = 0;
            for (int k = 0; k < expected.length; ++k) {
                squares += expected[k] * expected[k];
                errors += (expected[k] - actual[k]) * (expected[k] - actual[k]);
            }
            // Rounding may switch a unit that is nearly dead, which moves a whole path: few do, so the sum hardly changes.
            double slack = prepared.precision() == NoisyClassifier.Precision.FLOAT32 ? tolerance : 4 * tolerance;
            assertTrue(Math.sqrt(errors / squares) < slack, "relative error " + Math.sqrt(errors / squares));
        }
    }

    /** Input gradients in double. */
    private double[] chainRule(RandomNetwork network, float[] x, float[] up, int rows, int[] widths) {
        double[] result = new double[x.length];
        int layers = network.layers.size();
        float[][] weights = new float[layers][];
        float[][] biases = new float[layers][];
        for (int i = 0; i < layers; ++i) {
            weights[i] = host(network.layers.get(i).weight());
            biases[i] = host(network.layers.get(i).bias());
        }
        for (int n = 0; n < rows; ++n) {
            double[][] values = new double[layers + 1][];
            values[0] = doubles(Arrays.copyOfRange(x, n * widths[0], (n + 1) * widths[0]));
            for (int i = 0; i < layers; ++i) {
                values[i + 1] = new double[widths[i + 1]];
                for (int o = 0; o < widths[i + 1]; ++o) {
                    double sum = biases[i][o];
                    for (int k = 0; k < widths[i]; ++k) {
                        sum += (double) weights[i][o * widths[i] + k] * values[i][k];
                    }
                    values[i + 1][o] = i < layers - 1 ? Math.max(sum, 0) : sum;
                }
            }
            double[] gradient = doubles(Arrays.copyOfRange(up, n * widths[layers], (n + 1) * widths[layers]));
            for (int i = layers - 1; i >= 0; --i) {
                double[] below = new double[widths[i]];
                for (int k = 0; k < widths[i]; ++k) {
                    for (int o = 0; o < widths[i + 1]; ++o) {
                        below[k] += weights[i][o * widths[i] + k] * gradient[o];
                    }
                    if (i > 0 && values[i][k] <= 0) {
                        below[k] = 0;
                    }
                }
                gradient = below;
            }
            System.arraycopy(gradient, 0, result, n * widths[0], widths[0]);
        }
        return result;
    }

    // ---- intervals for certificates ------------------------------------------------------------------------------------------

    @Test
    void givenADecimalEpsilon_whenBoxedOutward_thenTheDecimalBoxIsInside() {
        float[] x = mapped(values(500), v -> 0.5 + 0.5 * v);
        x[0] = 0f;
        x[1] = 1f;
        x[2] = 0.1f;
        BigDecimal epsilon = new BigDecimal("0.1");
        try (DeviceBuffer input = device(x); DeviceBuffer low = backend.allocate(500); DeviceBuffer high = backend.allocate(500)) {
            backend.outwardBox(input, 500, 0.1, low, high);
            float[] l = host(low);
            float[] h = host(high);
            for (int i = 0; i < x.length; ++i) {
                BigDecimal exact = new BigDecimal(x[i]);
                BigDecimal lower = exact.subtract(epsilon).max(BigDecimal.ZERO);
                BigDecimal upper = exact.add(epsilon).min(BigDecimal.ONE);
                assertTrue(new BigDecimal(l[i]).compareTo(lower) <= 0, "lower " + i);
                assertTrue(new BigDecimal(h[i]).compareTo(upper) >= 0, "upper " + i);
                assertEquals(lower.doubleValue(), l[i], 2e-7);
                assertEquals(upper.doubleValue(), h[i], 2e-7);
                assertTrue(l[i] >= 0 && h[i] <= 1);
            }
        }
    }

    @ParameterizedTest
    @CsvSource({"1,1,1", "3,2,5", "9,65,130", "17,300,10", "70,31,128", "129,9,193", "1,1021,33"})
    void givenABox_whenPushedThroughAnAffineMap_thenTheExactBoxIsJustInside(int rows, int in, int out) {
        requireExactBoxJustInside(rows, in, out, values(in * out));
    }

    /** Units that see some of the inputs only, and one that sees none: what products may leave out must be nothing. */
    @ParameterizedTest
    @CsvSource({"9,65,130", "17,301,300", "5,7,700"})
    void givenWindows_whenPushedThroughAnAffineMap_thenTheExactBoxIsJustInside(int rows, int in, int out) {
        float[] w = windowed(values(in * out), in, out);
        Arrays.fill(w, (out - 1) * in, out * in, 0f);
        requireExactBoxJustInside(rows, in, out, w);
    }

    /** Weights with zeros outside a window of the inputs, which moves from the first to the last along the units. */
    private static float[] windowed(float[] weight, int in, int out) {
        for (int k = 0; k < weight.length; ++k) {
            if (Math.abs((double) (k % in) / in - (double) (k / in) / out) > 0.1) {
                weight[k] = 0;
            }
        }
        return weight;
    }

    private void requireExactBoxJustInside(int rows, int in, int out, float[] w) {
        // Slices that start anywhere: no kernel may count on more than a float's alignment.
        float[] l = mapped(values(rows * in), v -> v * 3);
        float[] h = mapped(l, v -> v + 0.25 + 0.125 * Math.sin(v * 100));
        float[] b = values(out);
        try (DeviceBuffer box = device(joined(l, h)); DeviceBuffer weight = device(joined(new float[1], w));
             DeviceBuffer bias = device(b); DeviceBuffer result = backend.allocate(2L * rows * out + 1)) {
            DeviceBuffer outLower = result.slice(0, (long) rows * out);
            DeviceBuffer outUpper = result.slice((long) rows * out + 1, (long) rows * out);
            backend.outwardAffine(box.slice(0, l.length), box.slice(l.length, h.length), rows,
                    new Affine(weight.slice(1, w.length), bias, in, out), outLower, outUpper);
            float[] low = host(outLower);
            float[] high = host(outUpper);
            for (int k = 0; k < rows * out; ++k) {
                int n = k / out;
                int o = k % out;
                BigDecimal exactLow = new BigDecimal(b[o]);
                BigDecimal exactHigh = exactLow;
                double magnitude = Math.abs(b[o]);
                for (int i = 0; i < in; ++i) {
                    BigDecimal weightOi = new BigDecimal(w[o * in + i]);
                    float lower = l[n * in + i];
                    float upper = h[n * in + i];
                    boolean positive = w[o * in + i] > 0;
                    exactLow = exactLow.add(weightOi.multiply(new BigDecimal(positive ? lower : upper)));
                    exactHigh = exactHigh.add(weightOi.multiply(new BigDecimal(positive ? upper : lower)));
                    magnitude += Math.abs(w[o * in + i]) * Math.max(Math.abs(lower), Math.abs(upper));
                }
                assertJustBelow(exactLow, low[k], in, magnitude, "lower " + k);
                assertJustBelow(exactHigh.negate(), -high[k], in, magnitude, "upper " + k);
            }
        }
    }

    private static float[] joined(float[] first, float[] second) {
        float[] both = Arrays.copyOf(first, first.length + second.length);
        System.arraycopy(second, 0, both, first.length, second.length);
        return both;
    }

    private void assertJustBelow(BigDecimal exact, float bound, int terms, double magnitude, String name) {
        assertTrue(new BigDecimal(bound).compareTo(exact) <= 0, () -> name + ": " + bound + " is above " + exact);
        assertEquals(exact.doubleValue(), bound, outwardSlack(terms, bound, magnitude), name);
    }

    /**
     * How far outside the exact result an outward affine bound may lie: on the CPU, which sums in double and rounds once,
     * two units in the last place of the result.
     *
     * @param terms     products summed
     * @param bound     the bound
     * @param magnitude absolute values of the products and of the constant, summed
     */
    protected double outwardSlack(int terms, double bound, double magnitude) {
        return 0x1p-22 * (1 + Math.abs(bound));
    }

    @ParameterizedTest
    @CsvSource({"1,1,1", "5,31,3", "9,33,10", "2,130,41", "3,1021,2"})
    void givenAnyLastLayer_whenMargins_thenTheExactElidedMarginIsJustAbove(int rows, int in, int out) {
        float[] l = values(rows * in);
        float[] h = mapped(l, v -> v + 0.25 + 0.125 * Math.sin(v * 100));
        float[] w = values(in * out);
        float[] b = values(out);
        int[] y = random.ints(rows, 0, out).toArray();
        try (DeviceBuffer lower = device(l); DeviceBuffer upper = device(h); DeviceBuffer weight = device(w);
             DeviceBuffer bias = device(b); DeviceBuffer labels = deviceInts(y);
             DeviceBuffer margins = backend.allocate((long) rows * out)) {
            backend.outwardMargins(lower, upper, labels, rows, new Affine(weight, bias, in, out), margins);
            float[] actual = host(margins);
            for (int k = 0; k < actual.length; ++k) {
                int label = y[k / out];
                BigDecimal exact = new BigDecimal(b[label]).subtract(new BigDecimal(b[k % out]));
                double magnitude = Math.abs(b[label]) + Math.abs(b[k % out]);
                for (int i = 0; i < in; ++i) {
                    BigDecimal d = new BigDecimal(w[label * in + i]).subtract(new BigDecimal(w[k % out * in + i]));
                    float x = (d.signum() > 0 ? l : h)[k / out * in + i];
                    exact = exact.add(d.multiply(new BigDecimal(x)));
                    magnitude += Math.abs(d.doubleValue() * x);
                }
                if (k % out == label) {
                    assertEquals(0f, actual[k]);
                } else {
                    assertJustBelow(exact, actual[k], in, magnitude, "margin " + k);
                }
            }
        }
    }

    @Test
    void givenUnknownOrEndlessBounds_whenPushedThroughAnAffineMap_thenNoBoundIsTighterThanItIs() {
        float inf = Float.POSITIVE_INFINITY;
        // Rows: x0 unknown; x0 in [0, inf); x0 in (-inf, inf); all known. x1 in [1, 2].
        float[] l = {Float.NaN, 1, 0, 1, -inf, 1, 1, 1};
        float[] h = {Float.NaN, 2, inf, 2, inf, 2, 2, 2};
        float[] w = {1, 1, -1, 1, 0, 1, 3e38f, 3e38f, -3e38f, -3e38f, Float.NaN, 1};
        double none = Double.NaN;
        double[] trueLower = {
            none, none, none, none, none, none,
            1, -inf, 1, 3e38, -inf, none,
            -inf, -inf, 1, -inf, -inf, none,
            2, -1, 1, 6e38, -12e38, none};
        double[] trueUpper = {
            none, none, none, none, none, none,
            inf, 2, 2, inf, -3e38, none,
            inf, inf, 2, inf, inf, none,
            4, 1, 2, 12e38, -6e38, none};
        try (DeviceBuffer lower = device(l); DeviceBuffer upper = device(h); DeviceBuffer weight = device(w);
             DeviceBuffer bias = device(new float[6]); DeviceBuffer outLower = backend.allocate(24);
             DeviceBuffer outUpper = backend.allocate(24)) {
            backend.outwardAffine(lower, upper, 4, new Affine(weight, bias, 2, 6), outLower, outUpper);
            float[] low = host(outLower);
            float[] high = host(outUpper);
            for (int k = 0; k < 24; ++k) {
                assertNotAbove(trueLower[k], low[k], "lower " + k);
                assertNotAbove(-trueUpper[k], -high[k], "upper " + k);
            }
            backend.relu(outLower, 24);
            backend.relu(outUpper, 24);
            assertTrue(Float.isNaN(host(outLower)[0]) && Float.isNaN(host(outUpper)[0]), "what is unknown stays so");
        }
    }

    @Test
    void givenUnknownOrEndlessBounds_whenMargins_thenNoneIsAboveTheTrueOne() {
        float inf = Float.POSITIVE_INFINITY;
        float[] l = {Float.NaN, 1, 0, 1, -inf, 1, -0.25f, 1, 0.25f, 1};
        float[] h = {Float.NaN, 2, inf, 2, inf, 2, 0.5f, 2, 0.5f, 2};
        float[] w = {3e38f, 1, -3e38f, 1, 3e38f, 0, Float.NaN, 1};
        double none = Double.NaN;
        double[] trueMargin = {
            0, none, none, none,
            0, 0, 1, none,
            0, -inf, 1, none,
            0, -1.5e38, 1, none,
            0, 1.5e38, 1, none};
        try (DeviceBuffer lower = device(l); DeviceBuffer upper = device(h); DeviceBuffer weight = device(w);
             DeviceBuffer bias = device(new float[4]); DeviceBuffer labels = deviceInts(0, 0, 0, 0, 0);
             DeviceBuffer margins = backend.allocate(20)) {
            backend.outwardMargins(lower, upper, labels, 5, new Affine(weight, bias, 2, 4), margins);
            float[] actual = host(margins);
            for (int k = 0; k < 20; ++k) {
                if (k % 4 == 0) {
                    assertEquals(0f, actual[k]);
                } else {
                    assertNotAbove(trueMargin[k], actual[k], "margin " + k);
                }
            }
        }
    }

    /** A lower bound that says nothing false: NaN says nothing, and of an unknown truth nothing finite may be said. */
    private static void assertNotAbove(double truth, float bound, String name) {
        assertTrue(Float.isNaN(bound) || (Double.isNaN(truth) ? bound == Float.NEGATIVE_INFINITY : bound <= truth),
                name + ": " + bound + " is above " + truth);
    }

    @Test
    void givenPixelsAtOrBeyondTheEdge_whenBoxedOutward_thenTheBoxIsCutAndTheUnknownStaysUnknown() {
        try (DeviceBuffer x = device(0f, 1f, 0.25f, Float.NaN); DeviceBuffer low = backend.allocate(4);
             DeviceBuffer high = backend.allocate(4)) {
            backend.outwardBox(x, 4, 0.5, low, high);
            assertEquals(0f, host(low)[0]);
            assertEquals(1f, host(high)[1]);
            assertEquals(0f, host(low)[2]);
            assertTrue(host(high)[2] > 0.75f, "0.5 may be the nearest double of a number just above");
            assertTrue(Float.isNaN(host(low)[3]) && Float.isNaN(host(high)[3]));
            backend.outwardBox(x, 4, 1e300, low, high);
            assertArrayEquals(new float[] {0f, 0f, 0f, Float.NaN}, host(low));
            assertArrayEquals(new float[] {1f, 1f, 1f, Float.NaN}, host(high));
        }
    }

    /** W[y] - W[c] = 1 + 2^-25 or 1 - 2^-26: nearest to both is 1, which is above the one and below the other. */
    @Test
    void givenACoefficientBetweenTwoFloats_whenMargins_thenItIsRoundedAgainstUsForEitherSign() {
        float[] w = {1f, -0x1p-25f, 0x1p-26f};
        float[] x = {-1f, 1f};
        double[] exact = {0, -1 - 0x1p-25, -1 + 0x1p-26, 0, 1 + 0x1p-25, 1 - 0x1p-26};
        try (DeviceBuffer lower = device(x); DeviceBuffer upper = device(x); DeviceBuffer weight = device(w);
             DeviceBuffer bias = device(0f, 0f, 0f); DeviceBuffer labels = deviceInts(0, 0);
             DeviceBuffer margins = backend.allocate(6)) {
            backend.outwardMargins(lower, upper, labels, 2, new Affine(weight, bias, 1, 3), margins);
            float[] actual = host(margins);
            for (int k = 0; k < 6; ++k) {
                assertTrue(actual[k] <= exact[k], k + ": " + actual[k] + " is above " + exact[k]);
                assertEquals(exact[k], actual[k], 0x1p-22, "margin " + k);
            }
        }
    }

    @Test
    void givenABoxOfTheLastInputs_whenMargins_thenTheExactElidedMarginIsJustAbove() {
        float[] l = {-1f, 0.5f, 0.25f, 2f};
        float[] h = {-0.5f, 0.75f, 0.5f, 2f};
        float[] w = {1, -1, 0.5f, 2, -3, 0.25f};
        float[] b = {0.125f, -1f, 3f};
        try (DeviceBuffer lower = device(l); DeviceBuffer upper = device(h); DeviceBuffer weight = device(w);
             DeviceBuffer bias = device(b); DeviceBuffer labels = deviceInts(2, 0); DeviceBuffer margins = backend.allocate(6)) {
            backend.outwardMargins(lower, upper, labels, 2, new Affine(weight, bias, 2, 3), margins);
            float[] actual = host(margins);
            // Row 0, label 2: W2 - W0 = (-4, 1.25), W2 - W1 = (-3.5, -1.75); row 1, label 0: (0.5, -3), (4, -1.25).
            double[] expected = {
                3 - 0.125 + -4 * -0.5 + 1.25 * 0.5, 3 + 1 + -3.5 * -0.5 + -1.75 * 0.75, 0,
                0, 0.125 + 1 + 0.5 * 0.25 - 3 * 2, 0.125 - 3 + 4 * 0.25 - 1.25 * 2};
            for (int k = 0; k < 6; ++k) {
                assertTrue(actual[k] <= expected[k], k + ": " + actual[k] + " above " + expected[k]);
                assertEquals(expected[k], actual[k], outwardSlack(2, expected[k], 16)); // products of at most 16 in all
            }
        }
    }

    /** A network of random weights on the backend under test. */
    protected final class RandomNetwork implements AutoCloseable {
        private final ArrayList<DeviceBuffer> buffers = new ArrayList<>();
        final List<Affine> layers;

        RandomNetwork(int... widths) {
            this(false, widths);
        }

        /** @param windows whether the first layer's units see a part of the inputs each */
        RandomNetwork(boolean windows, int... widths) {
            ArrayList<Affine> made = new ArrayList<>();
            for (int i = 0; i + 1 < widths.length; ++i) {
                double scale = Math.sqrt(6.0 / widths[i]);
                float[] drawn = mapped(values(widths[i] * widths[i + 1]), v -> scale * v);
                DeviceBuffer weight = device(windows && i == 0 ? windowed(drawn, widths[0], widths[1]) : drawn);
                DeviceBuffer bias = device(mapped(values(widths[i + 1]), v -> 0.1 * v));
                buffers.add(weight);
                buffers.add(bias);
                made.add(new Affine(weight, bias, widths[i], widths[i + 1]));
            }
            layers = List.copyOf(made);
        }

        @Override
        public void close() {
            buffers.forEach(DeviceBuffer::close);
        }
    }

    // ---- linear relaxations for certificates -----------------------------------------------------------------------------------

    @ParameterizedTest
    @CsvSource({"1,1,1", "31,33,5", "3,5,1021", "130,257,65", "9,1024,33"})
    void givenForms_whenTakenBackThroughWeights_thenTheErrorIsAsPromised(int rows, int out, int in) {
        float[] a = values(rows * out);
        float[] w = values(in * out);
        a[0] = 1e-40f; // an underflow is promised to cost little
        w[0] = 1e-30f;
        try (DeviceBuffer forms = device(a); DeviceBuffer weight = device(w); DeviceBuffer bias = device(new float[out]);
             DeviceBuffer target = backend.allocate((long) rows * in)) {
            backend.backwardAffine(forms, rows, new Affine(weight, bias, in, out), target);
            float[] actual = host(target);
            for (int k = 0; k < actual.length; ++k) {
                double exact = 0; // in double: a billionth of what is promised of floats
                double promised = 0;
                for (int j = 0; j < out; ++j) {
                    float left = a[k / in * out + j];
                    float right = w[j * in + k % in];
                    exact += (double) left * right;
                    promised += (Math.abs(left) + Backend.NEGLIGIBLE) * (Math.abs(right) + Backend.NEGLIGIBLE);
                }
                assertEquals(exact, actual[k], Backend.productError(out) * promised, "element " + k);
            }
        }
    }

    @Test
    void givenSumsOfMoreTermsThanFloatsCanCount_whenAskedForTheirError_thenThereIsNone() {
        assertEquals(9 * 0x1p-24, Backend.productError(1), 0x1p-40);
        assertThrows(IllegalArgumentException.class, () -> Backend.productError(1 << 23));
    }

    /** Relaxed ReLUs of {@code owners} images, with lines that need not fit any box: the operations must not care. */
    private final class Lines implements AutoCloseable {
        final float[] upperSlope;
        final float[] upperIntercept;
        final float[] magnitude;
        final float[] productError;
        final Relaxation relaxation;

        Lines(int owners, int units) {
            upperSlope = mapped(values(owners * units), v -> 0.5 + 0.5 * v);
            upperIntercept = mapped(values(owners * units), v -> Math.max(0, v));
            magnitude = mapped(values(owners * units), v -> 3 * Math.abs(v));
            productError = mapped(values(owners * units), v -> 1e-4 * Math.abs(v));
            relaxation = new Relaxation(device(upperSlope), device(upperIntercept), device(magnitude), device(magnitude),
                    device(productError), units);
        }

        @Override
        public void close() {
            for (DeviceBuffer buffer : List.of(relaxation.upperSlope(), relaxation.upperIntercept(),
                    relaxation.lowerSlope(), relaxation.magnitude(), relaxation.productError())) {
                buffer.close();
            }
        }
    }

    @ParameterizedTest
    @CsvSource({"1,1,1", "5,2,31", "33,3,33", "70,7,1021"})
    void givenForms_whenTakenBackThroughRelus_thenConstantsAreJustBelowWhatIsPromised(int rows, int owners, int units) {
        float[] a = values(rows * units);
        float[] constant = values(rows);
        float[] bias = values(units);
        float[] slopes = mapped(values(2 * units), v -> 0.5 + 0.75 * v); // some beyond [0, 1]
        int[] owner = random.ints(rows, 0, owners).toArray();
        int[] slopeRow = random.ints(rows, 0, 2).toArray();
        try (Lines lines = new Lines(owners, units); DeviceBuffer forms = device(a); DeviceBuffer constants = device(constant);
             DeviceBuffer b = device(bias); DeviceBuffer below = device(slopes); DeviceBuffer ownerRows = deviceInts(owner);
             DeviceBuffer slopeRows = deviceInts(slopeRow); DeviceBuffer target = backend.allocate((long) rows * units)) {
            backend.backwardRelu(forms, rows, ownerRows, lines.relaxation, below, slopeRows, b, target, constants);
            float[] after = host(target);
            float[] gained = host(constants);
            for (int r = 0; r < rows; ++r) {
                BigDecimal exact = new BigDecimal(constant[r]);
                double magnitude = Math.abs(constant[r]);
                for (int j = 0; j < units; ++j) {
                    float before = a[r * units + j];
                    float t = after[r * units + j];
                    int line = owner[r] * units + j;
                    float slope = before < 0 ? lines.upperSlope[line]
                            : Math.max(0, Math.min(1, slopes[slopeRow[r] * units + j]));
                    assertEquals((float) ((double) before * slope), t);
                    BigDecimal lost = new BigDecimal(before).multiply(new BigDecimal(slope)).subtract(new BigDecimal(t)).abs()
                            .multiply(new BigDecimal(lines.magnitude[line]))
                            .add(new BigDecimal(Math.abs(t)).add(new BigDecimal(Backend.NEGLIGIBLE))
                                    .multiply(new BigDecimal(lines.productError[line])));
                    BigDecimal shift = new BigDecimal(Math.min(before, 0)).multiply(new BigDecimal(lines.upperIntercept[line]));
                    BigDecimal biased = new BigDecimal(t).multiply(new BigDecimal(bias[j]));
                    exact = exact.add(shift).add(biased).subtract(lost);
                    magnitude += shift.abs().add(biased.abs()).add(lost).doubleValue();
                }
                assertJustBelow(exact, gained[r], 4 * units, magnitude, "constant " + r);
            }
            float[] separate = after.clone();
            backend.write(constant, constants);
            backend.backwardRelu(forms, rows, ownerRows, lines.relaxation, below, slopeRows, b, forms, constants);
            assertArrayEquals(separate, host(forms), "in place");
            assertArrayEquals(gained, host(constants));
        }
    }

    @ParameterizedTest
    @CsvSource({"1,1,1", "5,2,31", "33,3,33", "70,7,1021"})
    void givenForms_whenMinimisedOverBoxes_thenTheExactMinimumIsJustAbove(int rows, int owners, int columns) {
        float[] a = values(rows * columns);
        float[] constant = values(rows);
        float[] l = values(owners * columns);
        float[] h = mapped(l, v -> v + 0.25 + 0.125 * Math.sin(v * 100));
        int[] owner = random.ints(rows, 0, owners).toArray();
        try (DeviceBuffer forms = device(a); DeviceBuffer constants = device(constant); DeviceBuffer lower = device(l);
             DeviceBuffer upper = device(h); DeviceBuffer ownerRows = deviceInts(owner);
             DeviceBuffer minima = backend.allocate(rows); DeviceBuffer corners = backend.allocate((long) rows * columns)) {
            backend.formMinima(forms, rows, ownerRows, lower, upper, columns, constants, minima);
            backend.formCorners(forms, rows, ownerRows, lower, upper, columns, corners);
            float[] actual = host(minima);
            float[] corner = host(corners);
            for (int r = 0; r < rows; ++r) {
                BigDecimal exact = new BigDecimal(constant[r]);
                double magnitude = Math.abs(constant[r]);
                for (int i = 0; i < columns; ++i) {
                    float x = (a[r * columns + i] > 0 ? l : h)[owner[r] * columns + i];
                    assertEquals(x, corner[r * columns + i]);
                    exact = exact.add(new BigDecimal(a[r * columns + i]).multiply(new BigDecimal(x)));
                    magnitude += Math.abs(a[r * columns + i] * x);
                }
                assertJustBelow(exact, actual[r], columns, magnitude, "minimum " + r);
            }
            backend.formMinima(forms, rows, ownerRows, lower, upper, columns, constants, constants);
            assertArrayEquals(actual, host(constants), "in place");
        }
    }

    /** Infinite coefficients are what an overflow leaves; a bound from them would be infinite where it should be none. */
    @Test
    void givenUnknownOrEndlessForms_whenTakenBack_thenNothingIsKnownOfThem() {
        float inf = Float.POSITIVE_INFINITY;
        float[] a = {Float.NaN, 1, inf, 1, -inf, 1, inf, -inf};
        try (DeviceBuffer forms = device(a); DeviceBuffer constants = device(0, 0, 0, 0); DeviceBuffer lower = device(1, 1);
             DeviceBuffer upper = device(2, 2); DeviceBuffer owners = deviceInts(0, 0, 0, 0);
             DeviceBuffer ones = device(1, 1); DeviceBuffer zeros = device(0, 0);
             DeviceBuffer minima = backend.allocate(4); DeviceBuffer target = backend.allocate(8)) {
            backend.formMinima(forms, 4, owners, lower, upper, 2, constants, minima);
            for (float minimum : host(minima)) {
                assertNotAbove(Double.NaN, minimum, "minimum");
            }
            for (DeviceBuffer error : List.of(ones, zeros)) {
                Relaxation relaxation = new Relaxation(ones, zeros, ones, ones, error, 2);
                backend.fill(constants, 0f);
                backend.backwardRelu(forms, 4, owners, relaxation, ones, owners, ones, target, constants);
                for (float constant : host(constants)) {
                    assertNotAbove(Double.NaN, constant, "constant");
                }
            }
        }
    }

    @Test
    void givenUnknownLines_whenTakenBack_thenNothingIsKnown() {
        float none = Float.NaN;
        try (DeviceBuffer forms = device(-1, 1); DeviceBuffer constants = device(0); DeviceBuffer owners = deviceInts(0);
             DeviceBuffer unknown = device(none, none); DeviceBuffer ones = device(1, 1);
             DeviceBuffer target = backend.allocate(2)) {
            Relaxation relaxation = new Relaxation(unknown, unknown, ones, unknown, unknown, 2);
            backend.backwardRelu(forms, 1, owners, relaxation, ones, owners, ones, target, constants);
            assertTrue(Float.isNaN(host(constants)[0]));
        }
    }

    @ParameterizedTest
    @CsvSource({"1,1,1", "5,2,31", "33,3,33", "7,7,1021"})
    void givenPoints_whenPutOnTheLines_thenGradientsAreThoseOfTheLowerSlopes(int rows, int owners, int units) {
        float[] a = values(rows * units);
        float[] z = values(rows * units);
        float[] slopes = mapped(values(rows * units), v -> 0.5 + 0.5 * v);
        int[] owner = random.ints(rows, 0, owners).toArray();
        try (Lines lines = new Lines(owners, units); DeviceBuffer forms = device(a); DeviceBuffer points = device(z);
             DeviceBuffer below = device(slopes); DeviceBuffer ownerRows = deviceInts(owner);
             DeviceBuffer gradients = backend.allocate((long) rows * units)) {
            backend.relaxedRelu(forms, rows, ownerRows, lines.relaxation, below, points, gradients);
            float[] value = host(points);
            float[] gradient = host(gradients);
            for (int k = 0; k < value.length; ++k) {
                int line = owner[k / units] * units + k % units;
                double expected = a[k] < 0 ? (double) lines.upperSlope[line] * z[k] + lines.upperIntercept[line]
                        : (double) slopes[k] * z[k];
                assertEquals(expected, value[k], 0x1p-22, "value " + k); // two roundings of numbers below two
                boolean open = lines.upperIntercept[line] > 0;
                assertEquals(open && a[k] > 0 ? -(double) a[k] * z[k] : 0, gradient[k], 0x1p-24, "gradient " + k);
            }
        }
    }

    @Test
    void givenAnyNumbers_whenClamped_thenTheyLieInTheRangeAndTheUnknownStaysUnknown() {
        for (int length : ODD_LENGTHS) {
            float[] x = values(length);
            try (DeviceBuffer buffer = device(x)) {
                backend.clamp(buffer, length, -0.25f, 0.5f);
                same(mapped(x, v -> Math.max(-0.25, Math.min(0.5, v))), host(buffer));
            }
        }
        try (DeviceBuffer buffer = device(Float.NaN, -9, 9, 9)) {
            backend.clamp(buffer, 3, 0f, 1f);
            assertArrayEquals(new float[] {Float.NaN, 0, 1, 9}, host(buffer));
        }
    }
}
