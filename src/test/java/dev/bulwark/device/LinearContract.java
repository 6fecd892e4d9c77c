package dev.bulwark.device;

import static dev.bulwark.device.BackendFixture.close;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Matrix products and affine layers. */
interface LinearContract extends OnBackend {

    @ParameterizedTest
    @CsvSource({"1,1,1", "3,5,7", "33,31,17", "64,10,784", "10,300,65", "130,129,257"})
    default void givenAnyShape_whenMultiplied_thenEveryTransposeAgreesWithTheDoubleSum(int m, int n, int k) {
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
                backend().linear().multiply(ta, tb, m, n, k, left, right, 0.5f, result);
                close(expected, host(result), 1e-5);
            }
        }
    }

    @Test
    default void givenGarbageInTheTarget_whenMultipliedWithBetaZero_thenItIsNotRead() {
        try (DeviceBuffer a = device(2); DeviceBuffer b = device(3); DeviceBuffer c = device(Float.NaN)) {
            backend().linear().multiply(false, false, 1, 1, 1, a, b, 0f, c);
            assertArrayEquals(new float[] {6}, host(c));
        }
    }

    @ParameterizedTest
    @CsvSource({"1,1,1", "2,3,2", "33,65,31", "257,40,10", "5,20,3000", "33,784,10"})
    default void givenAnyShape_whenAffineWithAndWithoutRelu_thenItAgreesWithTheDoubleSum(int rows, int in, int out) {
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
             DeviceBuffer y = backend().allocate((long) rows * out)) {
            Affine layer = new Affine(weight, bias, in, out);
            backend().linear().affine(input, rows, layer, false, y);
            close(expected, host(y), 1e-5);
            backend().linear().affine(input, rows, layer, true, y);
            for (int k = 0; k < expected.length; ++k) {
                expected[k] = Math.max(expected[k], 0);
            }
            close(expected, host(y), 1e-5);
        }
    }

    /** A ReLU that turned it into 0 would make a prediction of it. */
    @ParameterizedTest
    @CsvSource({"1,1,1", "33,65,31", "257,40,300"})
    default void givenAnOverflow_whenAffineWithRelu_thenNaNStaysNaNInItsRowAlone(int rows, int in, int out) {
        float inf = Float.POSITIVE_INFINITY;
        float[][] fillings = {{Float.NaN, 0}, {inf, -inf}, {3e38f, 2}};
        float[] w = new float[in * out];
        Arrays.fill(w, 3e38f);
        for (int k = 1; k < w.length; k += 2) {
            w[k] = -3e38f;
        }
        for (float[] filling : fillings) {
            float[] x = new float[rows * in];
            for (int n = 0; n < rows; n += 2) {
                for (int i = 0; i < in; ++i) {
                    x[n * in + i] = filling[i % 2];
                }
            }
            try (DeviceBuffer input = device(x); DeviceBuffer weight = device(w);
                 DeviceBuffer y = backend().allocate((long) rows * out);
                 DeviceBuffer bias = backend().allocate(out)) {
                backend().fill(bias, -1f);
                backend().linear().affine(input, rows, new Affine(weight, bias, in, out), false, y);
                float[] before = host(y);
                backend().linear().affine(input, rows, new Affine(weight, bias, in, out), true, y);
                float[] expected = mapped(before, v -> Math.max(v, 0));
                assertArrayEquals(expected, host(y));
                for (int k = out; k < Math.min(2 * out, expected.length); ++k) {
                    assertEquals(-1f, before[k], "a row that no NaN is in");
                }
            }
        }
    }
}
