package dev.bulwark.bounds;

import dev.bulwark.model.Graph;
import dev.bulwark.model.Mlp;
import dev.bulwark.model.Op;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.bulwark.data.Ball;
import dev.bulwark.data.Epsilon;
import dev.bulwark.device.Backend;
import dev.bulwark.device.cpu.CpuBackend;
import dev.bulwark.plan.Plan;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Finite networks whose values, or whose bounds, are beyond the largest float. {@link CudaOverflowTest} repeats it. */
class OverflowTest {

    private static final float INF = Float.POSITIVE_INFINITY;

    private Backend backend;

    Backend open() {
        return CpuBackend.create();
    }

    @BeforeEach
    void start() {
        backend = open();
    }

    @AfterEach
    void everyByteIsReturned() {
        assertEquals(0, backend.liveBytes());
        backend.close();
    }

    private List<Bounds> verify(Method method, Graph net, float[] images, int[] labels, Ball ball) {
        try (Plan plan = Plan.load(backend, net);
             Verifier verifier = BoundsFixture.verifier(plan, method, Crown.DEFAULT_STEPS)) {
            return verifier.verify(images, labels, ball);
        }
    }

    private List<Bounds> verify(Method method, Graph net, float[] images, int[] labels) {
        return verify(method, net, images, labels, Ball.aroundFloats(0.1));
    }

    private static Op.Dense dense(int in, int out, double... weightsThenBiases) {
        float[] values = new float[weightsThenBiases.length];
        for (int k = 0; k < values.length; ++k) {
            values[k] = (float) weightsThenBiases[k];
        }
        return Mlp.dense(in, out, Arrays.copyOf(values, in * out), Arrays.copyOfRange(values, in * out, values.length));
    }

    /** h = relu(1e30 x - 2e29), then relu(1e30 h), then [h + 1, -h]: 0 up to x = 1/5, and beyond any float behind it. */
    @ParameterizedTest
    @EnumSource(Method.class)
    void givenOverflowAtSomeImages_whenVerified_thenTheyAreUndecidedAndOthersUnharmed(Method method) {
        Graph net = Mlp.of(List.of(dense(1, 1, 1e30, -2e29), dense(1, 1, 1e30, 0), dense(1, 2, 1, -1, 1, 0)));
        float[] images = {1, 0, 0.5f, 0.05f, 1};
        List<Bounds> bounds = verify(method, net, images, new int[5]);
        for (int n : new int[] {0, 2, 4}) {
            assertFalse(bounds.get(n).certified() || bounds.get(n).certifiedByBox());
            assertArrayEquals(new float[] {-INF, -INF}, bounds.get(n).lower());
            assertArrayEquals(new float[] {INF, INF}, bounds.get(n).upper());
            assertArrayEquals(new float[] {0, -INF}, bounds.get(n).marginLower());
        }
        for (int n : new int[] {1, 3}) {
            assertTrue(bounds.get(n).certified() && bounds.get(n).certifiedByBox());
            assertArrayEquals(new float[] {1, 0}, bounds.get(n).lower(), 1e-6f);
            assertArrayEquals(new float[] {1, 0}, bounds.get(n).upper(), 1e-6f);
            assertEquals(verify(method, net, new float[] {images[n]}, new int[1]).get(0).toString(),
                    bounds.get(n).toString());
        }
    }

    /** A unit that overflows, and whose weight is 0 wherever it goes: nothing depends on it. */
    @ParameterizedTest
    @EnumSource(Method.class)
    void givenAnOverflowingUnitWithoutWeight_whenVerified_thenNothingDependsOnIt(Method method) {
        Graph shallow = Mlp.of(List.of(dense(3, 2, 3e38, 3e38, 0, 0, 0, 1, 0, 0), dense(2, 2, 0, 1, 0, 0, 1, 0)));
        Bounds bounds = verify(method, shallow, new float[] {1, 1, 1}, new int[1]).get(0);
        assertEquals(-1, bounds.cleanPrediction(), "0 times infinity in a float pass");
        assertArrayEquals(new float[] {1.9f, 0}, bounds.lower(), 1e-5f);
        assertArrayEquals(new float[] {2, 0}, bounds.upper(), 1e-5f);
        assertEquals(1.9f, bounds.marginLower()[1], 1e-5f);
        assertTrue(bounds.certified());

        Graph deep = Mlp.of(List.of(dense(3, 2, 3e38, 3e38, 0, 0, 0, 1, 0, 0), dense(2, 2, 0, 1, 0, -1, 0, 0.5),
                dense(2, 2, 1, 0, 0, 1, 1, 0)));
        Bounds behind = verify(method, deep, new float[] {1, 1, 1}, new int[1]).get(0);
        assertEquals(1.9f, behind.marginLower()[1], 1e-5f);
        assertTrue(behind.certified());
    }

    @ParameterizedTest
    @EnumSource(Method.class)
    void givenOverflowEverywhere_whenVerified_thenNothingIsCertified(Method method) {
        double[] large = new double[20];
        Arrays.fill(large, 0, 16, 3e38);
        Graph net = Mlp.of(List.of(dense(4, 4, large), dense(4, 4, large), dense(4, 2, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0)));
        for (int label : new int[] {0, 1}) {
            Bounds bounds = verify(method, net, new float[] {1, 1, 0.5f, 0}, new int[] {label}).get(0);
            assertFalse(bounds.certified());
            assertArrayEquals(new float[] {-INF, -INF}, bounds.lower());
            assertArrayEquals(new float[] {INF, INF}, bounds.upper());
        }
    }

