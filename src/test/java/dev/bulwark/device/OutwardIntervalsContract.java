package dev.bulwark.device;

import static dev.bulwark.device.BackendFixture.assertBelow;
import static dev.bulwark.device.BackendFixture.assertNotAbove;
import static dev.bulwark.device.BackendFixture.windowed;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.bulwark.data.Ball;
import dev.bulwark.data.Epsilon;
import java.math.BigDecimal;
import java.math.MathContext;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Boxes for certificates, which are rounded outward: the exact ones are inside. */
public interface OutwardIntervalsContract extends OnBackend {

    @Test
    default void givenADecimalEpsilon_whenBoxedOutward_thenTheDecimalBoxIsInside() {
        float[] x = mapped(values(500), v -> 0.5 + 0.5 * v);
        x[0] = 0f;
        x[1] = 1f;
        x[2] = 0.1f;
        BigDecimal epsilon = new BigDecimal("0.1");
        try (DeviceBuffer input = device(x); DeviceBuffer low = backend().allocate(500);
             DeviceBuffer high = backend().allocate(500)) {
            backend().outwardIntervals().box(input, 500, 0, 0.1, low, high); // the double is above the decimal
            float[] l = host(low);
            float[] h = host(high);
            for (int i = 0; i < x.length; ++i) {
                BigDecimal exact = new BigDecimal(x[i]);
                BigDecimal lower = exact.subtract(epsilon).max(BigDecimal.ZERO);
                BigDecimal upper = exact.add(epsilon).min(BigDecimal.ONE);
                assertTrue(new BigDecimal(l[i]).compareTo(lower) <= 0, "lower " + i);
                assertTrue(new BigDecimal(h[i]).compareTo(upper) >= 0, "upper " + i);
                assertEquals(lower.doubleValue(), l[i], 2e-7);
                assertEquals(upper.doubleValue(), h[i], 2e-7);
                assertTrue(l[i] >= 0 && h[i] <= 1);
            }
        }
    }

    /** A byte's float is the nearest to k / 255, on either side of it; the box must hold that number's ball. */
    @ParameterizedTest
    @ValueSource(strings = {"0", "8/255", "0.1", "1/2", "1e-9", "0.99"})
    default void givenBytes_whenBoxedOutward_thenTheBallAroundTheExactNumberIsInside(String text) {
        Epsilon epsilon = Epsilon.parse(text);
        float[] x = new float[256];
        for (int k = 0; k < 256; ++k) {
            x[k] = k / 255f;
        }
        Ball ball = new Ball(epsilon, Ball.Centre.BYTE);
        try (DeviceBuffer input = device(x); DeviceBuffer low = backend().allocate(256);
             DeviceBuffer high = backend().allocate(256)) {
            backend().outwardIntervals().box(input, 256, ball.centreError(), epsilon.upper(), low, high);
            float[] l = host(low);
            float[] h = host(high);
            MathContext digits = new MathContext(60);
            for (int k = 0; k < 256; ++k) {
                BigDecimal centre = new BigDecimal(k).divide(new BigDecimal(255), digits);
                BigDecimal below = centre.subtract(exactly(text, digits)).max(BigDecimal.ZERO);
                BigDecimal above = centre.add(exactly(text, digits)).min(BigDecimal.ONE);
                // Sixty digits stand for the exact numbers: what they are off by is beyond any float.
                assertTrue(new BigDecimal(l[k]).subtract(below).compareTo(new BigDecimal("1e-50")) <= 0, "lower " + k);
                assertTrue(above.subtract(new BigDecimal(h[k])).compareTo(new BigDecimal("1e-50")) <= 0, "upper " + k);
                assertEquals(below.doubleValue(), l[k], 3e-7);
                assertEquals(above.doubleValue(), h[k], 3e-7);
                assertTrue(l[k] <= x[k] && x[k] <= h[k], "the float itself");
            }
        }
    }

