package dev.bulwark.device.cuda;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.bulwark.device.Affine;
import dev.bulwark.device.Backend;
import dev.bulwark.device.DeviceBuffer;
import dev.bulwark.device.NoisyClassifier.Precision;
import dev.bulwark.device.ProductPrecision;
import dev.bulwark.device.cuda.CudaOptions.NoisyKernels;
import java.util.Arrays;
import java.util.SplittableRandom;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Matrix products beyond what {@link CudaBackendTest} asks of every backend: each tile size and partial sums, operands at
 * any alignment, both precisions; against sums in double.
 */
@GpuTest
class ProductsTest {

    private static final float UNTOUCHED = -12345f;
    /** Elements that must stay as they are before and after a result. */
    private static final int MARGIN = 9;

    private final SplittableRandom random = new SplittableRandom(3);

    private static CudaBackend open(ProductPrecision precision) {
        return TestGpu.open(new CudaOptions(Precision.FLOAT16, NoisyKernels.AUTO, precision, false));
    }

    /** An operand of any sign, with its copy on the device some floats after the start of an allocation. */
    private final class Matrix implements AutoCloseable {
        final float[] values;
        final DeviceBuffer all;
        final DeviceBuffer buffer;

        Matrix(Backend backend, int length, int offset) {
            values = new float[length];
            for (int i = 0; i < length; ++i) {
                values[i] = (float) (random.nextDouble() * 2 - 1);
            }
            all = backend.allocate(length + offset + MARGIN);
            backend.fill(all, UNTOUCHED);
            buffer = all.slice(offset, length);
            backend.write(values, buffer);
        }

        @Override
        public void close() {
            all.close();
        }
    }

    /** Checks one product of every transpose, at {@code offset} floats from an allocation's start. */
    private void check(CudaBackend backend, ProductPrecision precision, int m, int n, int k, int offset) {
        for (int transposes = 0; transposes < 4; ++transposes) {
            boolean ta = (transposes & 1) != 0;
            boolean tb = (transposes & 2) != 0;
            try (Matrix a = new Matrix(backend, m * k, offset); Matrix b = new Matrix(backend, k * n, offset);
                 Matrix c = new Matrix(backend, m * n, offset)) {
                backend.linear().multiply(ta, tb, m, n, k, a.buffer, b.buffer, 0.5f, c.buffer);
                float[] actual = new float[m * n + offset + MARGIN];
                backend.read(c.all, actual);
                for (int i = 0; i < m * n; ++i) {
                    double sum = 0.5 * c.values[i];
                    double size = Math.abs(sum);
                    for (int p = 0; p < k; ++p) {
                        double product = (double) a.values[ta ? p * m + i / n : i / n * k + p]
                                * b.values[tb ? i % n * k + p : p * n + i % n];
                        sum += product;
                        size += Math.abs(product);
                    }
                    assertEquals(sum, actual[offset + i], tolerance(precision, k) * size,
                            m + " x " + n + " x " + k + " at " + offset + ", transposes " + transposes + ", " + i);
                }
                assertUntouched(actual, 0, offset);
                assertUntouched(actual, offset + m * n, actual.length);
            }
        }
    }

    /**
     * Of the sum of the products' absolute values: fp32 sums lose at most 2^-24 with each addition, tensor cores 2^-23
     * because they cut off; TF32 rounds each of two factors by at most 2^-11, so a product by 2^-10 and a little.
     */
    private static double tolerance(ProductPrecision precision, int k) {
        return precision == ProductPrecision.FLOAT32 ? (k + 2) * 0x1p-24 : (k + 2) * 0x1p-23 + 0x1p-10 + 0x1p-22;
    }