    /** Widths keep their size from layer to layer in the network, and grow tenfold in an interval. */
    @Test
    void givenADeepNetwork_whenPropagated_thenItsBoundsOverflowAndNothingIsCertified() {
        SplittableRandom random = new SplittableRandom(2);
        Op.Dense[] layers = new Op.Dense[80];
        for (int k = 0; k < layers.length; ++k) {
            layers[k] = Mlp.dense(40, 40, RandomCase.values(random, 1600, -0.4, 0.4), new float[40]);
        }
        Bounds bounds = verify(Method.IBP, Mlp.of(List.of(layers)), RandomCase.values(random, 40, 0, 1), new int[1]).get(0);
        assertFalse(bounds.certified());
        assertTrue(bounds.cleanPrediction() >= 0, "the network itself is finite");
        assertEquals(-INF, bounds.lower()[0]);
    }

    /** {@code 1e8 h - 1e8 h + h} is h = 1 for real numbers, and 0 or 1 for floats: no contradiction to margins of 1/2. */
    @ParameterizedTest
    @EnumSource(Method.class)
    void givenAFloatPassThatCancels_whenItDisagrees_thenThatIsNoContradiction(Method method) {
        Graph net = Mlp.of(List.of(dense(1, 3, 0, 0, 0, 1, 1, 1), dense(3, 2, 1e8, 1, -1e8, 0, 0, 0, 0, 0.5)));
        Bounds bounds = verify(method, net, new float[] {1}, new int[1]).get(0);
        // Intervals of the units, which are 1, may be wide by rounding, and 1e8 times that is more than the margin.
        assertTrue(bounds.certified() || method == Method.IBP);
    }

    /** 153 / 255 - 1/2 is below 1/10, which is where this margin changes its sign; from the float it is above. */
    @ParameterizedTest
    @EnumSource(Method.class)
    void givenAByteWhoseFloatIsAboveIt_whenVerified_thenTheBallOfTheByteCounts(Method method) {
        Graph net = Mlp.of(List.of(dense(1, 2, 0x1p20, 0, -104857.609375, 0)));
        float[] image = {153 / 255f};
        assertTrue(verify(method, net, image, new int[1], Ball.aroundFloats(0.5)).get(0).certified());
        Ball ball = new Ball(Epsilon.parse("0.5"), Ball.Centre.BYTE);
        Bounds bounds = verify(method, net, image, new int[1], ball).get(0);
        assertFalse(bounds.certified());
        assertTrue(bounds.marginLower()[1] <= 0x1p20 / 10 - 104857.609375, "the margin at 1/10");
        assertTrue(verify(method, net, image, new int[1], new Ball(Epsilon.parse("0.4999999"), Ball.Centre.BYTE)).get(0)
                .certified());
    }

    /** Epsilon as typed: 8/255 is above the nearest double, and the margin is 0 there. */
    @Test
    void givenAFraction_whenVerified_thenItIsTheExactOne() {
        Graph net = Mlp.of(List.of(dense(1, 2, 1, 0, 0, 0)));
        float[] image = {8 / 255f};
        assertFalse(verify(Method.IBP, net, image, new int[1], new Ball(Epsilon.parse("8/255"), Ball.Centre.BYTE)).get(0)
                .certified(), "x - epsilon is 0, exactly");
        assertTrue(verify(Method.IBP, net, image, new int[1], new Ball(Epsilon.parse("7.99999/255"), Ball.Centre.BYTE))
                .get(0).certified());
    }

    /**
     * 5,000 classes and 100 hidden units: all pairs of classes would have 2.5 billion coefficients, more than an int can
     * count. With h = x in [1/4, 3/4] in all units, logit c is x + 100 c/8192 - [c > 0] 2, so the margins follow by hand.
     */
    @ParameterizedTest
    @EnumSource(Method.class)
    void givenManyClasses_whenVerified_thenMemoryGrowsWithTheMarginsAskedFor(Method method) {
        int classes = 5000;
        int units = 100;
        float[] ones = new float[units];
        Arrays.fill(ones, 1);
        float[] weight = new float[classes * units];
        float[] bias = new float[classes];
        for (int c = 0; c < classes; ++c) {
            weight[c * units + c % units] = 1;
            bias[c] = c == 7 ? 3 : c / 8192f;
        }
        Graph net = Mlp.of(List.of(Mlp.dense(1, units, ones, new float[units]),
                Mlp.dense(units, classes, weight, bias)));
        try (Plan plan = Plan.load(backend, net);
             Verifier verifier = BoundsFixture.verifier(plan, method, 1)) {
            Bounds bounds = verifier.verify(new float[] {0.5f}, new int[] {7}, 0.25).get(0);
            assertTrue(backend.liveBytes() < 64_000_000, backend.liveBytes() + " bytes for one image's margins");
            assertTrue(bounds.certified());
            for (int c : new int[] {0, 1, 6, 8, 107, 4999}) {
                // x - x in CROWN and within a unit, x - x' with an interval's width of 1/2 in IBP, at which a cascade stops.
                double width = c % units == 7 || method != Method.IBP && method != Method.CASCADE ? 0 : 0.5;
                double exact = 3 - c / 8192.0 - width;
                assertTrue(bounds.marginLower()[c] <= exact, "class " + c);
                assertEquals(exact, bounds.marginLower()[c], 1e-4, "class " + c);
            }
        }
    }
}