    @Test
    default void givenTwoBoxes_whenAdded_thenTheExactSumIsInsideWithinALastBit() {
        int length = 1021;
        float[] xLower = mapped(values(length), v -> v * 1000);
        float[] xUpper = mapped(xLower, v -> v + Math.abs(v) / 3);
        float[] yLower = values(length);
        float[] yUpper = mapped(yLower, v -> v + 1e-6);
        try (DeviceBuffer xl = device(xLower); DeviceBuffer xu = device(xUpper); DeviceBuffer yl = device(yLower);
             DeviceBuffer yu = device(yUpper)) {
            backend().outwardIntervals().add(xl, xu, yl, yu, length, xl, yu); // in place of either
            float[] low = host(xl);
            float[] high = host(yu);
            for (int i = 0; i < length; ++i) {
                BigDecimal lower = new BigDecimal(xLower[i]).add(new BigDecimal(yLower[i]));
                BigDecimal upper = new BigDecimal(xUpper[i]).add(new BigDecimal(yUpper[i]));
                assertTrue(new BigDecimal(low[i]).compareTo(lower) <= 0, "lower " + i);
                assertTrue(new BigDecimal(high[i]).compareTo(upper) >= 0, "upper " + i);
                assertTrue(new BigDecimal(Math.nextUp(low[i])).compareTo(lower) > 0, "lower " + i + " is the nearest below");
                assertTrue(new BigDecimal(Math.nextDown(high[i])).compareTo(upper) < 0, "upper " + i
                        + " is the nearest above");
            }
        }
    }

    @Test
    default void givenAnUnknownBoundOrOverflow_whenAdded_thenTheSumIsUnknown() {
        float nan = Float.NaN;
        float inf = Float.POSITIVE_INFINITY;
        float most = Float.MAX_VALUE;
        try (DeviceBuffer xl = device(nan, 0, -inf, most, -most, 1); DeviceBuffer xu = device(nan, inf, 0, most, -most, 1);
             DeviceBuffer yl = device(0, 0, 0, most, -most, 2); DeviceBuffer yu = device(0, 0, 0, most, -most, 2);
             DeviceBuffer low = backend().allocate(6); DeviceBuffer high = backend().allocate(6)) {
            backend().outwardIntervals().add(xl, xu, yl, yu, 6, low, high);
            assertArrayEquals(new float[] {nan, nan, nan, nan, nan, 3}, host(low));
            assertArrayEquals(new float[] {nan, nan, nan, nan, nan, 3}, host(high));
        }
    }

    private static BigDecimal exactly(String text, MathContext digits) {
        String[] parts = text.split("/");
        return parts.length == 1 ? new BigDecimal(text) : new BigDecimal(parts[0]).divide(new BigDecimal(parts[1]), digits);
    }

    /** What does not depend on anything unknown is the same as if that were known, in the same row and in every other. */
    @ParameterizedTest
    @CsvSource({"1,1,1", "9,65,130", "17,300,10", "70,31,128", "129,9,193"})
    default void givenUnknownsHereAndThere_whenPushedThroughAnAffineMap_thenOnlyWhatDependsOnThemIsUnknown(int rows, int in,
            int out) {
        float[] l = values(rows * in);
        float[] h = mapped(l, v -> v + 0.25);
        float[] w = mapped(values(in * out), v -> v > 0.3 ? 0 : v);
        float[] b = values(out);
        float[] hiddenLow = l.clone();
        float[] hiddenHigh = h.clone();
        float[][] unknowns = {{Float.NaN, Float.NaN}, {Float.NEGATIVE_INFINITY, Float.POSITIVE_INFINITY}};
        boolean[] unknown = new boolean[rows * in];
        for (int n = 0; n < rows; n += 2) {
            int k = n * in + random().nextInt(in);
            unknown[k] = true;
            float[] interval = unknowns[n / 2 % unknowns.length];
            l[k] = interval[0];
            h[k] = interval[1];
            hiddenLow[k] = 0;
            hiddenHigh[k] = 0;
        }
        int[] y = random().ints(rows, 0, out).toArray();
        float[][] found = pushed(l, h, rows, w, b, in, out, y);
        float[][] expected = pushed(hiddenLow, hiddenHigh, rows, w, b, in, out, y);
        for (int k = 0; k < rows * out; ++k) {
            int n = k / out;
            int o = k % out;
            boolean lost = false;
            boolean marginLost = false;
            for (int i = 0; i < in; ++i) {
                lost |= unknown[n * in + i] && w[o * in + i] != 0;
                marginLost |= unknown[n * in + i] && w[o * in + i] != w[y[n] * in + i];
            }
            for (int end = 0; end < 2; ++end) {
                assertEquals(lost ? Float.NaN : expected[end][k], found[end][k], "end " + end + " of " + o + " in row " + n);
            }
            assertEquals(marginLost ? Float.NaN : expected[2][k], found[2][k], "margin " + o + " in row " + n);
        }
    }

