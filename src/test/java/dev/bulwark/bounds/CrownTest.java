package dev.bulwark.bounds;

import dev.bulwark.model.Graph;
import dev.bulwark.model.Mlp;
import dev.bulwark.model.Op;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.bulwark.device.Backend;
import dev.bulwark.device.DeviceMemory;
import dev.bulwark.device.cpu.CpuBackend;
import dev.bulwark.plan.Plan;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Networks that can be bounded by hand, or exactly. {@link CudaCrownTest} repeats it. */
class CrownTest {

    /** What is promised of two products and their sums, on numbers of a few units. */
    private static final float ROUNDING = 2e-5f;

    private static final float[] IMAGE = {0.25f, 0.5f};

    /** Around {@link #IMAGE}, every side of another length. */
    private static final Box ASYMMETRIC = new Box(new float[] {0.125f, 0.5f}, new float[] {0.5f, 0.75f});

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

    /**
     * h0 = relu(x0 - x1 + 1/2), h1 = relu(-2 x0 + x1 + 1/4), and logit0 - logit1 = h0 + 2 h1 + lead, as in {@link IbpTest}.
     */
    private static Graph twoNeurons(float lead) {
        return Mlp.of(List.of(
                Mlp.dense(2, 2, new float[] {1, -1, -2, 1}, new float[] {0.5f, 0.25f}),
                Mlp.dense(2, 2, new float[] {2, -1, 1, -3}, new float[] {lead, 0})));
    }

    @Test
    @Timeout(60)
    void givenTheTimeIsUp_whenSlopesHaveMoreStepsThanAnyoneWaitsFor_thenBoundsAreNoWorseThanCrowns() {
        Box box = new Box(new float[] {0, 0}, new float[] {1, 1});
        Bounds crowns = verify(twoNeurons(-0.25f), box, IMAGE, 0, 0);
        try (Plan plan = Plan.load(backend, twoNeurons(-0.25f)); Crown crown = new Crown(plan, Integer.MAX_VALUE - 1)) {
            crown.endWhen(() -> true);
            Bounds bounds = crown.verify(box, IMAGE, 0);
            assertTrue(bounds.marginLower()[1] >= crowns.marginLower()[1] && bounds.marginLower()[1] < 0,
                    Arrays.toString(bounds.marginLower()));
        }
    }

    private Bounds verify(Graph net, Box box, float[] image, int label, int steps) {
        try (Plan plan = Plan.load(backend, net);
             Crown crown = new Crown(plan, steps)) {
            return crown.verify(box, image, label);
        }
    }

    private List<Bounds> verify(Graph net, float[] images, int[] labels, double epsilon, int steps) {
        try (Plan plan = Plan.load(backend, net);
             Crown crown = new Crown(plan, steps)) {
            return crown.verify(images, labels, epsilon);
        }
    }

    // ---- by hand ---------------------------------------------------------------------------------------------------------

    /** z0 in [-1/8, 1/2], z1 in [-1/4, 3/4], both mostly positive: slopes below are 1, above 4/5 and 3/4. */
    @Test
    void givenAsymmetricBox_whenVerified_thenMarginsAreThoseByHand() {
        // z0 + 2 z1 + 1 = -3 x0 + x1 + 2, least at (1/2, 1/2).
        assertArrayEquals(new float[] {0, 1}, verify(twoNeurons(1), ASYMMETRIC, IMAGE, 0, 0).marginLower(), ROUNDING);
        // -4/5 (z0 + 1/8) - 2 3/4 (z1 + 1/4) - 1 = 2.2 x0 - 0.7 x1 - 2.25, least at (1/8, 3/4); intervals give -3.
        assertArrayEquals(new float[] {-2.5f, 0}, verify(twoNeurons(1), ASYMMETRIC, IMAGE, 1, 0).marginLower(), ROUNDING);
    }

    @Test
    void givenAsymmetricBox_whenVerified_thenLogitsAreThoseByHandWhereTheyBeatIntervals() {
        Bounds bounds = verify(twoNeurons(1), ASYMMETRIC, IMAGE, 0, 0);
        // logit0 = 2 h0 - h1 + 1 > 2 z0 - 3/4 (z1 + 1/4) + 1 = 3.5 x0 - 2.75 x1 + 1.625, at (1/8, 3/4): 0; intervals 1/4.
        // logit1 = h0 - 3 h1 > z0 - 9/4 (z1 + 1/4) = 5.5 x0 - 3.25 x1 - 0.625, at (1/8, 3/4): -2.375; intervals -2.25.
        assertArrayEquals(new float[] {0.25f, -2.25f}, bounds.lower(), ROUNDING);
        // logit0 < 8/5 (z0 + 1/8) - z1 + 1 = 3.6 x0 - 2.6 x1 + 1.75, at (1/2, 1/2): 2.25; intervals 2.
        // logit1 < 4/5 (z0 + 1/8) - 3 z1 = 6.8 x0 - 3.8 x1 - 0.25, at (1/2, 1/2): 1.25; intervals 1/2.
        assertArrayEquals(new float[] {2, 0.5f}, bounds.upper(), ROUNDING);
    }

