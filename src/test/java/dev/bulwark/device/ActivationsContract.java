package dev.bulwark.device;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.bulwark.device.Activation.Clip;
import dev.bulwark.device.Activation.LeakyRelu;
import dev.bulwark.device.Activation.Sigmoid;
import dev.bulwark.device.Activation.Tanh;
import dev.bulwark.model.ExactGraph;
import dev.bulwark.model.Graph;
import dev.bulwark.model.Op;
import dev.bulwark.shapes.Shape;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Activations other than the ReLU, against decimal arithmetic of 60 digits; boxes and lines must hold in exact numbers. */
public abstract class ActivationsContract extends BackendFixture {

    private static final float INF = Float.POSITIVE_INFINITY;
    private static final float NAN = Float.NaN;
    /** Of inputs to a smooth function; beyond, the exact one takes too many digits. */
    private static final float FAR = 90;

    static Stream<Activation> functions() {
        return Stream.of(new LeakyRelu(0.01f), new LeakyRelu(0.3f), new LeakyRelu(1), new Clip(0, 6), new Clip(-1, 1),
                new Clip(0.25f, INF), new Clip(-INF, 0.5f), new Clip(-3e-3f, 7e-4f), new Sigmoid(), new Tanh());
    }

    private static BigDecimal[] exact(Activation f, BigDecimal... x) {
        Op op = f.accept(new Activation.Visitor<>() {
            @Override
            public Op leakyRelu(LeakyRelu function) {
                return new Op.LeakyRelu(function.slope());
            }

            @Override
            public Op clip(Clip function) {
                return new Op.Clip(function.low(), function.high());
            }

            @Override
            public Op sigmoid(Sigmoid function) {
                return new Op.Sigmoid();
            }

            @Override
            public Op tanh(Tanh function) {
                return new Op.Tanh();
            }
        });
        return ExactGraph.logits(Graph.sequence(Shape.of(x.length), List.of(op)), x);
    }

    /** Of any size, some tiny, none beyond {@link #FAR}. */
    private float[] anySizes(int length) {
        float[] x = mapped(values(length), v -> Math.scalb(v, (int) (v * 1e4) % 30));
        for (int k = 0; k < length; ++k) {
            x[k] = Math.max(-FAR, Math.min(FAR, x[k]));
        }
        return x;
    }

    // ---- values and gradients --------------------------------------------------------------------------------------

    @ParameterizedTest
    @MethodSource("functions")
    void givenNumbersOfAnySize_whenApplied_thenValuesAreTheNearest(Activation f) {
        float[] x = anySizes(501);
        x[0] = 0;
        x[1] = NAN;
        try (DeviceBuffer in = device(x); DeviceBuffer out = backend.allocate(x.length)) {
            backend.activations().apply(f, in, x.length, out);
            float[] y = host(out);
            assertTrue(Float.isNaN(y[1]));
            x[1] = 0;
            y[1] = y[0];
            BigDecimal[] exact = exact(f, ExactGraph.exactly(x));
            for (int k = 0; k < x.length; ++k) {
                assertEquals(exact[k].doubleValue(), y[k], 0.51 * Math.ulp(y[k]), "f(" + x[k] + ")");
            }
            backend.activations().apply(f, in, x.length, in);
            assertArrayEquals(Arrays.copyOfRange(y, 2, y.length), Arrays.copyOfRange(host(in), 2, y.length), "in place");
        }
    }

    @Test
    void givenInfinities_whenApplied_thenValuesAreTheLimits() {
        for (Activation f : List.of(new Sigmoid(), new Tanh(), new Clip(-2, 3))) {
            try (DeviceBuffer x = device(-INF, INF, -Float.MAX_VALUE, Float.MAX_VALUE)) {
                backend.activations().apply(f, x, 4, x);
                float low = f instanceof Sigmoid ? 0 : f instanceof Tanh ? -1 : -2;
                float high = f instanceof Clip ? 3 : 1;
                assertArrayEquals(new float[] {low, high, low, high}, host(x));
            }
        }
    }

    /** The difference quotient of width 2h is off by h^2 f'''/6 and the float y by 2^-24: far less than 1e-5. */
    @ParameterizedTest
    @MethodSource("functions")
    void givenGradients_whenPassedOn_thenTheyAreMultipliedByTheSlope(Activation f) {
        float[] x = mapped(values(400), v -> 8 * v);
        float[] gradient = values(x.length);
        double h = 1e-3;
        try (DeviceBuffer y = device(x); DeviceBuffer g = device(gradient)) {
            backend.activations().apply(f, y, x.length, y);
            backend.activations().gradient(f, y, x.length, g);
            float[] passed = host(g);
            BigDecimal[] above = exact(f, moved(x, h));
            BigDecimal[] below = exact(f, moved(x, -h));
            for (int k = 0; k < x.length; ++k) {
                boolean atBend = Math.abs(x[k] - f.firstBend()) < 2 * h || Math.abs(x[k] - f.lastBend()) < 2 * h;
                double slope = above[k].subtract(below[k]).doubleValue() / (2 * h);
                assertTrue(atBend || Math.abs(gradient[k] * slope - passed[k]) < 1e-5, "f'(" + x[k] + ")");
            }
        }
    }

