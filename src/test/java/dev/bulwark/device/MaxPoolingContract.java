package dev.bulwark.device;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.bulwark.shapes.ImageShape;
import dev.bulwark.shapes.Windows;
import dev.bulwark.shapes.Windows.Axis;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Maximum pooling, against walks over the definition; forms on their way back, against exact decimal sums. */
public abstract class MaxPoolingContract extends BackendFixture {

    private static final float NAN = Float.NaN;
    private static final int ROWS = 3;

    static List<Pooling> cases() {
        return List.of(
                Pooling.ofMaxima(new ImageShape(1, 1, 1), Windows.square(1, 1)),
                Pooling.ofMaxima(new ImageShape(3, 8, 10), Windows.square(2, 2)),
                Pooling.ofMaxima(new ImageShape(2, 9, 11), Windows.square(3, 2, 1)),
                Pooling.ofMaxima(new ImageShape(4, 5, 7), Windows.square(3, 1, 1)),
                Pooling.ofMaxima(new ImageShape(2, 6, 5), new Windows(new Axis(3, 1, 2, 0, 1), new Axis(2, 3, 0, 1, 1))),
                Pooling.ofMaxima(new ImageShape(1, 12, 13), new Windows(new Axis(3, 2, 2, 1, 2), new Axis(2, 1, 0, 0, 3))),
                Pooling.ofMaxima(new ImageShape(5, 7, 6), Windows.square(1, 2)), // elements that no window has
                Pooling.ofMaxima(new ImageShape(33, 4, 3), Windows.square(2, 1)));
    }

    /** Of each window of one image, its elements: the index of [channel][row][column], found by asking each one. */
    private static int[][] windows(Pooling pooling) {
        ImageShape in = pooling.input();
        ImageShape out = pooling.output();
        int[][] windows = new int[out.size()][];
        for (int k = 0; k < windows.length; ++k) {
            List<Integer> elements = new ArrayList<>();
            for (int i = 0; i < in.size(); ++i) {
                if (i / in.area() == k / out.area()
                        && has(pooling.windows().height(), k % out.area() / out.width(), i % in.area() / in.width())
                        && has(pooling.windows().width(), k % out.width(), i % in.width())) {
                    elements.add(i);
                }
            }
            windows[k] = elements.stream().mapToInt(Integer::intValue).toArray();
        }
        return windows;
    }

    private static boolean has(Axis axis, int window, int element) {
        int from = element - (window * axis.stride() - axis.before());
        return from >= 0 && from % axis.dilation() == 0 && from / axis.dilation() < axis.kernel();
    }

    /** Few different numbers, so that many are equal. */
    private float[] coarse(int length) {
        return mapped(values(length), v -> Math.rint(4 * v) / 4);
    }

    @ParameterizedTest
    @MethodSource("cases")
    void givenImages_whenPooled_thenTheLargestAndTheFirstOfThemAreTaken(Pooling pooling) {
        int inputs = pooling.input().size();
        int outputs = pooling.output().size();
        float[] x = coarse(ROWS * inputs);
        x[inputs / 2] = NAN;
        float[] a = values(ROWS * outputs);
        try (DeviceBuffer image = device(x); DeviceBuffer y = backend.allocate(ROWS * outputs);
             DeviceBuffer chosen = backend.allocate(ROWS * outputs); DeviceBuffer gradient = device(a);
             DeviceBuffer target = device(new float[ROWS * inputs])) {
            backend.maxPooling().apply(image, ROWS, pooling, y);
            backend.maxPooling().choose(image, ROWS, pooling, chosen);
            backend.fill(target, 7);
            backend.maxPooling().applyTransposed(gradient, chosen, ROWS, pooling, target);
            float[] pooled = host(y);
            int[] taken = hostInts(chosen);
            double[] passed = new double[ROWS * inputs];
            int[][] windows = windows(pooling);
            for (int k = 0; k < ROWS * outputs; ++k) {
                int first = k / outputs * inputs;
                int best = -1;
                for (int i : windows[k % outputs]) {
                    boolean better = best < 0 || x[first + i] > x[first + best]
                            || Float.isNaN(x[first + i]) && !Float.isNaN(x[first + best]);
                    best = better ? i : best;
                }
                assertEquals(best, taken[k], "window " + k);
                assertEquals(x[first + best], pooled[k], "window " + k);
                passed[first + best] += a[k];
            }
            close(passed, host(target), 1e-6);
        }
    }

