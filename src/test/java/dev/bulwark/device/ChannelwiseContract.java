package dev.bulwark.device;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.bulwark.shapes.ImageShape;
import dev.bulwark.shapes.Windows.Axis;
import dev.bulwark.shapes.Windows;
import java.math.BigDecimal;
import java.math.MathContext;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Scalings and average pooling, against their definitions in decimals; boxes hold every exact value and are tight. */
public interface ChannelwiseContract extends OnBackend {

    MathContext DIGITS = new MathContext(50);

    private Channelwise maps() {
        return backend().channelwise();
    }

    // ---- scalings --------------------------------------------------------------------------------------------------

    @Test
    default void givenAScaling_whenApplied_thenEachChannelIsItsFactorTimesTheElementPlusItsOffset() {
        for (int[] size : new int[][] {{1, 1}, {3, 33}, {31, 1}, {7, 1021}}) {
            int rows = 3;
            float[] x = values(rows * size[0] * size[1]);
            float[] factor = values(size[0]);
            float[] offset = values(size[0]);
            x[0] = Float.NaN;
            try (DeviceMemory memory = new DeviceMemory(backend())) {
                Scaling scaling = scaling(memory, factor, offset, new float[size[0]], new float[size[0]], size[1]);
                DeviceBuffer y = memory.allocate(x.length);
                for (boolean relu : new boolean[] {false, true}) {
                    maps().scale(memory.holding(x), rows, scaling, relu, y);
                    float[] actual = host(y);
                    for (int k = 0; k < x.length; ++k) {
                        int c = k / size[1] % size[0];
                        float exact = (float) ((double) factor[c] * x[k] + offset[c]);
                        assertEquals(relu ? Math.max(exact, 0) : exact, actual[k], k == 0 ? 0 : 0x1p-23 * Math.abs(exact),
                                "element " + k);
                    }
                }
                maps().scaleTransposed(memory.holding(x), rows, scaling, y);
                assertArrayEquals(mappedByIndex(x, (k, v) -> factor[k / size[1] % size[0]] * v), host(y));
                assertThrows(IllegalArgumentException.class, () -> maps().scale(y, rows + 1, scaling, false, y));
            }
        }
    }

    @Test
    default void givenAnUncertainScaling_whenEnclosed_thenTheBoxHoldsItsCornersAndIsTight() {
        int channels = 31;
        int area = 5;
        int rows = 2;
        float[] factor = values(channels);
        float[] offset = values(channels);
        float[] factorError = mapped(values(channels), v -> v < 0 ? 0 : v * 0x1p-20);
        float[] offsetError = mapped(values(channels), v -> v < 0.5 ? 0 : v);
        factor[0] = factorError[0] = 0;
        factor[1] = Float.MIN_VALUE;
        float[] lower = values(rows * channels * area);
        float[] upper = mappedByIndex(lower, (k, v) -> v + Math.abs(v) * (k % 3));
        lower[0] = Float.NaN; // times 0: takes no part
        upper[1] = Float.POSITIVE_INFINITY;
        try (DeviceMemory memory = new DeviceMemory(backend())) {
            Scaling scaling = scaling(memory, factor, offset, factorError, offsetError, area);
            DeviceBuffer low = memory.allocate(lower.length);
            DeviceBuffer high = memory.allocate(lower.length);
            maps().encloseScaled(memory.holding(lower), memory.holding(upper), rows, scaling, low, high);
            float[] l = host(low);
            float[] u = host(high);
            for (int k = 0; k < l.length; ++k) {
                int c = k / area % channels;
                BigDecimal least = null;
                BigDecimal most = null;
                for (int corner = 0; corner < 4; ++corner) {
                    BigDecimal f = exact(factor[c]).add(exact(corner / 2 == 0 ? -factorError[c] : factorError[c]));
                    BigDecimal x = f.signum() == 0 ? BigDecimal.ZERO : exact(corner % 2 == 0 ? lower[k] : upper[k]);
                    BigDecimal product = f.multiply(x);
                    least = least == null ? product : least.min(product);
                    most = most == null ? product : most.max(product);
                }
                assertTight(least.add(exact(offset[c])).subtract(exact(offsetError[c])), l[k], u[k],
                        most.add(exact(offset[c])).add(exact(offsetError[c])), "element " + k);
            }
        }
    }