    private static BigDecimal[] moved(float[] x, double by) {
        BigDecimal[] moved = ExactGraph.exactly(x);
        Arrays.setAll(moved, k -> moved[k].add(new BigDecimal(by)));
        return moved;
    }

    // ---- intervals -------------------------------------------------------------------------------------------------

    /** Intervals of all sizes and places: both signs, far out, of no width, and around 0 and the bends. */
    private float[][] intervals(Activation f, int count) {
        float[] a = anySizes(count);
        float[] b = anySizes(count);
        float[][] intervals = new float[2][count];
        for (int k = 0; k < count; ++k) {
            float other = switch (k % 8) {
                case 0, 1, 2 -> b[k];
                case 3 -> a[k];
                case 4 -> Math.nextUp(a[k]);
                case 5 -> -a[k] * 0.9f;
                case 6 -> Math.max(-FAR, Math.min(FAR, 10 * b[k]));
                default -> a[k] + Math.abs(b[k]) * 0.01f;
            };
            float shift = k % 3 > 0 || Float.isNaN(f.firstBend()) || Float.isInfinite(f.firstBend()) ? 0 : f.firstBend();
            intervals[0][k] = Math.min(a[k], other) + shift;
            intervals[1][k] = Math.max(a[k], other) + shift;
        }
        return intervals;
    }

    @ParameterizedTest
    @MethodSource("functions")
    void givenBoxes_whenEnclosed_thenTheyHoldTheValuesAndLittleMore(Activation f) {
        int count = 600;
        float[][] box = intervals(f, count);
        try (DeviceBuffer lower = device(box[0]); DeviceBuffer upper = device(box[1])) {
            backend.activations().enclose(f, lower, upper, count, lower, upper);
            float[] low = host(lower);
            float[] high = host(upper);
            BigDecimal[] atLower = exact(f, ExactGraph.exactly(box[0]));
            BigDecimal[] atUpper = exact(f, ExactGraph.exactly(box[1]));
            for (int k = 0; k < count; ++k) {
                String name = "[" + box[0][k] + ", " + box[1][k] + "] becomes [" + low[k] + ", " + high[k] + "]";
                assertTrue(new BigDecimal(low[k]).compareTo(atLower[k]) <= 0, name);
                assertTrue(new BigDecimal(high[k]).compareTo(atUpper[k]) >= 0, name);
                assertTrue(low[k] >= atLower[k].doubleValue() - 1.01 * Math.ulp(low[k]), name);
                assertTrue(high[k] <= atUpper[k].doubleValue() + 1.01 * Math.ulp(high[k]), name);
            }
        }
    }

    /** What e^-x is beyond doubles is not 0. */
    @Test
    void givenEndsFarOut_whenEnclosed_thenLimitsAreRoundedOutward() {
        float far = Float.MAX_VALUE;
        for (Activation f : List.of(new Sigmoid(), new Tanh())) {
            try (DeviceBuffer lower = device(-far, far, -1000, -104); DeviceBuffer upper = device(-far, far, -1000, -104)) {
                backend.activations().enclose(f, lower, upper, 4, lower, upper);
                float least = f instanceof Sigmoid ? 0 : -1;
                float above = f instanceof Sigmoid ? Float.MIN_VALUE : Math.nextUp(-1f);
                assertEquals(least, host(lower)[0]);
                assertTrue(host(upper)[0] >= above && host(upper)[0] <= Math.nextUp(Math.nextUp(least)));
                assertTrue(host(lower)[1] >= 1 - 0x1p-23 && host(lower)[1] < 1);
                assertEquals(1, host(upper)[1]);
                assertEquals(least, host(lower)[2]);
                assertTrue(host(upper)[2] >= above);
                assertTrue(f instanceof Tanh || host(upper)[3] > 0);
            }
        }
    }

