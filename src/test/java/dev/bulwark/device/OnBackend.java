package dev.bulwark.device;

import java.math.BigDecimal;
import java.util.SplittableRandom;
import java.util.function.DoubleUnaryOperator;

/** What the contracts of all families share: one backend under test, and ways to fill, read and compare its buffers. */
interface OnBackend {

    Backend backend();

    /** Seeded alike for each test. */
    SplittableRandom random();

    /** Uniform in [-1, 1). */
    default float[] values(int length) {
        float[] values = new float[length];
        for (int i = 0; i < length; ++i) {
            values[i] = (float) (random().nextDouble() * 2 - 1);
        }
        return values;
    }

    default float[] mapped(float[] x, DoubleUnaryOperator f) {
        float[] y = new float[x.length];
        for (int i = 0; i < x.length; ++i) {
            y[i] = (float) f.applyAsDouble(x[i]);
        }
        return y;
    }

    default DeviceBuffer device(float... values) {
        DeviceBuffer buffer = backend().allocate(values.length);
        backend().write(values, buffer);
        return buffer;
    }

    default DeviceBuffer deviceInts(int... values) {
        DeviceBuffer buffer = backend().allocate(values.length);
        backend().write(values, buffer);
        return buffer;
    }

    default float[] host(DeviceBuffer buffer) {
        float[] values = new float[(int) buffer.length()];
        backend().read(buffer, values);
        return values;
    }

    default int[] hostInts(DeviceBuffer buffer) {
        int[] values = new int[(int) buffer.length()];
        backend().read(buffer, values);
        return values;
    }

    default void assertJustBelow(BigDecimal exact, float bound, int terms, double magnitude, String name) {
        BackendFixture.assertBelow(exact, bound, outwardSlack(terms, bound, magnitude), name);
    }

    /**
     * How far outside the exact result a bound of a margin or a form may lie: on the CPU, which sums in double and rounds
     * once, two units in the last place of the result.
     *
     * @param terms     products summed
     * @param bound     the bound
     * @param magnitude absolute values of the products and of the constant, summed
     */
    default double outwardSlack(int terms, double bound, double magnitude) {
        return 0x1p-22 * (1 + Math.abs(bound));
    }

    /**
     * How far outside the exact result a bound of a layer's output may lie: on the CPU, which multiplies in float, at most
     * four times the error of a float sum of that many products, and two units in the last place.
     */
    default double boxSlack(int terms, double bound, double magnitude) {
        return 1.01 * 4 * LinearRelaxations.productError(terms) * magnitude + 0x1p-22 * (1 + Math.abs(bound));
    }
}