    @Test
    default void givenAnUnknownOrOverflowingInterval_whenScaled_thenItIsUnknown() {
        try (DeviceMemory memory = new DeviceMemory(backend())) {
            Scaling scaling = scaling(memory, new float[] {1e30f}, new float[] {0}, new float[] {0}, new float[] {0}, 4);
            DeviceBuffer low = memory.allocate(4);
            DeviceBuffer high = memory.allocate(4);
            maps().encloseScaled(memory.holding(-1, Float.NaN, 1, 1),
                    memory.holding(1e20f, Float.NaN, Float.POSITIVE_INFINITY, 1), 1, scaling, low, high);
            float nan = Float.NaN;
            assertArrayEquals(new float[] {nan, nan, nan, 1e30f}, host(low));
            assertArrayEquals(new float[] {nan, nan, nan, 1e30f}, host(high));
        }
    }

    // ---- average pooling -------------------------------------------------------------------------------------------

    /** Poolings of many shapes. */
    static List<Pooling> poolings() {
        List<Pooling> poolings = new ArrayList<>();
        for (boolean countPadding : new boolean[] {false, true}) {
            poolings.add(new Pooling(new ImageShape(1, 1, 1), Windows.square(1, 1), countPadding));
            poolings.add(new Pooling(new ImageShape(3, 7, 6), Windows.square(3, 2, 1), countPadding));
            poolings.add(new Pooling(new ImageShape(2, 9, 11), Windows.square(2, 3), countPadding));
            poolings.add(new Pooling(new ImageShape(5, 4, 5), new Windows(new Axis(4, 1, 0, 0, 1), new Axis(5, 1, 0, 0, 1)),
                    countPadding));
            poolings.add(new Pooling(new ImageShape(2, 8, 7), new Windows(new Axis(3, 1, 2, 1, 2), new Axis(2, 2, 0, 1, 1)),
                    countPadding));
        }
        return poolings;
    }

    @Test
    default void givenAPooling_whenAveraged_thenItIsTheMeanAndItsTransposeIsItsTranspose() {
        int rows = 2;
        for (Pooling pooling : poolings()) {
            int in = pooling.input().size();
            int out = pooling.output().size();
            float[] x = values(rows * in);
            float[] a = values(rows * out);
            double[] expected = new double[rows * out];
            double[] transposed = new double[rows * in];
            walk(pooling, rows, (from, to, divisor) -> {
                expected[to] += (double) x[from] / divisor;
                transposed[from] += (double) a[to] / divisor;
            });
            try (DeviceMemory memory = new DeviceMemory(backend())) {
                DeviceBuffer y = memory.allocate(rows * out);
                DeviceBuffer t = memory.allocate(rows * in);
                maps().average(memory.holding(x), rows, pooling, false, y);
                maps().averageTransposed(memory.holding(a), rows, pooling, t);
                assertNear(expected, host(y), pooling);
                assertNear(transposed, host(t), pooling);
                maps().average(memory.holding(x), rows, pooling, true, y);
                for (int k = 0; k < expected.length; ++k) {
                    expected[k] = Math.max(expected[k], 0);
                }
                assertNear(expected, host(y), pooling);
            }
        }
    }

    @Test
    default void givenBoxes_whenAveraged_thenTheBoxHoldsTheExactMeansAndIsTight() {
        int rows = 3;
        for (Pooling pooling : poolings()) {
            float[] lower = values(rows * pooling.input().size());
            float[] upper = mappedByIndex(lower, (k, v) -> v + (k % 2) * Math.abs(v));
            int out = rows * pooling.output().size();
            BigDecimal[] least = new BigDecimal[out];
            BigDecimal[] most = new BigDecimal[out];
            int[] divisors = new int[out];
            walk(pooling, rows, (from, to, divisor) -> {
                least[to] = (least[to] == null ? BigDecimal.ZERO : least[to]).add(exact(lower[from]));
                most[to] = (most[to] == null ? BigDecimal.ZERO : most[to]).add(exact(upper[from]));
                divisors[to] = divisor;
            });
            float[][] box = averaged(pooling, rows, lower, upper);
            for (int k = 0; k < out; ++k) {
                BigDecimal divisor = BigDecimal.valueOf(divisors[k]);
                assertTight(least[k].divide(divisor, DIGITS), box[0][k], box[1][k], most[k].divide(divisor, DIGITS),
                        pooling + " " + k);
            }
        }
    }