    /** Boxes: some points, some wide, some unknown; equal ends are frequent. */
    private float[][] boxes(Pooling pooling, boolean unknown) {
        int length = ROWS * pooling.input().size();
        float[] lower = coarse(length);
        float[] upper = new float[length];
        float[] width = coarse(length);
        for (int k = 0; k < length; ++k) {
            upper[k] = lower[k] + Math.max(0, width[k]);
            if (unknown && k % 23 == 3) {
                lower[k] = NAN;
                upper[k] = NAN;
            }
        }
        return new float[][] {lower, upper};
    }

    @ParameterizedTest
    @MethodSource("cases")
    void givenBoxes_whenEnclosed_thenEndsAreTheLargestAndUnknownOnesSpread(Pooling pooling) {
        int inputs = pooling.input().size();
        int outputs = pooling.output().size();
        float[][] box = boxes(pooling, true);
        int[][] windows = windows(pooling);
        try (DeviceBuffer lower = device(box[0]); DeviceBuffer upper = device(box[1]);
             DeviceBuffer low = backend.allocate(ROWS * outputs); DeviceBuffer high = backend.allocate(ROWS * outputs)) {
            backend.maxPooling().enclose(lower, upper, ROWS, pooling, low, high);
            for (int end = 0; end < 2; ++end) {
                float[] found = host(end == 0 ? low : high);
                for (int k = 0; k < found.length; ++k) {
                    float most = Float.NEGATIVE_INFINITY;
                    for (int i : windows[k % outputs]) {
                        most = Math.max(most, box[end][k / outputs * inputs + i]); // NaN stays
                    }
                    assertEquals(most + 0f, found[k] + 0f, "window " + k);
                }
            }
        }
    }

    /** Relaxed for the boxes, in memory of the caller's. */
    private MaxPoolRelaxation relaxed(DeviceMemory memory, Pooling pooling, float[][] box) {
        int outputs = ROWS * pooling.output().size();
        MaxPoolRelaxation relaxation = new MaxPoolRelaxation(pooling, memory.allocate(outputs), memory.allocate(outputs),
                memory.allocate(outputs), memory.allocate(box[0].length));
        backend.maxPooling().relax(memory.holding(box[0]), memory.holding(box[1]), ROWS, relaxation);
        return relaxation;
    }