    /** With slope 1 for z0 and s for z1 the margin is least 1 + 1/4 + lead for every s in [1/4, 1/2], and nowhere more. */
    @Test
    void givenSlopesThatMatter_whenOptimised_thenTheyReachTheBestOnesByHand() {
        assertEquals(-0.375f, verify(twoNeurons(-0.375f), ASYMMETRIC, IMAGE, 0, 0).marginLower()[1], ROUNDING);
        float best = verify(twoNeurons(-0.375f), ASYMMETRIC, IMAGE, 0, 20).marginLower()[1];
        assertEquals(-0.125f, best, 0.01f);
        assertTrue(best <= -0.125f, "no slopes give more: " + best);
    }

    @Test
    void givenAMarginThatOnlyOtherSlopesShow_whenVerified_thenAlphaCrownAloneCertifies() {
        assertFalse(verify(twoNeurons(-0.125f), ASYMMETRIC, IMAGE, 0, 0).certified());
        assertTrue(verify(twoNeurons(-0.125f), ASYMMETRIC, IMAGE, 0, 20).certified());
    }

    @Test
    void givenSingleLayer_whenVerified_thenMarginIsItsWorstCase() {
        Graph linear = Mlp.of(List.of(Mlp.dense(2, 2, new float[] {1, -1, -2, 2}, new float[] {0, 1})));
        // logit0 - logit1 = 3 x0 - 3 x1 - 1, at [5/8, 7/8] x [1/8, 3/8].
        for (int steps : new int[] {0, 5}) {
            Bounds bounds = verify(linear, new float[] {0.75f, 0.25f}, new int[] {0}, 0.125, steps).get(0);
            assertArrayEquals(new float[] {0, -0.25f}, bounds.marginLower(), 1e-6f);
        }
    }

    /** Units that never switch make a network affine: CROWN is exact, however wide the box, and intervals are not. */
    @Test
    void givenUnitsOfKnownSign_whenVerified_thenMarginIsThatOfTheAffineMap() {
        Graph affine = Mlp.of(List.of(
                Mlp.dense(2, 3, new float[] {1, -1, -1, 1, 1, 1}, new float[] {2, 2, -3}),
                Mlp.dense(3, 2, new float[] {1, 1, 9, -1, 2, 9}, new float[] {4, 4}),
                Mlp.dense(2, 2, new float[] {1, 1, 0, 0.5f}, new float[] {0, 6.5f})));
        // h = (x0 - x1 + 2, -x0 + x1 + 2, 0), then (8, -3 x0 + 3 x1 + 6); margin 8 - 6.5 + 1/2 (6 - 3 x0 + 3 x1).
        Box unit = new Box(new float[] {0, 0}, new float[] {1, 1});
        Bounds bounds = verify(affine, unit, IMAGE, 0, 0);
        assertEquals(3, bounds.marginLower()[1], 1e-4f);
        assertTrue(bounds.certified());
    }

    // ---- against exact minima ----------------------------------------------------------------------------------------

