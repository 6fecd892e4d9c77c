package dev.bulwark.device.cuda;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;

import dev.bulwark.device.Backend;
import dev.bulwark.device.DeviceBuffer;
import dev.bulwark.device.cpu.CpuBackend;
import java.util.SplittableRandom;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Both backends take the same steps to the bit: no operation in an update depends on an order of additions. */
@GpuTest
class OptimiserParityTest {

    private static final int STEPS = 3;

    private interface Update {
        void step(Backend backend, DeviceBuffer[] state, int length, DeviceBuffer step, DeviceBuffer factor);
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 31, 33, 1021, 5000})
    void givenGradientsOfAnySize_whenAdamSteps_thenEveryBitIsTheCpus(int length) {
        assertSame(length, (backend, s, n, step, factor) ->
                backend.optimisers().adam(s[0], s[1], s[2], s[3], n, 0.9f, 0.999f, 1e-8f, 1e-4f, step, factor));
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 31, 33, 1021, 5000})
    void givenGradientsOfAnySize_whenSgdSteps_thenEveryBitIsTheCpus(int length) {
        assertSame(length, (backend, s, n, step, factor) ->
                backend.optimisers().sgd(s[0], s[1], s[2], n, 0.9f, 1e-4f, step, factor));
    }

    private static void assertSame(int length, Update update) {
        float[][] initial = initialState(length);
        float[][] expected;
        float[][] actual;
        try (Backend cpu = CpuBackend.plainJava()) {
            expected = after(cpu, initial, update);
        }
        try (Backend gpu = TestGpu.open()) {
            actual = after(gpu, initial, update);
        }
        for (int k = 0; k < initial.length; ++k) {
            assertArrayEquals(expected[k], actual[k], "operand " + k);
        }
    }

    /** Parameters, gradient, mean and square, of magnitudes from 1 down to denormal numbers. */
    private static float[][] initialState(int length) {
        SplittableRandom random = new SplittableRandom(length);
        float[][] state = new float[4][length];
        for (int k = 0; k < state.length; ++k) {
            for (int i = 0; i < length; ++i) {
                float value = (float) ((random.nextDouble() * 2 - 1) * Math.scalb(1.0, -random.nextInt(140)));
                state[k][i] = k == 3 ? Math.abs(value) : value;
            }
        }
        return state;
    }

    private static float[][] after(Backend backend, float[][] initial, Update update) {
        int length = initial[0].length;
        DeviceBuffer[] state = new DeviceBuffer[initial.length];
        float[][] result = new float[initial.length][length];
        try (DeviceBuffer step = backend.allocate(3); DeviceBuffer factor = backend.allocate(1)) {
            for (int k = 0; k < state.length; ++k) {
                state[k] = backend.allocate(length);
                backend.write(initial[k], state[k]);
            }
            backend.write(new float[] {0.37f}, factor);
            for (int t = 1; t <= STEPS; ++t) {
                float[] rates = {0.01f, (float) (1 - Math.pow(0.9, t)), (float) (1 - Math.pow(0.999, t))};
                backend.write(rates, step);
                update.step(backend, state, length, step, factor);
            }
            for (int k = 0; k < state.length; ++k) {
                backend.read(state[k], result[k]);
                state[k].close();
            }
        }
        return result;
    }
}