    /** Lower and upper bounds, and margins, of one affine map. */
    private float[][] pushed(float[] l, float[] h, int rows, float[] w, float[] b, int in, int out, int[] y) {
        try (DeviceBuffer lower = device(l); DeviceBuffer upper = device(h); DeviceBuffer weight = device(w);
             DeviceBuffer bias = device(b); DeviceBuffer labels = deviceInts(y);
             DeviceBuffer low = backend().allocate((long) rows * out);
             DeviceBuffer high = backend().allocate((long) rows * out);
             DeviceBuffer margins = backend().allocate((long) rows * out)) {
            Affine layer = new Affine(weight, bias, in, out);
            backend().outwardIntervals().affine(lower, upper, rows, layer, low, high);
            backend().outwardIntervals().margins(lower, upper, labels, rows, layer, margins);
            return new float[][] {host(low), host(high), host(margins)};
        }
    }

    /** An end beyond the largest float says that the network's floats may say anything: the other end is not used. */
    @Test
    default void givenSumsBeyondTheLargestFloat_whenPushedThroughAnAffineMap_thenBothEndsAreUnknown() {
        float[] w = {3e38f, 3e38f, -3e38f, -3e38f, 3e38f, -1e37f, 1e38f, 0, 1e38f, 1e38f, 3e38f, 0, -3e38f, 0};
        float[][] found = pushed(new float[] {1, 1}, new float[] {2, 1.5f}, 1, w, new float[7], 2, 7, new int[] {5});
        for (int o = 0; o < 7; ++o) {
            boolean known = o == 3; // at most 2e38
            assertEquals(known, Float.isFinite(found[0][o]), "lower " + o + ": " + found[0][o]);
            assertEquals(known, Float.isFinite(found[1][o]), "upper " + o + ": " + found[1][o]);
            assertTrue(known || Float.isNaN(found[0][o]) && Float.isNaN(found[1][o]));
        }
        assertTrue(Float.isNaN(found[2][0]), "-4.5e38 at least");
        assertTrue(Float.isNaN(found[2][6]), "6e38 at least");
    }

    @ParameterizedTest
    @CsvSource({"1,1,1", "3,2,5", "9,65,130", "17,300,10", "70,31,128", "129,9,193", "1,1021,33"})
    default void givenABox_whenPushedThroughAnAffineMap_thenTheExactBoxIsJustInside(int rows, int in, int out) {
        requireExactBoxJustInside(rows, in, out, values(in * out));
    }

    /**
     * Units with some of the inputs in their receptive fields, and one with none: what products may leave out must be
     * nothing.
     */
    @ParameterizedTest
    @CsvSource({"9,65,130", "17,301,300", "5,7,700"})
    default void givenWindows_whenPushedThroughAnAffineMap_thenTheExactBoxIsJustInside(int rows, int in, int out) {
        float[] w = windowed(values(in * out), in, out);
        Arrays.fill(w, (out - 1) * in, out * in, 0f);
        requireExactBoxJustInside(rows, in, out, w);
    }

