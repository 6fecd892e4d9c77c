package dev.bulwark.device;

import static dev.bulwark.device.BackendFixture.ODD_LENGTHS;
import static dev.bulwark.device.BackendFixture.close;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;

/** Steps of parameters, as the papers state them. */
interface OptimisersContract extends OnBackend {

    @Test
    default void givenOneParameter_whenAdamSteps_thenItFollowsThePaper() {
        double p = 0.5;
        double m = 0;
        double v = 0;
        try (DeviceBuffer parameter = device(0.5f); DeviceBuffer gradient = device(0f); DeviceBuffer mean = device(0f);
             DeviceBuffer square = device(0f); DeviceBuffer step = backend().allocate(3);
             DeviceBuffer factor = device(0.5f)) {
            double[] gradients = {1, -3, 0.25};
            for (int t = 1; t <= gradients.length; ++t) {
                double g = 0.5 * gradients[t - 1] + 0.1 * p;
                m = 0.9 * m + 0.1 * g;
                v = 0.999 * v + 0.001 * g * g;
                double first = 1 - Math.pow(0.9, t);
                double second = 1 - Math.pow(0.999, t);
                p -= 0.01 * (m / first) / (Math.sqrt(v / second) + 1e-8);
                backend().write(new float[] {(float) gradients[t - 1]}, gradient);
                backend().write(new float[] {0.01f, (float) first, (float) second}, step);
                backend().optimisers().adam(parameter, gradient, mean, square, 1, 0.9f, 0.999f, 1e-8f, 0.1f, step, factor);
                assertEquals(p, host(parameter)[0], 1e-6);
            }
        }
    }

    @Test
    default void givenOneParameter_whenSgdSteps_thenMomentumAndDecayApply() {
        try (DeviceBuffer parameter = device(1f); DeviceBuffer gradient = device(2f); DeviceBuffer velocity = device(0.5f);
             DeviceBuffer step = device(0.1f); DeviceBuffer factor = device(0.25f)) {
            backend().optimisers().sgd(parameter, gradient, velocity, 1, 0.9f, 0.01f, step, factor);
            assertEquals(0.9 * 0.5 + 2 * 0.25 + 0.01, host(velocity)[0], 1e-6);
            assertEquals(1 - 0.1 * 0.96, host(parameter)[0], 1e-6);
        }
    }

    /** Each element has a state of its own, so that a step that uses another element's shows. */
    @Test
    default void givenOddLengths_whenEitherOptimiserSteps_thenEveryParameterFollowsThePaper() {
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
                backend().optimisers().adam(parameters, gradient, mean, square, length, 0.9f, 0.999f, 0.5f, 0.1f, step,
                        factor);
                close(afterAdam, host(parameters), 1e-6);
                backend().write(p, parameters);
                backend().write(m, mean);
                backend().optimisers().sgd(parameters, gradient, mean, length, 0.9f, 0.1f, step, factor);
                close(afterSgd, host(parameters), 1e-6);
            }
        }
    }

    @Test
    default void givenAnyLength_whenAveraged_thenNoBitOfTheParametersIsLost() {
        for (int length : ODD_LENGTHS) {
            float[] p = values(length);
            float[] a = values(length);
            double[] expected = new double[length];
            for (int i = 0; i < length; ++i) {
                expected[i] = 0.9 * a[i] + 0.1 * p[i];
            }
            try (DeviceBuffer parameters = device(p); DeviceBuffer average = device(a)) {
                backend().optimisers().average(parameters, length, 0.1f, average);
                close(expected, host(average), 4e-7); // factors of less than 24 bits would lose 1e-4
                assertArrayEquals(p, host(parameters));
            }
        }
    }

    @Test
    default void givenALongGradient_whenClipped_thenItsNormBecomesTheLimit() {
        try (DeviceBuffer squares = device(25f); DeviceBuffer factor = backend().allocate(1)) {
            backend().optimisers().clipFactor(squares, 2f, factor);
            assertEquals(0.4f, host(factor)[0], 1e-7f);
            backend().optimisers().clipFactor(squares, 6f, factor);
            assertEquals(1f, host(factor)[0]);
        }
    }
}