    /**
     * One hidden layer over a rectangle: the margin is affine between the lines where units switch, so its least value
     * lies at a corner of the rectangle, where such a line meets its edge, or where two lines meet.
     */
    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10})
    void givenTwoInputs_whenVerified_thenNoBoundIsAboveTheExactMinimum(long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        int units = random.nextInt(2, 9);
        Op.Dense first = Mlp.dense(2, units, RandomCase.values(random, 2 * units, -1, 1), RandomCase.values(random, units, -1, 1));
        Op.Dense last = Mlp.dense(units, 2, RandomCase.values(random, 2 * units, -1, 1), new float[] {0.25f, 0});
        double published = new ReferenceCrown(Mlp.of(List.of(first, last)), ASYMMETRIC).margin(0, 1,
                (layer, unit) -> 0.5);
        double exact = leastMargin(first, last);
        assertTrue(published <= exact + 1e-12, "the reference itself");
        for (int steps : new int[] {0, 10}) {
            float margin = verify(Mlp.of(List.of(first, last)), ASYMMETRIC, IMAGE, 0, steps).marginLower()[1];
            assertTrue(margin <= exact + 1e-12, margin + " is above " + exact);
            assertTrue(margin > exact - 2, "within sight of it: " + margin + " for " + exact);
        }
    }

    private static double leastMargin(Op.Dense first, Op.Dense last) {
        // Lines a x0 + b x1 = c: the box's edges, then where units switch.
        double[][] lines = new double[4 + first.out()][];
        lines[0] = new double[] {1, 0, 0.125};
        lines[1] = new double[] {1, 0, 0.5};
        lines[2] = new double[] {0, 1, 0.5};
        lines[3] = new double[] {0, 1, 0.75};
        for (int j = 0; j < first.out(); ++j) {
            lines[4 + j] = new double[] {first.weight().toArray()[2 * j], first.weight().toArray()[2 * j + 1], -first.bias().toArray()[j]};
        }
        double least = Double.POSITIVE_INFINITY;
        for (double[] p : lines) {
            for (double[] q : lines) {
                double determinant = p[0] * q[1] - p[1] * q[0];
                double x0 = (p[2] * q[1] - p[1] * q[2]) / determinant;
                double x1 = (p[0] * q[2] - p[2] * q[0]) / determinant;
                double rounding = 1e-12;
                if (x0 >= 0.125 - rounding && x0 <= 0.5 + rounding && x1 >= 0.5 - rounding && x1 <= 0.75 + rounding) {
                    least = Math.min(least, margin(first, last, x0, x1));
                }
            }
        }
        return least;
    }

    private static double margin(Op.Dense first, Op.Dense last, double x0, double x1) {
        double margin = (double) last.bias().toArray()[0] - last.bias().toArray()[1];
        for (int j = 0; j < first.out(); ++j) {
            double h = Math.max(0, first.weight().toArray()[2 * j] * x0 + first.weight().toArray()[2 * j + 1] * x1 + first.bias().toArray()[j]);
            margin += h * ((double) last.weight().toArray()[j] - last.weight().toArray()[first.out() + j]);
        }
        return margin;
    }

    // ---- rounding ----------------------------------------------------------------------------------------------------

    /**
     * logit0 - logit1 = -2^24 h0 - h1 - .. - h8 + 2^24 h9 + 1/2 with every h = x: -8 x + 1/2, which is negative at 1. A
     * float sum of the coefficients loses the eight ones to -2^24, of which each is half a unit in the last place.
     */
    @Test
    void givenCoefficientsThatCancelInFloat_whenVerified_thenTheFloatsMistakeIsNotCertified() {
        float[] ones = new float[10];
        Arrays.fill(ones, 1);
        float[] weight = new float[20];
        Arrays.fill(weight, 0, 10, -1);
        weight[0] = -0x1p24f;
        weight[9] = 0x1p24f;
        Graph net = Mlp.of(List.of(Mlp.dense(1, 10, ones, new float[10]), Mlp.dense(10, 2, weight, new float[] {0.5f, 0})));

        float naive = 0;
        for (int j = 0; j < 10; ++j) {
            naive += weight[j] * ones[j];
        }
        assertTrue(naive * 1 + 0.5f > 0, "floats would certify: the whole coefficient is " + naive);

        float[] zero = {0};
        for (int steps : new int[] {0, 20}) {
            Bounds bounds = verify(net, new Box(zero, new float[] {1}), zero, 0, steps);
            assertTrue(bounds.marginLower()[1] <= -7.5f, "the margin at 1: " + bounds);
            assertFalse(bounds.certified());
        }
    }

    /** Products beyond the largest float on the way back; the network's own values stay finite. */
    @Test
    void givenOverflowOnTheWayBack_whenVerified_thenNothingIsCertifiedFromIt() {
        Graph net = Mlp.of(List.of(
                Mlp.dense(1, 2, new float[] {1e-20f, -1e-20f}, new float[] {0, 1e-20f}),
                Mlp.dense(2, 2, new float[] {1e30f, -1e30f, 1e30f, 1e30f}, new float[] {0, -1e9f}),
                Mlp.dense(2, 2, new float[] {1e25f, 1e25f, 0, 0}, new float[] {-1, 0})));
        Bounds bounds = verify(net, new Box(new float[] {0}, new float[] {1}), new float[] {0.1f}, 0, 5);
        assertFalse(bounds.certified(), "at 0.1 both units of the second layer are off: " + bounds);
    }

    // ---- slopes ------------------------------------------------------------------------------------------------------

    /** Values of a plan of three dense layers that its ReLUs make. */
    private static final int[] RELUS = {2, 4};

    /** The derivative on the device against central differences of the published formula in double. */
    @ParameterizedTest
    @ValueSource(longs = {11, 12, 13, 14})
    void givenSlopes_whenDifferentiated_thenCentralDifferencesAgree(long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        Graph net = Mlp.of(List.of(
                Mlp.dense(4, 9, RandomCase.values(random, 36, -1, 1), RandomCase.values(random, 9, -0.5, 0.5)),
                Mlp.dense(9, 7, RandomCase.values(random, 63, -1, 1), RandomCase.values(random, 7, -0.5, 0.5)),
                Mlp.dense(7, 3, RandomCase.values(random, 21, -1, 1), RandomCase.values(random, 3, -0.5, 0.5))));
        float[] low = RandomCase.values(random, 4, 0, 0.5);
        float[] high = RandomCase.values(random, 4, 0.5, 1);
        ReferenceCrown reference = new ReferenceCrown(net, new Box(low, high));
        float[][] slopes = {RandomCase.values(random, 9, 0.1, 0.9), RandomCase.values(random, 7, 0.1, 0.9)};
        try (Plan plan = Plan.load(backend, net); DeviceMemory memory = new DeviceMemory(backend)) {
            CrownPass pass = new CrownPass(memory, plan, 1, 100, new Crown.Settings(Crown.Units.CROWN, false, 0));
            pass.relax(new int[] {1}, InputRegion.box(backend, new Box(low, high)));
            AlphaOptimisation optimisation = new AlphaOptimisation(memory, plan, pass, pass.marginForms(), 1);
            optimisation.start(new FormRows(new int[] {0}, new int[] {2})); // logit 1 - logit 2
            for (int k = 0; k < 2; ++k) {
                for (int j = 0; j < slopes[k].length; ++j) { // where the sign is known, the slope is not free
                    slopes[k][j] = reference.open(k, j) ? slopes[k][j] : (float) reference.adaptive(k, j);
                }
                backend.write(slopes[k], optimisation.of(RELUS[k]));
            }
            float bound = optimisation.minima()[0];
            assertEquals(reference.margin(1, 2, (layer, unit) -> slopes[layer][unit]), bound, 1e-4);
            optimisation.differentiate();
            for (int k = 0; k < 2; ++k) {
                float[] gradient = new float[slopes[k].length];
                backend.read(optimisation.gradients(RELUS[k]), gradient);
                for (int j = 0; j < gradient.length; ++j) {
                    double expected = reference.open(k, j) ? derivative(reference, slopes, k, j) : 0;
                    // Float boxes make float lines: some units in the last place of products of a few units each.
                    assertEquals(expected, -gradient[j], 1e-4, "slope " + j + " of layer " + k);
                }
            }
        }
    }

    /** Alpha-CROWN in full against the published formula in double, with the slopes that it says it took. */
    @ParameterizedTest
    @ValueSource(longs = {21, 22, 23, 24})
    void givenSlopesOfUnitsAndMargins_whenRecorded_thenTheFormulaProvesTheSameBounds(long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        Graph net = Mlp.of(List.of(
                Mlp.dense(4, 9, RandomCase.values(random, 36, -1, 1), RandomCase.values(random, 9, -0.5, 0.5)),
                Mlp.dense(9, 7, RandomCase.values(random, 63, -1, 1), RandomCase.values(random, 7, -0.5, 0.5)),
                Mlp.dense(7, 3, RandomCase.values(random, 21, -1, 1), RandomCase.values(random, 3, -0.5, 0.5))));
        Box box = new Box(RandomCase.values(random, 4, 0, 0.5), RandomCase.values(random, 4, 0.5, 1));
        ReferenceCrown reference = new ReferenceCrown(net, box);
        Map<Integer, Float> sides = new HashMap<>();
        Map<Integer, Double> ofFormula = new HashMap<>();
        try (Plan plan = Plan.load(backend, net); DeviceMemory memory = new DeviceMemory(backend)) {
            CrownPass pass = new CrownPass(memory, plan, 1, 100, new Crown.Settings(Crown.Units.CROWN, false, 0));
            HostBoxes found = new HostBoxes(plan, 1);
            pass.relax(new int[] {1}, InputRegion.box(backend, box), found);
            pass.recordTo((value, owner, form, bound, slopes) -> {
                assertEquals(3, value);
                assertTrue(bound > sides.getOrDefault(form, Float.NEGATIVE_INFINITY));
                sides.put(form, bound);
                ofFormula.put(form, reference.side(1, form, (layer, unit) -> slopes[unit]));
            });
            pass.optimiseUnits(10, found);
            assertFalse(sides.isEmpty());
            sides.forEach((form, bound) -> {
                assertEquals(ofFormula.get(form), bound, 1e-4, "side " + form);
                assertTrue(bound >= reference.side(1, form, reference::adaptive) - 1e-4);
            });
            sides.forEach((form, bound) -> reference.take(1, form, bound));
            AlphaOptimisation optimisation = new AlphaOptimisation(memory, plan, pass, pass.marginForms(), 1);
            float[] last = new float[2];
            optimisation.recordTo(5, (value, owner, form, bound, slopes) -> {
                last[0] = bound;
                last[1] = (float) reference.margin(1, form, (layer, unit) -> slopes[9 * layer + unit]);
            });
            float margin = optimisation.lowerBounds(new FormRows(new int[] {0}, new int[] {2}), 10, Float.POSITIVE_INFINITY)[0];
            assertEquals(margin, last[0]);
            assertEquals(last[1], margin, 1e-4);
        }
    }

    private static double derivative(ReferenceCrown reference, float[][] slopes, int layer, int unit) {
        double step = 1e-6;
        double[] sides = new double[2];
        for (int side = 0; side < 2; ++side) {
            double moved = slopes[layer][unit] + (2 * side - 1) * step;
            sides[side] = reference.margin(1, 2, (k, j) -> k == layer && j == unit ? moved : slopes[k][j]);
        }
        return (sides[1] - sides[0]) / (2 * step);
    }

    // ---- batches and arguments ---------------------------------------------------------------------------------------

    @Test
    void boundsDoNotDependOnBatchOrCompany() {
        SplittableRandom random = new SplittableRandom(8);
        float[] images = RandomCase.values(random, 300 * 2, 0, 1);
        int[] labels = random.ints(300, 0, 2).toArray();
        List<Bounds> together = verify(twoNeurons(-0.25f), images, labels, 0.1, 3);
        assertEquals(300, together.size());
        for (int n : new int[] {0, 127, 128, 299}) {
            float[] image = Arrays.copyOfRange(images, 2 * n, 2 * n + 2);
            Bounds alone = verify(twoNeurons(-0.25f), image, new int[] {labels[n]}, 0.1, 3).get(0);
            assertEquals(labels[n], together.get(n).label());
            assertArrayEquals(alone.lower(), together.get(n).lower(), ROUNDING);
            assertArrayEquals(alone.upper(), together.get(n).upper(), ROUNDING);
            // Slopes stop climbing when all margins that climb together are positive.
            assertEquals(alone.certified(), together.get(n).certified());
        }
    }

    @Test
    void givenFewerImagesThanBefore_whenVerifiedAgain_thenTheSameMemoryHoldsThem() {
        float[] images = {0.75f, 0.25f, 0.1f, 0.9f, 0.5f, 0.5f};
        try (Plan plan = Plan.load(backend, twoNeurons(-0.25f));
             Crown crown = new Crown(plan, 3)) {
            crown.verify(images, new int[] {0, 1, 0}, 0.1);
            long live = backend.liveBytes();
            float[] two = Arrays.copyOfRange(images, 2, 6);
            List<Bounds> again = crown.verify(two, new int[] {1, 0}, 0.1);
            assertEquals(live, backend.liveBytes());
            List<Bounds> fresh = verify(twoNeurons(-0.25f), two, new int[] {1, 0}, 0.1, 3);
            for (int n = 0; n < 2; ++n) {
                assertEquals(fresh.get(n).toString(), again.get(n).toString());
                assertArrayEquals(fresh.get(n).marginLower(), again.get(n).marginLower());
            }
        }
    }

    @Test
    void givenNoImages_whenVerified_thenNoBounds() {
        assertEquals(List.of(), verify(twoNeurons(1), new float[0], new int[0], 0.1, 3));
    }

    @Test
    void givenStepsBelowZero_whenMade_thenNamesThem() {
        Exception refusal = assertThrows(IllegalArgumentException.class, () -> verify(twoNeurons(1), ASYMMETRIC, IMAGE, 0, -1));
        assertEquals("steps must not be negative: -1", refusal.getMessage());
    }

    @Test
    void givenEpsilonThatIsNoDistance_whenVerified_thenNamesIt() {
        Exception refusal = assertThrows(IllegalArgumentException.class,
                () -> verify(twoNeurons(1), IMAGE, new int[] {0}, Double.NaN, 0));
        assertEquals("epsilon must be finite and not negative: NaN", refusal.getMessage());
    }
}