    @ParameterizedTest
    @MethodSource("cases")
    void givenBoxes_whenRelaxed_thenLinesAreOneElementAndItOrAConstant(Pooling pooling) {
        int inputs = pooling.input().size();
        int outputs = pooling.output().size();
        for (boolean unknown : new boolean[] {false, true}) {
            float[][] box = boxes(pooling, unknown);
            int[][] windows = windows(pooling);
            try (DeviceMemory memory = new DeviceMemory(backend)) {
                MaxPoolRelaxation relaxation = relaxed(memory, pooling, box);
                DeviceBuffer marks = memory.allocate(box[0].length);
                backend.maxPooling().contested(memory.holding(box[0]), memory.holding(box[1]), ROWS, relaxation, marks);
                int[] chosen = hostInts(relaxation.chosen());
                float[] slope = host(relaxation.upperSlope());
                float[] intercept = host(relaxation.upperIntercept());
                boolean[] contested = new boolean[box[0].length];
                for (int k = 0; k < ROWS * outputs; ++k) {
                    int first = k / outputs * inputs;
                    int best = windows[k % outputs][0];
                    for (int i : windows[k % outputs]) {
                        float l = box[0][first + i];
                        best = l > box[0][first + best] || Float.isNaN(box[0][first + best]) && !Float.isNaN(l) ? i : best;
                    }
                    float most = Float.NEGATIVE_INFINITY;
                    boolean largest = true;
                    for (int i : windows[k % outputs]) {
                        most = Math.max(most, box[1][first + i]);
                        largest &= i == best || box[1][first + i] <= box[0][first + best];
                    }
                    for (int i : windows[k % outputs]) {
                        contested[first + i] |= !largest && !(box[1][first + i] <= box[0][first + best]);
                    }
                    assertEquals(best, chosen[k], "window " + k);
                    assertEquals(largest ? 1 : 0, slope[k], "window " + k);
                    assertEquals(largest ? 0 : most + 0f, intercept[k] + 0f, "window " + k);
                }
                float[] mark = host(marks);
                float[] magnitude = host(relaxation.magnitude());
                for (int i = 0; i < mark.length; ++i) {
                    assertEquals(contested[i] ? NAN : 1, mark[i], "element " + i);
                    assertEquals(Math.max(Math.abs(box[0][i]), Math.abs(box[1][i])), magnitude[i]);
                }
            }
        }
    }

    @ParameterizedTest
    @MethodSource("cases")
    void givenForms_whenTakenBack_thenConstantsAreJustBelowWhatIsPromised(Pooling pooling) {
        int inputs = pooling.input().size();
        int outputs = pooling.output().size();
        int rows = 7;
        float[][] box = boxes(pooling, false);
        float[] a = mapped(values(rows * outputs), v -> Math.abs(v) < 0.2 ? 0 : Math.scalb(v, (int) (v * 1e4) % 9));
        float[] constant = values(rows);
        float[] x = values(rows * inputs);
        int[] owner = random.ints(rows, 0, ROWS).toArray();
        try (DeviceMemory memory = new DeviceMemory(backend)) {
            MaxPoolRelaxation relaxation = relaxed(memory, pooling, box);
            DeviceBuffer target = memory.holding(new float[rows * inputs]);
            backend.fill(target, 7);
            DeviceBuffer constants = memory.holding(constant);
            DeviceBuffer y = memory.allocate(rows * outputs);
            backend.maxPooling().backward(memory.holding(a), rows, memory.holding(owner), relaxation, target, constants);
            backend.maxPooling().onLines(memory.holding(a), rows, memory.holding(owner), relaxation, memory.holding(x), y);
            float[] given = host(target);
            float[] gained = host(constants);
            float[] points = host(y);
            int[] chosen = hostInts(relaxation.chosen());
            float[] slope = host(relaxation.upperSlope());
            float[] intercept = host(relaxation.upperIntercept());
            float[] magnitude = host(relaxation.magnitude());
            for (int r = 0; r < rows; ++r) {
                BigDecimal exact = new BigDecimal(constant[r]);
                double size = Math.abs(constant[r]);
                BigDecimal[] sums = new BigDecimal[inputs];
                Arrays.fill(sums, BigDecimal.ZERO);
                double[] sizes = new double[inputs];
                for (int k = 0; k < outputs; ++k) {
                    int line = owner[r] * outputs + k;
                    float coefficient = a[r * outputs + k];
                    if (coefficient < 0 && slope[line] == 0) {
                        exact = exact.add(new BigDecimal(coefficient).multiply(new BigDecimal(intercept[line])));
                        size += Math.abs(coefficient * intercept[line]);
                        assertEquals(intercept[line], points[r * outputs + k]);
                    } else {
                        sums[chosen[line]] = sums[chosen[line]].add(new BigDecimal(coefficient));
                        sizes[chosen[line]] += Math.abs(coefficient);
                        assertEquals(x[r * inputs + chosen[line]], points[r * outputs + k]);
                    }
                }
                double lost = 0;
                for (int i = 0; i < inputs; ++i) {
                    BigDecimal off = sums[i].subtract(new BigDecimal(given[r * inputs + i])).abs();
                    float most = magnitude[owner[r] * inputs + i];
                    assertEquals(sums[i].doubleValue(), given[r * inputs + i], 1e-6 * sizes[i], "element " + i);
                    exact = exact.subtract(off.multiply(new BigDecimal(most)));
                    lost += pooling.windows().elements() * 0x1p-22 * sizes[i] * most; // every sum on the way may be rounded
                }
                assertTrue(new BigDecimal(gained[r]).compareTo(exact) <= 0, gained[r] + " exceeds " + exact);
                double least = exact.doubleValue() - lost - outwardSlack(2 * outputs, exact.doubleValue(), size);
                assertTrue(gained[r] >= least, gained[r] + " is far below " + exact);
            }
        }
    }