    @Test
    default void givenAnUnknownElement_whenAveraged_thenTheWindowsThatHoldItAreUnknownAndNoOther() {
        Pooling pooling = poolings().get(1);
        float[] lower = values(pooling.input().size());
        float[] upper = lower.clone();
        lower[20] = Float.NEGATIVE_INFINITY;
        boolean[] unknown = new boolean[pooling.output().size()];
        walk(pooling, 1, (from, to, divisor) -> unknown[to] |= from == 20);
        float[][] box = averaged(pooling, 1, lower, upper);
        for (int k = 0; k < unknown.length; ++k) {
            assertEquals(unknown[k], Float.isNaN(box[0][k]), "lower " + k);
            assertEquals(unknown[k], Float.isNaN(box[1][k]), "upper " + k);
        }
    }

    private float[][] averaged(Pooling pooling, int rows, float[] lower, float[] upper) {
        try (DeviceMemory memory = new DeviceMemory(backend())) {
            DeviceBuffer low = memory.allocate((long) rows * pooling.output().size());
            DeviceBuffer high = memory.allocate((long) rows * pooling.output().size());
            maps().encloseAverage(memory.holding(lower), memory.holding(upper), rows, pooling, low, high);
            return new float[][] {host(low), host(high)};
        }
    }

    // ---- references ------------------------------------------------------------------------------------------------

    /** Takes an element, the mean that it is part of, and by what that sum is divided. */
    interface Part {
        void take(int from, int to, int divisor);
    }

    private static void walk(Pooling pooling, int rows, Part part) {
        ImageShape in = pooling.input();
        ImageShape out = pooling.output();
        Axis y = pooling.windows().height();
        Axis x = pooling.windows().width();
        for (int plane = 0; plane < rows * in.channels(); ++plane) {
            for (int p = 0; p < out.area(); ++p) {
                List<Integer> inside = new ArrayList<>();
                for (int element = 0; element < pooling.windows().elements(); ++element) {
                    int row = p / out.width() * y.stride() - y.before() + element / x.kernel() * y.dilation();
                    int column = p % out.width() * x.stride() - x.before() + element % x.kernel() * x.dilation();
                    if (row >= 0 && row < in.height() && column >= 0 && column < in.width()) {
                        inside.add((plane * in.height() + row) * in.width() + column);
                    }
                }
                for (int from : inside) {
                    part.take(from, plane * out.area() + p,
                            pooling.countPadding() ? pooling.windows().elements() : inside.size());
                }
            }
        }
    }

    private static void assertNear(double[] expected, float[] actual, Pooling pooling) {
        for (int k = 0; k < expected.length; ++k) {
            assertEquals(expected[k], actual[k], 0x1p-22 * pooling.windows().elements(), pooling + " element " + k);
        }
    }

    private static void assertTight(BigDecimal least, float lower, float upper, BigDecimal most, String what) {
        assertTrue(exact(lower).compareTo(least) <= 0 && exact(upper).compareTo(most) >= 0, "holds " + what);
        assertTrue(exact(Math.nextUp(lower)).compareTo(least) >= 0 && exact(Math.nextDown(upper)).compareTo(most) <= 0,
                "tight " + what);
    }

    private static BigDecimal exact(float value) {
        return new BigDecimal(value);
    }

    private static Scaling scaling(DeviceMemory memory, float[] factor, float[] offset, float[] factorError,
                                   float[] offsetError, int area) {
        return new Scaling(memory.holding(factor), memory.holding(offset), memory.holding(factorError),
                memory.holding(offsetError), factor.length, area);
    }

    /** By an element's number and value. */
    interface Mapping {
        float at(int k, float value);
    }

    private static float[] mappedByIndex(float[] x, Mapping mapping) {
        float[] y = new float[x.length];
        for (int k = 0; k < x.length; ++k) {
            y[k] = mapping.at(k, x[k]);
        }
        return y;
    }
}