    private void requireExactBoxJustInside(int rows, int in, int out, float[] w) {
        // Slices that start anywhere: no kernel may count on more than a float's alignment.
        float[] l = mapped(values(rows * in), v -> v * 3);
        float[] h = mapped(l, v -> v + 0.25 + 0.125 * Math.sin(v * 100));
        float[] b = values(out);
        try (DeviceBuffer box = device(joined(l, h)); DeviceBuffer weight = device(joined(new float[1], w));
             DeviceBuffer bias = device(b); DeviceBuffer result = backend().allocate(2L * rows * out + 1)) {
            DeviceBuffer outLower = result.slice(0, (long) rows * out);
            DeviceBuffer outUpper = result.slice((long) rows * out + 1, (long) rows * out);
            backend().outwardIntervals().affine(box.slice(0, l.length), box.slice(l.length, h.length), rows,
                    new Affine(weight.slice(1, w.length), bias, in, out), outLower, outUpper);
            float[] low = host(outLower);
            float[] high = host(outUpper);
            for (int k = 0; k < rows * out; ++k) {
                int n = k / out;
                int o = k % out;
                ExactSum exactLow = new ExactSum(b[o]);
                ExactSum exactHigh = new ExactSum(b[o]);
                double magnitude = Math.abs(b[o]);
                for (int i = 0; i < in; ++i) {
                    float weightOi = w[o * in + i];
                    float lower = l[n * in + i];
                    float upper = h[n * in + i];
                    exactLow.addProduct(weightOi, weightOi > 0 ? lower : upper);
                    exactHigh.addProduct(weightOi, weightOi > 0 ? upper : lower);
                    magnitude += Math.abs(weightOi) * Math.max(Math.abs(lower), Math.abs(upper));
                }
                assertBelow(exactLow.value(), low[k], boxSlack(in, low[k], magnitude), "lower " + k);
                assertBelow(exactHigh.value().negate(), -high[k], boxSlack(in, high[k], magnitude), "upper " + k);
            }
        }
    }

    /** Rows that an earlier and larger batch left in a worker's memory must count for nothing; some of them are unknown. */
    @Test
    default void givenAPreparedLayer_whenBatchesFollowEachOther_thenEachBoxIsTheOneOfItsRowAlone() {
        int rows = 130;
        int in = 37;
        int out = 21;
        float[] l = mapped(values(rows * in), v -> v * 3);
        float[] h = mapped(l, v -> v + 0.25);
        l[64 * in + 5] = Float.NaN;
        h[65 * in] = Float.POSITIVE_INFINITY;
        l[66 * in + 1] = h[66 * in + 1] = Float.MAX_VALUE;
        try (DeviceBuffer lower = device(l); DeviceBuffer upper = device(h); DeviceBuffer weight = device(values(in * out));
             DeviceBuffer bias = device(values(out)); DeviceBuffer low = backend().allocate(rows * out);
             DeviceBuffer high = backend().allocate(rows * out)) {
            Affine layer = new Affine(weight, bias, in, out);
            try (Enclosure prepared = backend().outwardIntervals().prepare(layer)) {
                prepared.run(lower, upper, rows, low, high);
                float[] allLow = host(low);
                float[] allHigh = host(high);
                for (int n = 0; n < rows; ++n) {
                    DeviceBuffer oneLow = low.slice(0, out);
                    DeviceBuffer oneHigh = high.slice(0, out);
                    prepared.run(lower.slice((long) n * in, in), upper.slice((long) n * in, in), 1, oneLow, oneHigh);
                    assertArrayEquals(Arrays.copyOfRange(allLow, n * out, (n + 1) * out), host(oneLow), "lower " + n);
                    assertArrayEquals(Arrays.copyOfRange(allHigh, n * out, (n + 1) * out), host(oneHigh), "upper " + n);
                }
            }
        }
    }

    private static float[] joined(float[] first, float[] second) {
        float[] both = Arrays.copyOf(first, first.length + second.length);
        System.arraycopy(second, 0, both, first.length, second.length);
        return both;
    }

    @ParameterizedTest
    @CsvSource({"1,1,1", "5,31,3", "9,33,10", "2,130,41", "3,1021,2"})
    default void givenAnyLastLayer_whenMargins_thenTheExactElidedMarginIsJustAbove(int rows, int in, int out) {
        float[] l = values(rows * in);
        float[] h = mapped(l, v -> v + 0.25 + 0.125 * Math.sin(v * 100));
        float[] w = values(in * out);
        float[] b = values(out);
        int[] y = random().ints(rows, 0, out).toArray();
        try (DeviceBuffer lower = device(l); DeviceBuffer upper = device(h); DeviceBuffer weight = device(w);
             DeviceBuffer bias = device(b); DeviceBuffer labels = deviceInts(y);
             DeviceBuffer margins = backend().allocate((long) rows * out)) {
            backend().outwardIntervals().margins(lower, upper, labels, rows, new Affine(weight, bias, in, out), margins);
            float[] actual = host(margins);
            for (int k = 0; k < actual.length; ++k) {
                int label = y[k / out];
                BigDecimal exact = new BigDecimal(b[label]).subtract(new BigDecimal(b[k % out]));
                double magnitude = Math.abs(b[label]) + Math.abs(b[k % out]);
                for (int i = 0; i < in; ++i) {
                    BigDecimal d = new BigDecimal(w[label * in + i]).subtract(new BigDecimal(w[k % out * in + i]));
                    float x = (d.signum() > 0 ? l : h)[k / out * in + i];
                    exact = exact.add(d.multiply(new BigDecimal(x)));
                    magnitude += Math.abs(d.doubleValue() * x);
                }
                if (k % out == label) {
                    assertEquals(0f, actual[k]);
                } else {
                    assertJustBelow(exact, actual[k], in, magnitude, "margin " + k);
                }
            }
        }
    }