    @Test
    void givenUnknownIntervals_whenEnclosedAndRelaxed_thenBoundsOfTheFunctionRemain() {
        float[] low = {NAN, -INF, 0, -INF};
        float[] high = {NAN, 0, INF, INF};
        float[][] bounds = {{NAN, NAN}, {-2, 3}, {NAN, NAN}, {NAN, NAN}, {0, 1}, {-1, 1}};
        List<Activation> functions = List.of(new LeakyRelu(0.5f), new Clip(-2, 3), new Clip(0, INF), new Clip(-INF, 0),
                new Sigmoid(), new Tanh());
        for (int i = 0; i < functions.size(); ++i) {
            Activation f = functions.get(i);
            Lines lines = lines(f, low, high);
            try (DeviceBuffer lower = device(low); DeviceBuffer upper = device(high)) {
                backend.activations().enclose(f, lower, upper, 4, lower, upper);
                for (int k = 0; k < 4; ++k) {
                    assertEquals(bounds[i][0], host(lower)[k], f.words());
                    assertEquals(bounds[i][1], host(upper)[k], f.words());
                    boolean known = !Float.isNaN(bounds[i][1]);
                    assertEquals(known ? 0 : NAN, lines.upperSlope[k], f.words());
                    assertEquals(bounds[i][1], lines.upperIntercept[k], f.words());
                    assertEquals(known ? 0 : NAN, lines.lowerSlope[k], f.words());
                    assertEquals(f.leastSlope().isPresent() ? 0 : bounds[i][0], lines.lowerIntercept[k], f.words());
                    assertEquals(Math.max(Math.abs(low[k]), Math.abs(high[k])), lines.magnitude[k]);
                }
            }
        }
    }

    // ---- lines -----------------------------------------------------------------------------------------------------

    /** As {@link Relaxation} names them; lower intercepts are 0 where there are none. */
    private record Lines(float[] upperSlope, float[] upperIntercept, float[] lowerSlope, float[] lowerIntercept,
                         float[] magnitude) {

        BigDecimal above(int k, BigDecimal z) {
            return new BigDecimal(upperSlope[k]).multiply(z).add(new BigDecimal(upperIntercept[k]));
        }

        BigDecimal below(int k, BigDecimal z) {
            return new BigDecimal(lowerSlope[k]).multiply(z).add(new BigDecimal(lowerIntercept[k]));
        }
    }

    private Lines lines(Activation f, float[] lower, float[] upper) {
        int units = lower.length;
        try (DeviceMemory memory = new DeviceMemory(backend)) {
            DeviceBuffer intercept = memory.zeros(units);
            Relaxation lines = new Relaxation(memory.allocate(units), memory.allocate(units),
                    new Relaxation.Below(memory.allocate(units), f.leastSlope().orElse(0f),
                            f.leastSlope().isPresent() ? Optional.empty() : Optional.of(intercept)),
                    memory.allocate(units), memory.allocate(units), units);
            backend.activations().relax(f, memory.holding(lower), memory.holding(upper), 1, lines);
            return new Lines(host(lines.upperSlope()), host(lines.upperIntercept()), host(lines.lowerSlope()),
                    host(intercept), host(lines.magnitude()));
        }
    }

    /** Where a line and the function may come closest: the ends, 0, the bends, and where slopes agree; and between. */
    private static List<BigDecimal> critical(Activation f, float lower, float upper, float... slopes) {
        List<Double> points = new ArrayList<>(List.of((double) lower, (double) upper, 0.0, (double) f.firstBend(),
                (double) f.lastBend(), 0.5 * lower + 0.5 * upper, 0.9 * lower + 0.1 * upper));
        for (float slope : slopes) {
            double y = f instanceof Tanh ? Math.sqrt(1 - slope) : Math.sqrt(1 - 4.0 * slope);
            double z = f instanceof Tanh ? Math.log((1 + y) / Math.sqrt(slope))
                    : 2 * Math.log((1 + y) / 2 / Math.sqrt(slope));
            points.addAll(List.of(z, -z));
        }
        return points.stream().filter(z -> z >= lower && z <= upper).map(BigDecimal::new).toList();
    }

    @ParameterizedTest
    @MethodSource("functions")
    void givenIntervals_whenRelaxed_thenTheLinesHoldInExactNumbers(Activation f) {
        boolean smooth = f instanceof Activation.Smooth;
        int count = smooth ? 160 : 2000;
        float[][] box = intervals(f, count);
        Lines lines = lines(f, box[0], box[1]);
        for (int k = 0; k < count; ++k) {
            float[] slopes = smooth ? new float[] {lines.upperSlope[k], lines.lowerSlope[k]} : new float[0];
            List<BigDecimal> points = critical(f, box[0][k], box[1][k], slopes);
            BigDecimal[] values = exact(f, points.toArray(new BigDecimal[0]));
            for (int i = 0; i < values.length; ++i) {
                String name = "f(" + points.get(i).doubleValue() + ") over [" + box[0][k] + ", " + box[1][k] + "]";
                assertTrue(lines.above(k, points.get(i)).compareTo(values[i]) >= 0, name);
                assertTrue(lines.below(k, points.get(i)).compareTo(values[i]) <= 0, name);
            }
            for (float slope : new float[] {lines.upperSlope[k], lines.lowerSlope[k]}) {
                assertTrue(slope >= 0 && slope <= 1);
            }
            assertEquals(Math.max(Math.abs(box[0][k]), Math.abs(box[1][k])), lines.magnitude[k]);
        }
    }