    private static void assertUntouched(float[] values, int from, int to) {
        for (int i = from; i < to; ++i) {
            assertEquals(UNTOUCHED, values[i], "element " + i + " lies outside the result");
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"FLOAT32", "TF32"})
    void givenMoreThanOneTile_whenMultiplied_thenEveryAlignmentAgreesWithTheDoubleSum(ProductPrecision precision) {
        try (CudaBackend backend = open(precision)) {
            for (int offset = 0; offset < 4; ++offset) {
                check(backend, precision, 68, 132, 36, offset); // rows of whole fours, of which one in four is aligned
                check(backend, precision, 65, 67, 35, offset);
            }
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"FLOAT32", "TF32"})
    void givenALongK_whenMultiplied_thenPartialSumsAgreeWithTheDoubleSum(ProductPrecision precision) {
        try (CudaBackend backend = open(precision)) {
            assertTrue(ProductPlan.of(31, 33, 1021, backend.info().workers()).parts() > 1);
            check(backend, precision, 31, 33, 1021, 1);
            check(backend, precision, 32, 36, 1024, 0);
            check(backend, precision, 1, 1, 300, 0);
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"FLOAT32", "TF32"})
    void givenManyTiles_whenMultiplied_thenLargeOnesAgreeWithTheDoubleSum(ProductPrecision precision) {
        try (CudaBackend backend = open(precision)) {
            int workers = backend.info().workers();
            int m = (workers + 1) / 2 * 128 - 63; // by four columns of tiles: two for each multiprocessor
            assertEquals(ProductPlan.LARGE, ProductPlan.of(m, 388, 13, workers).side());
            check(backend, precision, m, 388, 13, 0);
            check(backend, precision, m, 387, 20, 3);
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"FLOAT32", "TF32"})
    void givenPartialSums_whenRepeatedOrReplayed_thenEveryBitIsTheSame(ProductPrecision precision) {
        int rows = 33;
        int in = 784;
        int out = 10;
        try (CudaBackend backend = open(precision); Matrix x = new Matrix(backend, rows * in, 0);
             Matrix w = new Matrix(backend, in * out, 0); Matrix b = new Matrix(backend, out, 0);
             Matrix y = new Matrix(backend, rows * out, 0)) {
            Affine layer = new Affine(w.buffer, b.buffer, in, out);
            float[] first = new float[rows * out];
            float[] again = new float[rows * out];
            backend.linear().affine(x.buffer, rows, layer, true, y.buffer);
            backend.read(y.buffer, first);
            try (Backend.Replay replay = backend.record(() -> backend.linear().affine(x.buffer, rows, layer, true,
                    y.buffer))) {
                for (int repeat = 0; repeat < 3; ++repeat) {
                    backend.fill(y.buffer, UNTOUCHED);
                    replay.run();
                    backend.read(y.buffer, again);
                    assertArrayEquals(first, again);
                }
            }
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"FLOAT32", "TF32"})
    void givenMoreBitsThanTf32Has_whenMultiplied_thenOnlyTf32RoundsThemToNearest(ProductPrecision precision) {
        float x = 1 + 0x1p-11f + 0x1p-12f; // three quarters from 1 to the next TF32
        try (CudaBackend backend = open(precision); DeviceBuffer a = backend.allocate(1);
             DeviceBuffer b = backend.allocate(1); DeviceBuffer c = backend.allocate(1)) {
            backend.write(new float[] {x}, a);
            backend.write(new float[] {-1f}, b);
            backend.linear().multiply(false, false, 1, 1, 1, a, b, 0f, c);
            float[] actual = new float[1];
            backend.read(c, actual);
            assertEquals(precision == ProductPrecision.FLOAT32 ? -x : -(1 + 0x1p-10f), actual[0]);
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"FLOAT32", "TF32"})
    void givenNaN_whenAffineWithRelu_thenItStays(ProductPrecision precision) {
        try (CudaBackend backend = open(precision)) {
            for (int in : new int[] {5, 300}) { // in one part and in several
                try (Matrix x = new Matrix(backend, 2 * in, 0); Matrix w = new Matrix(backend, 3 * in, 0);
                     Matrix b = new Matrix(backend, 3, 0); Matrix y = new Matrix(backend, 6, 0)) {
                    float[] values = new float[2 * in];
                    Arrays.fill(values, -1f);
                    values[in + 3] = Float.NaN;
                    backend.write(values, x.buffer);
                    backend.fill(w.buffer, 1f);
                    backend.linear().affine(x.buffer, 2, new Affine(w.buffer, b.buffer, in, 3), true, y.buffer);
                    float[] actual = new float[6];
                    backend.read(y.buffer, actual);
                    assertArrayEquals(new float[] {0, 0, 0, Float.NaN, Float.NaN, Float.NaN}, actual);
                }
            }
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"FLOAT32", "TF32"})
    void givenAPrecision_whenOpened_thenProvenanceNamesIt(ProductPrecision precision) {
        try (CudaBackend backend = open(precision)) {
            assertEquals("own kernels, " + precision, backend.info().libraries().get("products"));
        }
    }
}
