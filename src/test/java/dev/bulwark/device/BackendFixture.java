package dev.bulwark.device;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.function.DoubleUnaryOperator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;

/** Opens the backend under test, and fills, reads and compares its buffers: what all parts of the contract share. */
abstract class BackendFixture {

    static final int[] ODD_LENGTHS = {1, 31, 33, 1021, 20_011};

    final SplittableRandom random = new SplittableRandom(7);
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

    float[] mapped(float[] x, DoubleUnaryOperator f) {
        float[] y = new float[x.length];
        for (int i = 0; i < x.length; ++i) {
            y[i] = (float) f.applyAsDouble(x[i]);
        }
        return y;
    }

    static double[] doubles(float[] x) {
        double[] y = new double[x.length];
        for (int i = 0; i < x.length; ++i) {
            y[i] = x[i];
        }
        return y;
    }

    /** Weights with zeros outside a window of the inputs, which moves from the first to the last along the units. */
    static float[] windowed(float[] weight, int in, int out) {
        for (int k = 0; k < weight.length; ++k) {
            if (Math.abs((double) (k % in) / in - (double) (k / in) / out) > 0.1) {
                weight[k] = 0;
            }
        }
        return weight;
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

    static void close(double[] expected, float[] actual, double tolerance) {
        assertEquals(expected.length, actual.length);
        for (int i = 0; i < expected.length; ++i) {
            assertEquals(expected[i], actual[i], tolerance * (1 + Math.abs(expected[i])), "element " + i);
        }
    }

    /** Equal numbers; a zero's sign is nobody's business. */
    static void same(float[] expected, float[] actual) {
        assertEquals(expected.length, actual.length);
        for (int i = 0; i < expected.length; ++i) {
            assertTrue(expected[i] == actual[i], "element " + i + ": " + expected[i] + " and " + actual[i]);
        }
    }

    void assertJustBelow(BigDecimal exact, float bound, int terms, double magnitude, String name) {
        assertBelow(exact, bound, outwardSlack(terms, bound, magnitude), name);
    }

    static void assertBelow(BigDecimal exact, float bound, double slack, String name) {
        assertTrue(new BigDecimal(bound).compareTo(exact) <= 0, () -> name + ": " + bound + " is above " + exact);
        assertEquals(exact.doubleValue(), bound, slack, name);
    }

    /**
     * How far outside the exact result a bound of a margin or a form may lie: on the CPU, which sums in double and rounds
     * once, two units in the last place of the result.
     *
     * @param terms     products summed
     * @param bound     the bound
     * @param magnitude absolute values of the products and of the constant, summed
     */
    protected double outwardSlack(int terms, double bound, double magnitude) {
        return 0x1p-22 * (1 + Math.abs(bound));
    }

    /**
     * How far outside the exact result a bound of a layer's output may lie: on the CPU, which multiplies in float, at most
     * four times the error of a float sum of so many products, and two units in the last place.
     */
    protected double boxSlack(int terms, double bound, double magnitude) {
        return 1.01 * 4 * LinearRelaxations.productError(terms) * magnitude + 0x1p-22 * (1 + Math.abs(bound));
    }

    /** A lower bound that says nothing false: NaN says nothing, and of an unknown truth nothing finite may be said. */
    static void assertNotAbove(double truth, float bound, String name) {
        assertTrue(Float.isNaN(bound) || (Double.isNaN(truth) ? bound == Float.NEGATIVE_INFINITY : bound <= truth),
                name + ": " + bound + " is above " + truth);
    }

    /** A network of these weights {@code [out,in]} and biases on the backend under test. */
    protected final class GivenNetwork implements AutoCloseable {
        private final ArrayList<DeviceBuffer> buffers = new ArrayList<>();
        final List<Affine> layers = new ArrayList<>();

        GivenNetwork(int[] widths, float[][] weights, float[][] biases) {
            for (int i = 0; i < weights.length; ++i) {
                buffers.add(device(weights[i]));
                buffers.add(device(biases[i]));
                layers.add(new Affine(buffers.get(2 * i), buffers.get(2 * i + 1), widths[i], widths[i + 1]));
            }
        }

        @Override
        public void close() {
            buffers.forEach(DeviceBuffer::close);
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
}