    @Test
    default void givenUnknownOrEndlessBounds_whenPushedThroughAnAffineMap_thenNoBoundIsTighterThanItIs() {
        float inf = Float.POSITIVE_INFINITY;
        // Rows: x0 unknown; x0 in [0, inf); x0 in (-inf, inf); all known. x1 in [1, 2].
        float[] l = {Float.NaN, 1, 0, 1, -inf, 1, 1, 1};
        float[] h = {Float.NaN, 2, inf, 2, inf, 2, 2, 2};
        float[] w = {1, 1, -1, 1, 0, 1, 3e38f, 3e38f, -3e38f, -3e38f, Float.NaN, 1};
        double none = Double.NaN;
        double[] trueLower = {
            none, none, 1, none, none, none,
            1, -inf, 1, 3e38, -inf, none,
            -inf, -inf, 1, -inf, -inf, none,
            2, -1, 1, 6e38, -12e38, none};
        double[] trueUpper = {
            none, none, 2, none, none, none,
            inf, 2, 2, inf, -3e38, none,
            inf, inf, 2, inf, inf, none,
            4, 1, 2, 12e38, -6e38, none};
        try (DeviceBuffer lower = device(l); DeviceBuffer upper = device(h); DeviceBuffer weight = device(w);
             DeviceBuffer bias = device(new float[6]); DeviceBuffer outLower = backend().allocate(24);
             DeviceBuffer outUpper = backend().allocate(24)) {
            backend().outwardIntervals().affine(lower, upper, 4, new Affine(weight, bias, 2, 6), outLower, outUpper);
            float[] low = host(outLower);
            float[] high = host(outUpper);
            for (int k = 0; k < 24; ++k) {
                assertNotAbove(trueLower[k], low[k], "lower " + k);
                assertNotAbove(-trueUpper[k], -high[k], "upper " + k);
            }
            backend().elementwise().relu(outLower, 24);
            backend().elementwise().relu(outUpper, 24);
            assertTrue(Float.isNaN(host(outLower)[0]) && Float.isNaN(host(outUpper)[0]), "what is unknown stays so");
        }
    }

    @Test
    default void givenUnknownOrEndlessBounds_whenMargins_thenNoneIsAboveTheTrueOne() {
        float inf = Float.POSITIVE_INFINITY;
        float[] l = {Float.NaN, 1, 0, 1, -inf, 1, -0.25f, 1, 0.25f, 1};
        float[] h = {Float.NaN, 2, inf, 2, inf, 2, 0.5f, 2, 0.5f, 2};
        float[] w = {3e38f, 1, -3e38f, 1, 3e38f, 0, Float.NaN, 1};
        double none = Double.NaN;
        double[] trueMargin = {
            0, none, 1, none,
            0, 0, 1, none,
            0, -inf, 1, none,
            0, -1.5e38, 1, none,
            0, 1.5e38, 1, none};
        try (DeviceBuffer lower = device(l); DeviceBuffer upper = device(h); DeviceBuffer weight = device(w);
             DeviceBuffer bias = device(new float[4]); DeviceBuffer labels = deviceInts(0, 0, 0, 0, 0);
             DeviceBuffer margins = backend().allocate(20)) {
            backend().outwardIntervals().margins(lower, upper, labels, 5, new Affine(weight, bias, 2, 4), margins);
            float[] actual = host(margins);
            for (int k = 0; k < 20; ++k) {
                if (k % 4 == 0) {
                    assertEquals(0f, actual[k]);
                } else {
                    assertNotAbove(trueMargin[k], actual[k], "margin " + k);
                }
            }
        }
    }

