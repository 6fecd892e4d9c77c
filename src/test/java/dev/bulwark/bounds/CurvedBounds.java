package dev.bulwark.bounds;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.bulwark.device.Activation;
import dev.bulwark.device.DeviceMemory;
import dev.bulwark.device.ReferenceLines;
import dev.bulwark.model.ExactGraph;
import dev.bulwark.model.Graph;
import dev.bulwark.model.Mlp;
import dev.bulwark.model.Op;
import dev.bulwark.model.RandomCurves;
import dev.bulwark.model.Tensor;
import dev.bulwark.plan.Plan;
import dev.bulwark.shapes.Shape;
import dev.bulwark.shapes.Windows;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Bounds of graphs with activations other than the ReLU and with maximum pooling, on one backend. */
abstract class CurvedBounds extends BoundsFixture {

    private static final int POINTS = 5;

    private static Box box(Graph graph, long seed, double width) {
        return box(graph, seed, 1, width);
    }

    private static BigDecimal[] point(Box box, SplittableRandom random) {
        BigDecimal[] point = new BigDecimal[box.size()];
        for (int i = 0; i < point.length; ++i) {
            point[i] = new BigDecimal(random.nextBoolean() ? box.lower(i) : box.upper(i));
        }
        return point;
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24})
    void givenAnyGraph_whenBounded_thenEveryMethodHoldsTheExactLogitsOfEveryPoint(long seed) {
        Graph graph = RandomCurves.of(seed);
        for (double width : new double[] {0, 0x1p-8, 0.25}) {
            Box box = box(graph, seed, width);
            SplittableRandom random = new SplittableRandom(seed);
            List<BigDecimal[]> exact = new ArrayList<>();
            for (int sample = 0; sample < (width == 0 ? 1 : POINTS); ++sample) {
                exact.add(ExactGraph.logits(graph, point(box, random)));
            }
            for (Method method : Method.values()) {
                Bounds bounds = verify(graph, box, method);
                for (BigDecimal[] logits : exact) {
                    for (int c = 0; c < logits.length; ++c) {
                        String name = method + ", width " + width + ", class " + c + ": " + logits[c].doubleValue();
                        assertTrue(new BigDecimal(bounds.lower()[c]).compareTo(logits[c]) <= 0, name);
                        assertTrue(new BigDecimal(bounds.upper()[c]).compareTo(logits[c]) >= 0, name);
                        assertTrue(new BigDecimal(bounds.marginLower()[c]).compareTo(logits[0].subtract(logits[c])) <= 0, name);
                        assertTrue(width > 0 || bounds.upper()[c] - bounds.lower()[c] < 1e-2, "of a point: " + bounds);
                    }
                }
            }
        }
    }

    @ParameterizedTest
    @EnumSource(Method.class)
    void givenAnySpecification_whenBounded_thenNoPointOfTheBoxIsBelow(Method method) {
        for (long seed = 31; seed <= 40; ++seed) {
            Graph graph = RandomCurves.of(seed);
            Box box = box(graph, seed, 0.0625);
            SplittableRandom random = new SplittableRandom(seed);
            Specification.Inequality inequality = new Specification.Inequality(
                    RandomCase.values(random, graph.classes(), -2, 2), (float) random.nextDouble());
            Specification specification = new Specification(graph.classes(),
                    List.of(new Specification.Clause(List.of(inequality))));
            try (Plan plan = Plan.load(backend, graph); Verifier verifier = verifier(plan, method)) {
                float lower = verifier.lowerBounds(box, specification)[0];
                for (int sample = 0; sample < POINTS; ++sample) {
                    BigDecimal[] logits = ExactGraph.logits(graph, point(box, random));
                    BigDecimal exact = new BigDecimal(inequality.constant());
                    for (int c = 0; c < logits.length; ++c) {
                        exact = exact.add(new BigDecimal(inequality.coefficients()[c]).multiply(logits[c]));
                    }
                    assertTrue(new BigDecimal(lower).compareTo(exact) <= 0, "seed " + seed);
                }
            }
        }
    }

    // ---- how tight -------------------------------------------------------------------------------------------------

    private static final int IN = 3;
    private static final int HIDDEN = 6;

    static Stream<Op> curves() {
        return Stream.of(new Op.LeakyRelu(0.2f), new Op.Clip(-0.5f, 0.75f), new Op.Sigmoid(), new Op.Tanh());
    }

    private static Activation function(Op op) {
        return op instanceof Op.LeakyRelu leaky ? new Activation.LeakyRelu(leaky.slope())
                : op instanceof Op.Clip clip ? new Activation.Clip(clip.low(), clip.high())
                : op instanceof Op.Sigmoid ? new Activation.Sigmoid() : new Activation.Tanh();
    }

    /** Two layers with a curve between them: the published margin in double, from the published lines. */
    @ParameterizedTest
    @MethodSource("curves")
    void givenOneHiddenLayer_whenBoundedByCrown_thenMarginsAreThoseOfThePublishedLines(Op curve) {
        ReferenceLines lines = ReferenceLines.of(function(curve));
        for (long seed = 0; seed < 60; ++seed) {
            SplittableRandom random = new SplittableRandom(seed);
            Op.Dense first = Mlp.dense(IN, HIDDEN, Mlp.values(random, IN * HIDDEN, -2, 2), Mlp.values(random, HIDDEN, -1, 1));
            Op.Dense last = Mlp.dense(HIDDEN, 2, Mlp.values(random, HIDDEN * 2, -2, 2), Mlp.values(random, 2, -1, 1));
            Graph graph = Graph.sequence(Shape.of(IN), List.of(first, curve, last));
            Box box = box(graph, seed, 0.25);
            double[] form = new double[IN];
            double constant = last.bias().at(0) - (double) last.bias().at(1);
            double room = 0;
            for (int j = 0; j < HIDDEN; ++j) {
                double a = last.weight().at(j) - (double) last.weight().at(HIDDEN + j);
                double l = first.bias().at(j);
                double u = l;
                for (int i = 0; i < IN; ++i) {
                    double w = first.weight().at(j * IN + i);
                    l += Math.min(w * box.lower(i), w * box.upper(i));
                    u += Math.max(w * box.lower(i), w * box.upper(i));
                }
                double[] line = a > 0 ? lines.below(l, u) : lines.above(l, u);
                constant += a * (line[0] * first.bias().at(j) + line[1]);
                for (int i = 0; i < IN; ++i) {
                    form[i] += a * line[0] * first.weight().at(j * IN + i);
                }
                room += Math.abs(a) * (lines.at(u) - lines.at(l));
            }
            double published = constant;
            for (int i = 0; i < IN; ++i) {
                published += Math.min(form[i] * box.lower(i), form[i] * box.upper(i));
            }
            double tolerance = 1e-3 * room + 1e-5;
            Bounds bounds = verify(graph, box, Method.CROWN);
            double best = Math.max(published, verify(graph, box, Method.IBP).marginLower()[1]);
            assertTrue(bounds.marginLower()[1] >= best - tolerance, "seed " + seed + ": " + bounds.marginLower()[1] + ", " + best);
            assertTrue(bounds.marginLower()[1] <= best + tolerance
                    || bounds.marginLower()[1] <= Bounds.subtractDown(bounds.lower()[0], bounds.upper()[1]), "seed " + seed);
        }
    }

    /** Pools [0, 1] and [2, 3], of which the second is always the larger; beside it goes the second less a half. */
    @Test
    void givenAWindowWhoseLargestIsKnown_whenBoundedByCrown_thenItIsThatElementExactly() {
        Graph.Builder builder = new Graph.Builder(Shape.of(1, 1, 2));
        Windows both = new Windows(new Windows.Axis(1, 1, 0, 0, 1), new Windows.Axis(2, 1, 0, 0, 1));
        int pool = builder.add(new Op.Flatten(), builder.add(new Op.MaxPool2d(both), Graph.Builder.INPUT));
        int first = builder.add(new Op.Dense(Tensor.of(Shape.of(2, 1), 1, 0), Tensor.zeros(2)), pool);
        int flat = builder.add(new Op.Flatten(), Graph.Builder.INPUT);
        int second = builder.add(new Op.Dense(Tensor.of(Shape.of(2, 2), 0, 0, 0, 1), Tensor.vector(0, -0.5f)), flat);
        builder.add(new Op.Add(), first, second);
        Box box = new Box(new float[] {0, 2}, new float[] {1, 3});
        Bounds bounds = verify(builder.build(), box, Method.CROWN);
        assertEquals(0.5, bounds.marginLower()[1], 1e-5);
        assertTrue(verify(builder.build(), box, Method.IBP).marginLower()[1] < 0);
    }

    /** CROWN must give more than intervals: where boxes are small, forms keep what cancels, and boxes don't. */
    @Test
    void givenSmallBoxes_whenBounded_thenCrownIsMuchTighterThanIntervals() {
        double crown = 0;
        double intervals = 0;
        for (long seed = 1; seed <= 24; ++seed) {
            Graph graph = RandomCurves.of(seed);
            Box box = box(graph, seed, 0x1p-6);
            Bounds found = verify(graph, box, Method.CROWN);
            Bounds propagated = verify(graph, box, Method.IBP);
            for (int c = 0; c < graph.classes(); ++c) {
                crown += found.upper()[c] - found.lower()[c];
                intervals += propagated.upper()[c] - propagated.lower()[c];
            }
        }
        assertTrue(crown < 0.7 * intervals, crown + " of " + intervals);
    }

    // ---- what is unknown -------------------------------------------------------------------------------------------

    /** The hidden values exceed the largest float; a sigmoid of them is still between 0 and 1. */
    @ParameterizedTest
    @EnumSource(Method.class)
    void givenHiddenValuesBeyondFloats_whenBounded_thenTheFunctionsBoundsRemain(Method method) {
        for (Op curve : List.of(new Op.Sigmoid(), new Op.Tanh(), new Op.Clip(-1, 1))) {
            Graph graph = Graph.sequence(Shape.of(1), List.of(
                    Mlp.dense(1, 1, new float[] {3e38f}, new float[1]), Mlp.dense(1, 1, new float[] {3e38f}, new float[1]), curve,
                    Mlp.dense(1, 2, new float[] {1, 0}, new float[] {2.5f, 1})));
            Bounds bounds = verify(graph, new Box(new float[] {-1}, new float[] {1}), method);
            float least = curve instanceof Op.Sigmoid ? 0 : -1;
            assertEquals(2.5 + least, bounds.lower()[0], 1e-5);
            assertEquals(3.5, bounds.upper()[0], 1e-5);
            assertEquals(1.5 + least, bounds.marginLower()[1], 1e-5);
            assertTrue(bounds.certified());
        }
    }

    // ---- slopes ----------------------------------------------------------------------------------------------------

    /** A bound is piecewise linear in each slope: where it has no kink in reach, a difference quotient is its derivative. */
    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16})
    void givenSlopesOfAnyGraph_whenDifferentiated_thenDifferenceQuotientsAgree(long seed) {
        Graph graph = RandomCurves.of(seed);
        Box box = box(graph, seed, 0.25);
        try (Plan plan = Plan.load(backend, graph); DeviceMemory memory = new DeviceMemory(backend)) {
            CrownPass pass = new CrownPass(memory, plan, 1, 100, new Crown.Settings(Crown.Units.CROWN, false, 0));
            pass.relax(new int[] {0}, InputRegion.box(backend, box));
            AlphaOptimisation optimisation = new AlphaOptimisation(memory, plan, pass, pass.marginForms(), 1);
            optimisation.start(new FormRows(new int[] {0}, new int[] {1}));
            List<Integer> free = plan.steps().subList(0, CrownPass.margin(plan)).stream().map(step -> step.to())
                    .filter(pass.relaxed()::hasFreeSlopes).toList();
            free.forEach(to -> fillOpen(optimisation, pass, to, plan.size(to), 0.75f));
            float bound = optimisation.minima()[0];
            optimisation.differentiate();
            for (int to : free) {
                float[] gradient = host(optimisation.gradients(to), plan.size(to));
                float[] open = host(pass.relaxed().lines(to).relaxation().upperIntercept(), plan.size(to));
                for (int j = 0; j < gradient.length; ++j) {
                    if (!(open[j] > 0)) {
                        assertEquals(0, gradient[j]);
                        continue;
                    }
                    double up = moved(optimisation, to, gradient.length, j, 0.0625f) - bound;
                    double down = bound - moved(optimisation, to, gradient.length, j, -0.0625f);
                    double rounding = 1e-4 * (1 + Math.abs(bound));
                    if (Math.abs(up - down) < rounding) {
                        assertEquals(up / 0.0625, -gradient[j], 3 * rounding / 0.0625, "unit " + j + " of value " + to);
                    }
                }
            }
        }
    }

    private void fillOpen(AlphaOptimisation optimisation, CrownPass pass, int to, int units, float slope) {
        float[] slopes = host(optimisation.of(to), units);
        float[] open = host(pass.relaxed().lines(to).relaxation().upperIntercept(), units);
        for (int j = 0; j < units; ++j) {
            slopes[j] = open[j] > 0 ? slope : slopes[j];
        }
        backend.write(slopes, optimisation.of(to));
    }

    /**
     * y = leaky(z) - z/2 on [-1, 1], with slope 0.2: the slope 1/2 below makes it 0 + at least nothing, CROWN's own does
     * not.
     */
    @Test
    void givenALeakyRelu_whenSlopesAreOptimised_thenTheyFindTheBestBetweenItsOwnAndOne() {
        Graph.Builder builder = new Graph.Builder(Shape.of(1));
        int leaky = builder.add(new Op.LeakyRelu(0.2f), Graph.Builder.INPUT);
        int back = builder.add(new Op.Dense(Tensor.of(Shape.of(1, 1), -0.5f), Tensor.zeros(1)), Graph.Builder.INPUT);
        builder.add(new Op.Dense(Tensor.of(Shape.of(2, 1), 1, 0), Tensor.zeros(2)), builder.add(new Op.Add(), leaky, back));
        Box box = new Box(new float[] {-1}, new float[] {1});
        assertTrue(verify(builder.build(), box, Method.CROWN).marginLower()[1] < -0.25);
        float optimised = verify(builder.build(), box, Method.ALPHA_CROWN).marginLower()[1];
        assertTrue(optimised > -0.25 && optimised <= 0, "found " + optimised);
    }

    // ---- the real network ------------------------------------------------------------------------------------------

    @Test
    void givenAnyGraph_whenAskedForTheRealNetwork_thenItIsTheExactOneAndFloatsAreNear() {
        for (long seed = 1; seed <= 30; ++seed) {
            Graph graph = RandomCurves.of(seed);
            float[] point = box(graph, seed, 0).lower();
            requireTheRealNetwork(graph, point, 1e-2, "seed " + seed);
        }
    }
}
