package dev.bulwark.device.cuda;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.bulwark.device.Affine;
import dev.bulwark.device.ComposedInputGradients;
import dev.bulwark.device.DeviceBuffer;
import dev.bulwark.device.InputGradients;
import dev.bulwark.device.NoisyClassifier.Precision;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Gradients on tensor cores, over several tiles and panels each way. */
@GpuTest
class InputGradientsTest {

    /** Inputs in four panels, hidden layers in three and two, none whole. */
    private static final int[] WIDTHS = {200, 129, 65, 10};
    private static final int INPUTS = 200;
    private static final int CLASSES = 10;

    private final CudaBackend backend = TestGpu.open();
    private final List<DeviceBuffer> parameters = new ArrayList<>();
    private final List<Affine> layers = network();

    @AfterEach
    void everyByteIsReturned() {
        parameters.forEach(DeviceBuffer::close);
        assertEquals(0, backend.liveBytes());
        backend.close();
    }

    private List<Affine> network() {
        SplittableRandom random = new SplittableRandom(3);
        List<Affine> network = new ArrayList<>();
        for (int i = 1; i < WIDTHS.length; ++i) {
            DeviceBuffer weight = written(values(random, WIDTHS[i - 1] * WIDTHS[i], Math.sqrt(6.0 / WIDTHS[i - 1])));
            DeviceBuffer bias = written(values(random, WIDTHS[i], 0.2));
            parameters.add(weight);
            parameters.add(bias);
            network.add(new Affine(weight, bias, WIDTHS[i - 1], WIDTHS[i]));
        }
        return network;
    }

    private DeviceBuffer written(float[] values) {
        DeviceBuffer buffer = backend.allocate(values.length);
        backend.write(values, buffer);
        return buffer;
    }

    private static float[] values(SplittableRandom random, int length, double most) {
        float[] values = new float[length];
        for (int k = 0; k < length; ++k) {
            values[k] = (float) (most * (2 * random.nextDouble() - 1));
        }
        return values;
    }

    /** Logits and input gradients, one after the other. */
    private float[][] pass(InputGradients network, float[] x, float[] up) {
        int rows = x.length / INPUTS;
        try (DeviceBuffer inputs = written(x); DeviceBuffer ups = written(up);
             DeviceBuffer logits = backend.allocate((long) rows * CLASSES);
             DeviceBuffer gradients = backend.allocate((long) rows * INPUTS)) {
            network.forward(inputs, rows, logits);
            network.backward(ups, rows, gradients);
            float[][] result = {new float[rows * CLASSES], new float[rows * INPUTS]};
            backend.read(logits, result[0]);
            backend.read(gradients, result[1]);
            return result;
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 31, 64, 65, 130})
    void givenABatch_whenDifferentiated_thenItIsFloatsUpToRounding(int rows) {
        SplittableRandom random = new SplittableRandom(rows);
        float[] x = values(random, rows * INPUTS, 1);
        float[] up = values(random, rows * CLASSES, 1);
        try (InputGradients fast = backend.inputGradients(layers, rows);
             InputGradients exact = new ComposedInputGradients(backend, layers, rows)) {
            assertEquals(Precision.BFLOAT16, fast.precision());
            float[][] actual = pass(fast, x, up);
            float[][] expected = pass(exact, x, up);
            // Each of three layers rounds weights and inputs by 2^-9 at most, and errors of many terms partly cancel.
            assertTrue(distance(expected[0], actual[0]) < 6 * 0x1p-9, "logits " + distance(expected[0], actual[0]));
            // A unit that rounding switches moves a whole path; some of 129 are nearly 0.
            assertTrue(distance(expected[1], actual[1]) < 0.1, "gradients " + distance(expected[1], actual[1]));
        }
    }

    /** Root mean square of the difference over that of {@code expected}. */
    private static double distance(float[] expected, float[] actual) {
        double errors = 0;
        double squares = 0;
        for (int k = 0; k < expected.length; ++k) {
            errors += ((double) expected[k] - actual[k]) * ((double) expected[k] - actual[k]);
            squares += (double) expected[k] * expected[k];
        }
        return Math.sqrt(errors / squares);
    }

    @Test
    void givenARow_whenAloneOrInCompany_thenEveryBitIsTheSame() {
        SplittableRandom random = new SplittableRandom(9);
        float[] x = values(random, 70 * INPUTS, 1);
        float[] up = values(random, 70 * CLASSES, 1);
        try (InputGradients network = backend.inputGradients(layers, 70)) {
            float[][] together = pass(network, x, up);
            for (int n : new int[] {0, 63, 69}) {
                float[][] alone = pass(network, row(x, n, INPUTS), row(up, n, CLASSES));
                assertArrayEquals(row(together[0], n, CLASSES), alone[0]);
                assertArrayEquals(row(together[1], n, INPUTS), alone[1]);
            }
        }
    }

    private static float[] row(float[] matrix, int n, int columns) {
        return Arrays.copyOfRange(matrix, n * columns, (n + 1) * columns);
    }

    @Test
    void givenGradientsFarBelowHalfPrecision_whenPropagated_thenTheyKeepTheirSigns() {
        SplittableRandom random = new SplittableRandom(11);
        float[] x = values(random, INPUTS, 1);
        float[] up = values(random, CLASSES, 1);
        float[] tiny = up.clone();
        float[] expected;
        for (int c = 0; c < CLASSES; ++c) {
            tiny[c] *= 0x1p-90f;
        }
        try (InputGradients network = backend.inputGradients(layers, 1)) {
            expected = pass(network, x, up)[1];
            for (int k = 0; k < INPUTS; ++k) {
                expected[k] *= 0x1p-90f; // a power of two changes no rounding where nothing is denormal
            }
            assertArrayEquals(expected, pass(network, x, tiny)[1]);
        }
    }

    @Test
    void givenARowWithANumberMissing_whenDifferentiated_thenOthersDoNotNotice() {
        SplittableRandom random = new SplittableRandom(13);
        float[] x = values(random, 3 * INPUTS, 1);
        float[] up = values(random, 3 * CLASSES, 1);
        try (InputGradients network = backend.inputGradients(layers, 3)) {
            float[][] sound = pass(network, x, up);
            x[INPUTS + 5] = Float.NaN;
            float[][] broken = pass(network, x, up);
            assertTrue(Float.isNaN(broken[0][CLASSES]), "what is no number stays none");
            for (int n : new int[] {0, 2}) {
                assertArrayEquals(row(sound[0], n, CLASSES), row(broken[0], n, CLASSES));
                assertArrayEquals(row(sound[1], n, INPUTS), row(broken[1], n, INPUTS));
            }
        }
    }

    @Test
    void givenMoreRowsThanPreparedFor_whenRun_thenRefused() {
        float[] x = new float[3 * INPUTS];
        try (InputGradients network = backend.inputGradients(layers, 2)) {
            assertThrows(IllegalArgumentException.class, () -> pass(network, x, new float[3 * CLASSES]));
        }
    }

    @Test
    void givenFloatForwardPasses_whenGradientsAreAskedFor_thenTheyAreInFloatToo() {
        try (CudaBackend exact = TestGpu.open(CudaOptions.DEFAULT.withNoisyForwards(Precision.FLOAT32))) {
            assertEquals("fp32", exact.info().libraries().get("gradients of attacks"));
            DeviceBuffer weight = exact.allocate(6);
            DeviceBuffer bias = exact.allocate(2);
            try (weight; bias; InputGradients network = exact.inputGradients(List.of(new Affine(weight, bias, 3, 2)), 1)) {
                assertEquals(Precision.FLOAT32, network.precision());
            }
        }
    }
}