    @Test
    default void givenPixelsAtOrBeyondTheEdge_whenBoxedOutward_thenTheBoxIsCutAndTheUnknownStaysUnknown() {
        try (DeviceBuffer x = device(0f, 1f, 0.25f, Float.NaN); DeviceBuffer low = backend().allocate(4);
             DeviceBuffer high = backend().allocate(4)) {
            backend().outwardIntervals().box(x, 4, 0, 0.5, low, high);
            assertEquals(0f, host(low)[0]);
            assertEquals(1f, host(high)[1]);
            assertEquals(0f, host(low)[2]);
            assertEquals(0.75f, host(high)[2], "nothing was rounded");
            assertTrue(Float.isNaN(host(low)[3]) && Float.isNaN(host(high)[3]));
            backend().outwardIntervals().box(x, 4, 0x1p-24f, 1e300, low, high);
            assertArrayEquals(new float[] {0f, 0f, 0f, Float.NaN}, host(low));
            assertArrayEquals(new float[] {1f, 1f, 1f, Float.NaN}, host(high));
        }
    }

    /** W[y] - W[c] = 1 + 2^-25 or 1 - 2^-26: nearest to both is 1, which is above the one and below the other. */
    @Test
    default void givenACoefficientBetweenTwoFloats_whenMargins_thenItIsRoundedAgainstUsForEitherSign() {
        float[] w = {1f, -0x1p-25f, 0x1p-26f};
        float[] x = {-1f, 1f};
        double[] exact = {0, -1 - 0x1p-25, -1 + 0x1p-26, 0, 1 + 0x1p-25, 1 - 0x1p-26};
        try (DeviceBuffer lower = device(x); DeviceBuffer upper = device(x); DeviceBuffer weight = device(w);
             DeviceBuffer bias = device(0f, 0f, 0f); DeviceBuffer labels = deviceInts(0, 0);
             DeviceBuffer margins = backend().allocate(6)) {
            backend().outwardIntervals().margins(lower, upper, labels, 2, new Affine(weight, bias, 1, 3), margins);
            float[] actual = host(margins);
            for (int k = 0; k < 6; ++k) {
                assertTrue(actual[k] <= exact[k], k + ": " + actual[k] + " is above " + exact[k]);
                assertEquals(exact[k], actual[k], 0x1p-22, "margin " + k);
            }
        }
    }

    @Test
    default void givenABoxOfTheLastInputs_whenMargins_thenTheExactElidedMarginIsJustAbove() {
        float[] l = {-1f, 0.5f, 0.25f, 2f};
        float[] h = {-0.5f, 0.75f, 0.5f, 2f};
        float[] w = {1, -1, 0.5f, 2, -3, 0.25f};
        float[] b = {0.125f, -1f, 3f};
        try (DeviceBuffer lower = device(l); DeviceBuffer upper = device(h); DeviceBuffer weight = device(w);
             DeviceBuffer bias = device(b); DeviceBuffer labels = deviceInts(2, 0);
             DeviceBuffer margins = backend().allocate(6)) {
            backend().outwardIntervals().margins(lower, upper, labels, 2, new Affine(weight, bias, 2, 3), margins);
            float[] actual = host(margins);
            // Row 0, label 2: W2 - W0 = (-4, 1.25), W2 - W1 = (-3.5, -1.75); row 1, label 0: (0.5, -3), (4, -1.25).
            double[] expected = {
                3 - 0.125 + -4 * -0.5 + 1.25 * 0.5, 3 + 1 + -3.5 * -0.5 + -1.75 * 0.75, 0,
                0, 0.125 + 1 + 0.5 * 0.25 - 3 * 2, 0.125 - 3 + 4 * 0.25 - 1.25 * 2};
            for (int k = 0; k < 6; ++k) {
                assertTrue(actual[k] <= expected[k], k + ": " + actual[k] + " above " + expected[k]);
                assertEquals(expected[k], actual[k], outwardSlack(2, expected[k], 16)); // products of at most 16 in all
            }
        }
    }
}
