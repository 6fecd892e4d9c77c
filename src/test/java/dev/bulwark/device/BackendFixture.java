package dev.bulwark.device;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.math.BigDecimal;
import java.util.SplittableRandom;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;

/**
 * Opens the backend under test before each test, and closes it after. What it has to keep, the contracts that a test class
 * implements say.
 *
 * <p>Tolerances: a float sum of k products of values of order one is off by at most k * 2^-24 times the sum of absolute
 * values; {@link #close} allows that for the sizes used, and no more.
 */
public abstract class BackendFixture implements OnBackend {

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

    @Override
    public Backend backend() {
        return backend;
    }

    @Override
    public SplittableRandom random() {
        return random;
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

    static void close(double[] expected, float[] actual, double tolerance) {
        assertEquals(expected.length, actual.length);
        for (int i = 0; i < expected.length; ++i) {
            assertEquals(expected[i], actual[i], tolerance * (1 + Math.abs(expected[i])), "element " + i);
        }
    }

    /** Equal numbers; zeros of either sign are the same. */
    static void same(float[] expected, float[] actual) {
        assertEquals(expected.length, actual.length);
        for (int i = 0; i < expected.length; ++i) {
            assertTrue(expected[i] == actual[i], "element " + i + ": " + expected[i] + " and " + actual[i]);
        }
    }

    static void assertBelow(BigDecimal exact, float bound, double slack, String name) {
        assertTrue(new BigDecimal(bound).compareTo(exact) <= 0, () -> name + ": " + bound + " is above " + exact);
        assertEquals(exact.doubleValue(), bound, slack, name);
    }

    /** A lower bound that says nothing false: NaN says nothing, and of an unknown truth nothing finite may be said. */
    static void assertNotAbove(double truth, float bound, String name) {
        assertTrue(Float.isNaN(bound) || (Double.isNaN(truth) ? bound == Float.NEGATIVE_INFINITY : bound <= truth),
                name + ": " + bound + " is above " + truth);
    }
}