    /** Two windows of three elements, of which they share the one in the middle. */
    private float[][] takenBack(float[] lower, float[] upper, float... a) {
        Pooling pooling = Pooling.ofMaxima(new ImageShape(1, 1, 3),
                new Windows(new Axis(1, 1, 0, 0, 1), new Axis(2, 1, 0, 0, 1)));
        try (DeviceMemory memory = new DeviceMemory(backend)) {
            MaxPoolRelaxation relaxation = new MaxPoolRelaxation(pooling, memory.allocate(2), memory.allocate(2),
                    memory.allocate(2), memory.allocate(3));
            backend.maxPooling().relax(memory.holding(lower), memory.holding(upper), 1, relaxation);
            DeviceBuffer target = memory.allocate(3);
            DeviceBuffer constants = memory.holding(1f);
            backend.maxPooling().backward(memory.holding(a), 1, memory.holding(new int[1]), relaxation, target, constants);
            return new float[][] {host(target), host(constants)};
        }
    }

    @Test
    void givenUnknownIntervals_whenFormsAreTakenBack_thenTheyCountWhereTheyAreMeant() {
        float[] lower = {NAN, 1, 0};
        float[] upper = {NAN, 2, 1};
        // The first window is unknown above; below, its known element stands for it, which is all of the second.
        assertTakenBack(takenBack(lower, upper, 2, 3), 0, 5, 0);
        assertTakenBack(takenBack(lower, upper, 0, -3), 0, -3, 0);
        assertNotAbove(NAN, takenBack(lower, upper, -2, 0)[1][0], "unknown above");
        float[] none = {NAN, NAN, NAN};
        assertTakenBack(takenBack(none, none, 2, 3), 2, 3, 0);
        float[] outer = {0, NAN, 0};
        assertTakenBack(takenBack(outer, outer, 1, 0x1p-30f), 1, 0, 0x1p-30f);
    }

    /** Nothing was lost but the constant's last bit. */
    private static void assertTakenBack(float[][] found, float... target) {
        assertArrayEquals(target, found[0]);
        assertEquals(1, found[1][0], 0x1p-23);
        assertTrue(found[1][0] <= 1);
    }

    @Test
    void givenCoefficientsThatOverflow_whenTakenBack_thenNothingIsKnown() {
        float[] lower = {0, 5, 0};
        float[] upper = {1, 6, 1};
        float most = Float.MAX_VALUE;
        for (float[] a : new float[][] {{most, most}, {Float.POSITIVE_INFINITY, 1}, {NAN, 0},
                {Float.NEGATIVE_INFINITY, 0}}) {
            assertNotAbove(NAN, takenBack(lower, upper, a)[1][0], Arrays.toString(a));
        }
        float[] below = {-9, -9, -9};
        float[] above = {-3, -3, -3};
        float constant = takenBack(below, above, Float.NEGATIVE_INFINITY, 0)[1][0];
        assertTrue(!(Math.abs(constant) < most), "an infinite coefficient of a constant: " + constant);
    }
}