    /** Over long intervals slopes are tiny and products of both of any size. */
    @ParameterizedTest
    @MethodSource("functions")
    void givenIntervalsFarOut_whenRelaxed_thenTheLinesHoldAtTheirEnds(Activation f) {
        float[] ends = {-Float.MAX_VALUE, -1e30f, -1e5f, -700, -41, -20, -1e-30f, -Float.MIN_VALUE, 0, 1e-20f, 0.5f, 20, 41,
            1e4f, 1e25f, Float.MAX_VALUE};
        List<float[]> boxes = new ArrayList<>();
        for (int i = 0; i < ends.length; ++i) {
            for (int j = i; j < ends.length; ++j) {
                boxes.add(new float[] {ends[i], ends[j]});
            }
        }
        float[] lower = new float[boxes.size()];
        float[] upper = new float[boxes.size()];
        for (int k = 0; k < lower.length; ++k) {
            lower[k] = boxes.get(k)[0];
            upper[k] = boxes.get(k)[1];
        }
        Lines lines = lines(f, lower, upper);
        for (int k = 0; k < lower.length; ++k) {
            for (float end : new float[] {lower[k], upper[k], Math.max(lower[k], Math.min(upper[k], 3))}) {
                BigDecimal z = new BigDecimal(end);
                // Where the exact function has too many digits, its limits are above and below it by less than 1e-300.
                boolean far = f instanceof Activation.Smooth && Math.abs(end) > 1000;
                BigDecimal value = far ? new BigDecimal(end > 0 ? 1 : f instanceof Sigmoid ? 0 : -1) : exact(f, z)[0];
                BigDecimal slack = far ? new BigDecimal("1e-300") : BigDecimal.ZERO;
                String name = "at " + end + " of [" + lower[k] + ", " + upper[k] + "]: " + lines.lowerSlope[k] + ", "
                        + lines.lowerIntercept[k] + "; " + lines.upperSlope[k] + ", " + lines.upperIntercept[k];
                assertTrue(lines.above(k, z).compareTo(end < 0 ? value.add(slack) : value) >= 0, name);
                assertTrue(lines.below(k, z).compareTo(end > 0 ? value.subtract(slack) : value) <= 0, name);
            }
        }
    }

    /** A line that is none of the published ones, or has a looser intercept, leaves more room. */
    @ParameterizedTest
    @MethodSource("functions")
    void givenIntervals_whenRelaxed_thenTheLinesAreThePublishedOnes(Activation f) {
        int count = 2000;
        float[][] box = intervals(f, count);
        Lines lines = lines(f, box[0], box[1]);
        for (int k = 0; k < count; ++k) {
            double l = box[0][k];
            double u = box[1][k];
            ReferenceLines reference = ReferenceLines.of(f);
            double[] above = reference.above(l, u);
            double[] below = reference.below(l, u);
            double room = 1e-3 * (reference.at(u) - reference.at(l)) + 2e-7 * (1 + Math.abs(reference.at(u)))
                    + (f instanceof Activation.Smooth ? 0 : 1e-6 * (Math.abs(l) + Math.abs(u)));
            for (double z : new double[] {l, u, 0.5 * (l + u)}) {
                String name = "[" + l + ", " + u + "] at " + z;
                assertEquals(above[0] * z + above[1], lines.upperSlope[k] * z + lines.upperIntercept[k], room, name);
                assertEquals(below[0] * z + below[1], lines.lowerSlope[k] * z + lines.lowerIntercept[k], room, name);
            }
        }
    }

    /** Exact lines stay exact, and an interval of open sign is told by its intercept. */
    @Test
    void givenALeakyRelu_whenRelaxed_thenOpenSignsAloneHaveIntercepts() {
        for (float slope : new float[] {0x1p-7f, 0.01f, 0.7f}) {
            float[] lower = {-2, -2, 0, 1, 0, -1, -1e-40f, -1e30f};
            float[] upper = {-1, 0, 1, 2, 0, 3, 1e-40f, 1e-30f};
            Lines lines = lines(new LeakyRelu(slope), lower, upper);
            for (int k = 0; k < lower.length; ++k) {
                assertEquals(lower[k] < 0 && upper[k] > 0, lines.upperIntercept[k] > 0);
                assertTrue(lines.upperIntercept[k] >= 0);
                float own = upper[k] <= 0 ? slope : 1;
                assertTrue(lower[k] < 0 && upper[k] > 0 || lines.upperSlope[k] == own && lines.lowerSlope[k] == own);
            }
        }
    }
}
