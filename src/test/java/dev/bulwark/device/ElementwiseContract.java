package dev.bulwark.device;

import static dev.bulwark.device.BackendFixture.ODD_LENGTHS;
import static dev.bulwark.device.BackendFixture.same;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;

import org.junit.jupiter.api.Test;

/** Operations element by element. */
interface ElementwiseContract extends OnBackend {

    @Test
    default void givenOddLengths_whenElementwise_thenEveryElementIsDoneOnce() {
        for (int length : ODD_LENGTHS) {
            float[] x = values(length);
            float[] y = values(length);
            y[0] = 0f;
            try (DeviceBuffer a = device(x); DeviceBuffer b = device(y); DeviceBuffer c = device(x)) {
                backend().elementwise().absolute(a, length, c);
                assertArrayEquals(mapped(x, Math::abs), host(c));
                backend().elementwise().relu(c, length);
                assertArrayEquals(mapped(x, Math::abs), host(c));
                backend().elementwise().addSigned(a, b, length, c);
                float[] signed = new float[length];
                float[] masked = new float[length];
                for (int i = 0; i < length; ++i) {
                    signed[i] = Math.abs(x[i]) + Math.signum(y[i]) * x[i];
                    masked[i] = y[i] > 0 ? x[i] : 0f;
                }
                assertArrayEquals(signed, host(c));
                backend().elementwise().relu(a, length, c);
                assertArrayEquals(mapped(x, v -> Math.max(v, 0)), host(c));
                assertArrayEquals(x, host(a));
                backend().elementwise().reluGradient(b, length, a);
                same(masked, host(a));
            }
        }
    }

    @Test
    default void givenOddLengths_whenAdded_thenTheTargetMayBeAnOperand() {
        for (int length : ODD_LENGTHS) {
            float[] x = values(length);
            float[] y = values(length);
            float[] sums = new float[length];
            for (int i = 0; i < length; ++i) {
                sums[i] = x[i] + y[i];
            }
            try (DeviceBuffer a = device(x); DeviceBuffer b = device(y); DeviceBuffer c = backend().allocate(length)) {
                backend().elementwise().add(a, b, length, c);
                assertArrayEquals(sums, host(c));
                backend().elementwise().add(a, b, length, b);
                assertArrayEquals(sums, host(b));
                backend().elementwise().add(a, a, length, a);
                assertArrayEquals(mapped(x, v -> v + v), host(a));
            }
        }
    }

    @Test
    default void givenAnUnknownBound_whenRelu_thenItStaysUnknown() {
        try (DeviceBuffer x = device(Float.NaN, -1f, Float.POSITIVE_INFINITY, -0f)) {
            try (DeviceBuffer y = backend().allocate(4)) {
                backend().elementwise().relu(x, 4, y);
                assertArrayEquals(new float[] {Float.NaN, 0f, Float.POSITIVE_INFINITY, 0f}, host(y));
            }
            backend().elementwise().relu(x, 4);
            assertArrayEquals(new float[] {Float.NaN, 0f, Float.POSITIVE_INFINITY, 0f}, host(x));
        }
    }

    @Test
    default void givenAnyNumbers_whenClamped_thenTheyLieInTheRangeAndTheUnknownStaysUnknown() {
        for (int length : ODD_LENGTHS) {
            float[] x = values(length);
            try (DeviceBuffer buffer = device(x)) {
                backend().elementwise().clamp(buffer, length, -0.25f, 0.5f);
                same(mapped(x, v -> Math.max(-0.25, Math.min(0.5, v))), host(buffer));
            }
        }
        try (DeviceBuffer buffer = device(Float.NaN, -9, 9, 9)) {
            backend().elementwise().clamp(buffer, 3, 0f, 1f);
            assertArrayEquals(new float[] {Float.NaN, 0, 1, 9}, host(buffer));
        }
    }

    @Test
    default void givenAGradient_whenStepped_thenOnlyItsSignMattersAndTheBoxHolds() {
        try (DeviceBuffer x = device(0.5f, 0.5f, 0.5f, 0.5f); DeviceBuffer g = device(1e-30f, -3f, 0f, 9f);
             DeviceBuffer low = device(0.25f, 0.45f, 0.25f, 0.25f); DeviceBuffer high = device(1f, 1f, 1f, 0.55f)) {
            backend().elementwise().signedStep(x, g, 4, 0.125f, low, high);
            assertArrayEquals(new float[] {0.625f, 0.45f, 0.5f, 0.55f}, host(x));
        }
    }

    @Test
    default void givenAGradientThatIsNoNumber_whenStepped_thenThatElementStays() {
        int length = 5000;
        float[] x = values(length);
        float[] g = values(length);
        float[] expected = new float[length];
        for (int k = 0; k < length; ++k) {
            g[k] = k % 3 == 0 ? Float.NaN : k % 7 == 0 ? Math.copySign(Float.POSITIVE_INFINITY, g[k]) : g[k];
            expected[k] = k % 3 == 0 ? x[k] : Math.max(-1, Math.min(1, x[k] + 0.125f * Math.signum(g[k])));
        }
        try (DeviceBuffer moved = device(x); DeviceBuffer up = device(g); DeviceBuffer low = backend().allocate(length);
             DeviceBuffer high = backend().allocate(length)) {
            backend().fill(low, -1f);
            backend().fill(high, 1f);
            backend().elementwise().signedStep(moved, up, length, 0.125f, low, high);
            assertArrayEquals(expected, host(moved));
            assertArrayEquals(g, host(up));
        }
    }
}
