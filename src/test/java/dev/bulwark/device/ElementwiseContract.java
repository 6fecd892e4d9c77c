package dev.bulwark.device;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

/** The contract's part on operations element by element, and on sums of all elements. */
abstract class ElementwiseContract extends ProductsContract {

    @Test
    void givenOddLengths_whenElementwise_thenEveryElementIsDoneOnce() {
        for (int length : ODD_LENGTHS) {
            float[] x = values(length);
            float[] y = values(length);
            y[0] = 0f;
            try (DeviceBuffer a = device(x); DeviceBuffer b = device(y); DeviceBuffer c = device(x)) {
                backend.elementwise().absolute(a, length, c);
                assertArrayEquals(mapped(x, Math::abs), host(c));
                backend.elementwise().relu(c, length);
                assertArrayEquals(mapped(x, Math::abs), host(c));
                backend.elementwise().addSigned(a, b, length, c);
                float[] signed = new float[length];
                float[] masked = new float[length];
                for (int i = 0; i < length; ++i) {
                    signed[i] = Math.abs(x[i]) + Math.signum(y[i]) * x[i];
                    masked[i] = y[i] > 0 ? x[i] : 0f;
                }
                assertArrayEquals(signed, host(c));
                backend.elementwise().relu(a, length, c);
                assertArrayEquals(mapped(x, v -> Math.max(v, 0)), host(c));
                assertArrayEquals(x, host(a));
                backend.elementwise().reluGradient(b, length, a);
                same(masked, host(a));
            }
        }
    }

    @Test
    void givenAnUnknownBound_whenRelu_thenItStaysUnknown() {
        try (DeviceBuffer x = device(Float.NaN, -1f, Float.POSITIVE_INFINITY, -0f)) {
            try (DeviceBuffer y = backend.allocate(4)) {
                backend.elementwise().relu(x, 4, y);
                assertArrayEquals(new float[] {Float.NaN, 0f, Float.POSITIVE_INFINITY, 0f}, host(y));
            }
            backend.elementwise().relu(x, 4);
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
                backend.reductions().sum(a, length, 2f, total);
                assertEquals(sum + 6, host(total)[0], 1e-5 * (6 + Math.abs(sum)));
                backend.reductions().sumOfSquares(a, length, 0f, square);
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
                backend.reductions().sum(a.slice(3, length - 4), length - 4, 0f, total.slice(turn, 1));
            }
            backend.reductions().sum(a, length, 0f, total.slice(2, 1));
            float[] totals = host(total);
            // A sum in double is as good as exact here, and is rounded to float once.
            assertEquals(sum, totals[0], Math.ulp((float) sum));
            assertEquals(totals[0], totals[1]);
            assertTrue(Float.isNaN(totals[2]));
        }
    }
}
