package dev.bulwark.bounds;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.bulwark.data.Ball;
import dev.bulwark.data.Epsilon;
import dev.bulwark.data.Norm;
import dev.bulwark.device.DeviceMemory;
import dev.bulwark.model.ExactGraph;
import dev.bulwark.model.Graph;
import dev.bulwark.model.Op;
import dev.bulwark.model.RandomGraph;
import dev.bulwark.model.Tensor;
import dev.bulwark.plan.Plan;
import dev.bulwark.plan.Step;
import dev.bulwark.shapes.Shape;
import dev.bulwark.shapes.Windows;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Bounds of graphs of any shape on one backend: convolutions, residual additions, ReLUs anywhere. */
abstract class GraphBounds extends BoundsFixture {

    private static Box box(Graph graph, long seed, double width) {
        return box(graph, seed, 0.5, width);
    }

    private static BigDecimal[] point(Box box, SplittableRandom random, boolean corner) {
        BigDecimal[] point = new BigDecimal[box.size()];
        for (int i = 0; i < point.length; ++i) {
            float share = corner ? random.nextInt(2) : random.nextInt(257) / 256f;
            point[i] = new BigDecimal(box.lower(i)).add(new BigDecimal(share)
                    .multiply(new BigDecimal(box.upper(i)).subtract(new BigDecimal(box.lower(i)))));
        }
        return point;
    }

    @ParameterizedTest
    @EnumSource(Method.class)
    void givenAnyGraph_whenBounded_thenNoPointOfTheBoxLeavesTheBounds(Method method) {
        for (long seed = 1; seed <= 25; ++seed) {
            Graph graph = RandomGraph.of(seed);
            Box box = box(graph, seed, 0.125);
            Bounds bounds = verify(graph, box, method);
            SplittableRandom random = new SplittableRandom(seed);
            for (int sample = 0; sample < 10; ++sample) {
                BigDecimal[] logits = ExactGraph.logits(graph, point(box, random, sample < 6));
                for (int c = 0; c < logits.length; ++c) {
                    String name = "seed " + seed + ", class " + c + ": " + logits[c];
                    assertTrue(new BigDecimal(bounds.lower()[c]).compareTo(logits[c]) <= 0, name);
                    assertTrue(new BigDecimal(bounds.upper()[c]).compareTo(logits[c]) >= 0, name);
                    assertTrue(new BigDecimal(bounds.marginLower()[c]).compareTo(logits[0].subtract(logits[c])) <= 0, name);
                }
            }
        }
    }

    /** Any inequalities in the logits: no point of the box is below their bounds, and those of margins are margins'. */
    @ParameterizedTest
    @EnumSource(Method.class)
    void givenAnySpecification_whenBounded_thenNoPointOfTheBoxIsBelow(Method method) {
        for (long seed = 1; seed <= 20; ++seed) {
            Graph graph = RandomGraph.of(seed);
            Box box = box(graph, seed, 0.0625);
            SplittableRandom random = new SplittableRandom(seed);
            List<Specification.Inequality> inequalities = new ArrayList<>();
            for (int k = 0; k < 3; ++k) {
                inequalities.add(new Specification.Inequality(RandomCase.values(random, graph.classes(), -2, 2),
                        (float) random.nextDouble()));
            }
            Specification specification = new Specification(graph.classes(),
                    List.of(new Specification.Clause(inequalities.subList(0, 1)),
                            new Specification.Clause(inequalities.subList(1, 3))));
            try (Plan plan = Plan.load(backend, graph); Verifier verifier = verifier(plan, method)) {
                float[] lower = verifier.lowerBounds(box, specification);
                Verdict verdict = verifier.verify(box, specification);
                for (int sample = 0; sample < 8; ++sample) {
                    BigDecimal[] logits = ExactGraph.logits(graph, point(box, random, sample < 5));
                    boolean[] holds = new boolean[3];
                    for (int k = 0; k < 3; ++k) {
                        BigDecimal exact = new BigDecimal(inequalities.get(k).constant());
                        for (int c = 0; c < logits.length; ++c) {
                            exact = exact.add(new BigDecimal(inequalities.get(k).coefficients()[c]).multiply(logits[c]));
                        }
                        assertTrue(new BigDecimal(lower[k]).compareTo(exact) <= 0, "seed " + seed + ", inequality " + k);
                        holds[k] = exact.signum() > 0;
                    }
                    assertTrue(holds[0] && (holds[1] || holds[2]) || !(verdict instanceof Verdict.Certified), "seed " + seed);
                }
                if (verdict instanceof Verdict.Falsified falsified) {
                    assertTrue(box.contains(falsified.counterexample()));
                    assertFalse(new RealNetwork(graph).satisfies(falsified.counterexample(), specification));
                }
            }
        }
    }

    @ParameterizedTest
    @EnumSource(Method.class)
    void givenTheLabelsSpecification_whenBounded_thenItIsProvenWhereMarginsAre(Method method) {
        int certified = 0;
        for (long seed = 1; seed <= 25; ++seed) {
            Graph graph = RandomGraph.of(seed);
            if (graph.classes() > 1) {
                Box box = box(graph, seed, 0.015625);
                Bounds bounds = verify(graph, box, method);
                try (Plan plan = Plan.load(backend, graph); Verifier verifier = verifier(plan, method)) {
                    float[] lower = verifier.lowerBounds(box, Specification.label(0, graph.classes()));
                    for (int c = 1; c < graph.classes(); ++c) {
                        double scale = 1e-3 * (1 + Math.abs(bounds.marginLower()[c]));
                        String name = "seed " + seed + ", class " + c + ": " + bounds.marginLower()[c] + ", " + lower[c - 1];
                        assertTrue(lower[c - 1] >= bounds.marginLower()[c] - scale, name);
                        // Margins of a misclassified image are worth no step, inequalities are.
                        assertTrue(lower[c - 1] <= bounds.marginLower()[c] + scale || method == Method.ALPHA_CROWN, name);
                    }
                    Verdict verdict = verifier.verify(box, Specification.label(0, graph.classes()));
                    assertEquals(bounds.certified(), verdict.equals(new Verdict.Certified(Claim.REAL)), "seed " + seed);
                    certified += bounds.certified() ? 1 : 0;
                }
            }
        }
        assertTrue(certified > 0);
    }

    /**
     * The byte 7 stands for 7/255, which no float is: a ball of no size around it holds no float, so none is a
     * counterexample.
     */
    @Test
    void givenABallThatHoldsNoFloat_whenVerified_thenItsFloatIsNoCounterexample() {
        float[] image = {7 / 255f};
        boolean below = new BigDecimal(image[0]).multiply(new BigDecimal(255)).compareTo(new BigDecimal(7)) < 0;
        float side = below ? 1 : -1; // side (x - float) is 0 at the float and positive at 7/255
        Graph graph = Graph.sequence(Shape.of(1), List.of(new Op.Dense(Tensor.of(Shape.of(2, 1), side, 0),
                Tensor.vector(-side * image[0], 0))));
        Specification label = Specification.label(0, 2);
        try (Plan plan = Plan.load(backend, graph); Verifier verifier = new Ibp(plan)) {
            for (String epsilon : new String[] {"0", "1e-9"}) {
                Ball ball = new Ball(Epsilon.parse(epsilon), Ball.Centre.BYTE);
                assertInstanceOf(Verdict.Undecided.class, verifier.verify(Region.around(image, ball), label));
                assertInstanceOf(Verdict.Undecided.class, verifier.verdicts(image, new int[1], ball).get(0));
            }
            assertInstanceOf(Verdict.Falsified.class, verifier.verify(Region.around(image, 0), label));
            Ball wide = new Ball(Epsilon.parse("1/255"), Ball.Centre.BYTE);
            assertInstanceOf(Verdict.Falsified.class, verifier.verify(Region.around(image, wide), label));
        }
    }

    /**
     * What is meant by a quotient, a root or a mean is no float: at a point, where nothing else widens the bounds, the exact
     * value must lie in them, whichever way its parameters were rounded.
     */
    @ParameterizedTest
    @EnumSource(Method.class)
    void givenParametersThatAreNoFloats_whenBoundedAtAPoint_thenTheExactValueLiesInside(Method method) {
        SplittableRandom random = new SplittableRandom(5);
        for (int round = 0; round < 12; ++round) {
            int channels = 6;
            Tensor factor = Tensor.vector(RandomCase.values(random, channels, -2, 2));
            Tensor positive = Tensor.vector(RandomCase.values(random, channels, 0.1, 3));
            Tensor offset = Tensor.vector(RandomCase.values(random, channels, -1, 1));
            Op op = switch (round % 3) {
                case 0 -> new Op.Scale(factor, positive, offset);
                case 1 -> new Op.BatchNorm(factor, offset, Tensor.vector(RandomCase.values(random, channels, -1, 1)), positive,
                        1e-5);
                default -> new Op.AveragePool2d(Windows.square(3, 1, 1), round % 2 == 0);
            };
            Graph.Builder builder = new Graph.Builder(Shape.of(channels, 1, 3));
            int value = builder.add(op, Graph.Builder.INPUT);
            if (round < 6) {
                value = builder.add(op, builder.add(new Op.Relu(), value)); // signs are known
            }
            int size = builder.shape(value).size();
            float[] identity = new float[size * size];
            for (int k = 0; k < size; ++k) {
                identity[k * size + k] = 1;
            }
            int flat = builder.add(new Op.Flatten(), value);
            if (round % 2 == 0) { // else the operation makes the logits itself
                builder.add(new Op.Dense(Tensor.of(Shape.of(size, size), identity), Tensor.zeros(size)), flat);
            }
            Graph graph = builder.build();
            float[] point = RandomCase.values(random, graph.input().size(), 100, 1000);
            BigDecimal[] logits = ExactGraph.logits(graph, ExactGraph.exactly(point));
            Bounds bounds = verify(graph, new Box(point, point), method);
            for (int c = 0; c < logits.length; ++c) {
                String name = "round " + round + ", class " + c + ": " + logits[c] + " in " + bounds.lower()[c] + ", "
                        + bounds.upper()[c];
                assertTrue(new BigDecimal(bounds.lower()[c]).compareTo(logits[c]) <= 0, name);
                assertTrue(new BigDecimal(bounds.upper()[c]).compareTo(logits[c]) >= 0, name);
                assertTrue(bounds.upper()[c] - bounds.lower()[c] < 1e-4 * 5000, name);
                assertTrue(new BigDecimal(bounds.marginLower()[c]).compareTo(logits[0].subtract(logits[c])) <= 0, name);
            }
        }
    }

    /**
     * Units in front of an activation have the offsets of the scaling that makes them, though the activation keeps these.
     */
    @ParameterizedTest
    @EnumSource(Method.class)
    void givenAScalingBetweenASumAndAReLU_whenBounded_thenItsOffsetsCount(Method method) {
        for (float offset : new float[] {-0.3f, 0.3f}) {
            Graph.Builder builder = new Graph.Builder(Shape.of(2));
            int twice = builder.add(new Op.Add(), Graph.Builder.INPUT, Graph.Builder.INPUT);
            int scaled = builder.add(Op.Scale.by(Tensor.vector(1, -1), Tensor.vector(offset, offset)), twice);
            builder.add(new Op.Dense(Tensor.of(Shape.of(2, 2), 1, 0, 0, 1), Tensor.zeros(2)), builder.add(new Op.Relu(), scaled));
            Graph graph = builder.build();
            float[] point = {0.1f, 0.1f};
            BigDecimal[] logits = ExactGraph.logits(graph, ExactGraph.exactly(point));
            for (Norm norm : Norm.values()) {
                try (Plan plan = Plan.load(backend, graph); Verifier verifier = verifier(plan, method)) {
                    Bounds bounds = verifier.verify(point, new int[1], Ball.aroundFloats(0.125).in(norm)).get(0);
                    for (int c = 0; c < 2; ++c) {
                        assertTrue(new BigDecimal(bounds.lower()[c]).compareTo(logits[c]) <= 0, norm + ": " + bounds);
                        assertTrue(new BigDecimal(bounds.upper()[c]).compareTo(logits[c]) >= 0, norm + ": " + bounds);
                    }
                }
            }
        }
    }

    /**
     * Balls in other norms, cut to [0, 1]: sharp corners of l1, the surface of l2 along the steepest ways, points between.
     */
    @ParameterizedTest
    @EnumSource(Method.class)
    void givenABallOfAnotherNorm_whenBounded_thenNoPointOfItLeavesTheBounds(Method method) {
        for (long seed = 1; seed <= 16; ++seed) {
            Graph graph = RandomGraph.of(seed);
            SplittableRandom random = new SplittableRandom(seed);
            float[] image = RandomCase.values(random, graph.input().size(), -0.3, 1.3);
            for (int i = 0; i < image.length; ++i) {
                image[i] = Math.round(Math.max(0, Math.min(1, image[i])) * 256) / 256f;
            }
            for (Norm norm : new Norm[] {Norm.TWO, Norm.ONE}) {
                double epsilon = 0.25;
                Ball ball = Ball.aroundFloats(epsilon).in(norm);
                Bounds bounds;
                float[] margin;
                try (Plan plan = Plan.load(backend, graph); Verifier verifier = verifier(plan, method)) {
                    bounds = verifier.verify(image, new int[] {0}, ball).get(0);
                    margin = verifier.lowerBounds(Region.around(image, ball), Specification.label(0, graph.classes()));
                }
                for (int sample = 0; sample < 12; ++sample) {
                    BigDecimal[] logits = ExactGraph.logits(graph, inBall(image, norm, epsilon, random, sample));
                    int other = 0;
                    for (int c = 0; c < logits.length; ++c) {
                        String name = "seed " + seed + ", class " + c + ": " + logits[c] + ", " + bounds;
                        assertTrue(new BigDecimal(bounds.lower()[c]).compareTo(logits[c]) <= 0, name);
                        assertTrue(new BigDecimal(bounds.upper()[c]).compareTo(logits[c]) >= 0, name);
                        BigDecimal exact = logits[0].subtract(logits[c]);
                        assertTrue(new BigDecimal(bounds.marginLower()[c]).compareTo(exact) <= 0, name);
                        assertTrue(c == 0 || new BigDecimal(margin[other++]).compareTo(exact) <= 0, name);
                    }
                }
            }
        }
    }

    /** A point of the ball around an image, inside [0, 1]; multiples of 2^-20, so that its distance is known exactly. */
    private static BigDecimal[] inBall(float[] image, Norm norm, double epsilon, SplittableRandom random, int sample) {
        double[] step = new double[image.length];
        if (norm == Norm.ONE && sample < 6) {
            step[random.nextInt(step.length)] = random.nextBoolean() ? 1 : -1; // a corner
        } else {
            for (int i = 0; i < step.length; ++i) {
                step[i] = sample % 2 == 0 ? random.nextDouble(-1, 1) : random.nextInt(3) - 1;
            }
        }
        double length = 1e-9;
        for (double s : step) {
            length = norm == Norm.ONE ? length + Math.abs(s) : Math.hypot(length, s);
        }
        BigDecimal[] point = new BigDecimal[image.length];
        for (int i = 0; i < point.length; ++i) {
            double moved = image[i] + (long) (step[i] / length * epsilon * 0x1p20) * 0x1p-20; // towards the image
            point[i] = new BigDecimal(Math.max(0, Math.min(1, moved)));
        }
        return point;
    }

    /** A linear network's margin over an l2 ball inside the input range is known: W x - epsilon ||w||. */
    @ParameterizedTest
    @EnumSource(value = Method.class, names = {"IBP", "CASCADE"}, mode = EnumSource.Mode.EXCLUDE)
    void givenALinearNetwork_whenBoundedOverABall_thenTheMarginEndsInTheDualNorm(Method method) {
        SplittableRandom random = new SplittableRandom(3);
        float[] w = RandomCase.values(random, 40, -1, 1);
        float[] image = RandomCase.values(random, 20, 0.4, 0.6);
        image[7] = 0; // can't become less: counts where the margin falls with more
        Graph graph = Graph.sequence(Shape.of(20), List.of(new Op.Dense(Tensor.of(Shape.of(2, 20), w), Tensor.zeros(2))));
        double at = 0;
        double squares = 0;
        double largest = 0;
        for (int i = 0; i < 20; ++i) {
            double a = (double) w[i] - w[20 + i];
            at += a * image[i];
            if (i != 7 || a < 0) {
                squares += a * a;
                largest = Math.max(largest, Math.abs(a));
            }
        }
        try (Plan plan = Plan.load(backend, graph); Verifier verifier = verifier(plan, method)) {
            assertEquals(at - 0.3 * Math.sqrt(squares), verifier.verify(image, new int[1],
                    Ball.aroundFloats(0.3).in(Norm.TWO)).get(0).marginLower()[1], 1e-5);
            assertEquals(at - 0.3 * largest, verifier.verify(image, new int[1],
                    Ball.aroundFloats(0.3).in(Norm.ONE)).get(0).marginLower()[1], 1e-5);
        }
    }

    /**
     * Without a ReLU of open sign a network is affine, and its form exact: the margin is least at a corner known by hand.
     */
    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20})
    void givenSignsThatAreKnown_whenBoundedByCrown_thenMarginsAreThoseOfTheAffineMap(long seed) {
        Graph graph = RandomGraph.of(seed);
        Box box = box(graph, seed, 0x1p-13);
        Bounds bounds = verify(graph, box, Method.CROWN);
        BigDecimal[] centre = ExactGraph.logits(graph, ExactGraph.exactly(box.lower()));
        double scale = Arrays.stream(centre).mapToDouble(v -> Math.abs(v.doubleValue())).max().orElseThrow();
        for (int c = 0; c < centre.length; ++c) {
            double least = centre[0].subtract(centre[c]).doubleValue();
            for (int i = 0; i < box.size(); ++i) {
                float[] moved = box.lower();
                moved[i] = box.upper(i);
                BigDecimal[] logits = ExactGraph.logits(graph, ExactGraph.exactly(moved));
                least += Math.min(0, logits[0].subtract(logits[c]).subtract(centre[0].subtract(centre[c])).doubleValue());
            }
            // A ReLU whose sign is open costs at most a share of this box's width.
            assertEquals(least, bounds.marginLower()[c], 1e-3 * (1 + scale), "class " + c);
        }
    }

    /** Whatever IBP certifies, a method that begins with it does; and its bounds are never below IBP's. */
    @ParameterizedTest
    @EnumSource(value = Method.class, names = "IBP", mode = EnumSource.Mode.EXCLUDE)
    void givenAnyGraph_whenBounded_thenMarginsAreNeverBelowThoseOfIbp(Method method) {
        for (long seed = 1; seed <= 25; ++seed) {
            Graph graph = RandomGraph.of(seed);
            Box box = box(graph, seed, 0.125);
            float[] propagated = verify(graph, box, Method.IBP).marginLower();
            float[] bounds = verify(graph, box, method).marginLower();
            for (int c = 0; c < bounds.length; ++c) {
                assertTrue(bounds[c] >= propagated[c], "seed " + seed + ", class " + c);
            }
        }
    }

    /** Without IBP's help bounds hold as well, of any graph and any method. */
    @ParameterizedTest
    @EnumSource(value = Method.class, names = {"IBP", "EXACT", "CASCADE"}, mode = EnumSource.Mode.EXCLUDE)
    void givenTheTextbooksForm_whenBounded_thenNoPointOfTheBoxLeavesTheBounds(Method method) {
        int known = 0;
        for (long seed = 1; seed <= 25; ++seed) {
            Graph graph = RandomGraph.of(seed);
            Box box = box(graph, seed, 0.125);
            try (Plan plan = Plan.load(backend, graph); Verifier verifier = method.verifier(plan, STEPS, true)) {
                Bounds bounds = ((Crown) verifier).verify(box, box.lower(), 0);
                float[] margin = verifier.lowerBounds(box, Specification.label(0, graph.classes()));
                SplittableRandom random = new SplittableRandom(seed);
                for (int sample = 0; sample < 8; ++sample) {
                    BigDecimal[] logits = ExactGraph.logits(graph, point(box, random, sample < 5));
                    for (int c = 0; c < logits.length; ++c) {
                        String name = "seed " + seed + ", class " + c + ": " + logits[c] + ", " + bounds;
                        assertTrue(isBelow(bounds.lower()[c], logits[c]), name);
                        assertTrue(isBelow(-bounds.upper()[c], logits[c].negate()), name);
                        assertTrue(isBelow(bounds.marginLower()[c], logits[0].subtract(logits[c])), name);
                        assertTrue(c == 0 || isBelow(margin[c - 1], logits[0].subtract(logits[c])), name);
                        known += Float.isFinite(bounds.lower()[c]) ? 1 : 0;
                    }
                }
            }
        }
        assertTrue(known > 200, "bounds of logits: " + known);
    }

    private static boolean isBelow(float bound, BigDecimal value) {
        return Float.isNaN(bound) || Float.isInfinite(bound) && bound < 0 || new BigDecimal(bound).compareTo(value) <= 0;
    }

    /** With one hidden layer nothing but margins goes back in CROWN either: both are the same. */
    @Test
    void givenOneHiddenLayer_whenBounded_thenCrownIbpIsCrown() {
        SplittableRandom random = new SplittableRandom(8);
        Graph graph = Graph.sequence(Shape.of(7), List.of(
                new Op.Dense(Tensor.of(Shape.of(9, 7), RandomCase.values(random, 63, -1, 1)), Tensor.vector(RandomCase.values(random, 9, -1, 1))),
                new Op.Relu(), new Op.Dense(Tensor.of(Shape.of(3, 9), RandomCase.values(random, 27, -1, 1)), Tensor.zeros(3))));
        Box box = box(graph, 8, 0.25);
        assertArrayEquals(verify(graph, box, Method.CROWN).marginLower(), verify(graph, box, Method.CROWN_IBP).marginLower());
    }

    /**
     * h = (relu(x), relu(-x)) and z = h0 + h1 - 1/2 with x in [-1, 1]: by IBP z lies in [-1/2, 3/2], by CROWN in [-1/2, 1/2].
     * The margin is -relu(z).
     */
    @Test
    void givenTwoHiddenLayers_whenBoundedByCrownIbp_thenTheMarginIsThatByHand() {
        Graph graph = Graph.sequence(Shape.of(1), List.of(
                new Op.Dense(Tensor.of(Shape.of(2, 1), 1, -1), Tensor.zeros(2)), new Op.Relu(),
                new Op.Dense(Tensor.of(Shape.of(1, 2), 1, 1), Tensor.vector(-0.5f)), new Op.Relu(),
                new Op.Dense(Tensor.of(Shape.of(2, 1), -1, 0), Tensor.vector(0, 0))));
        Box box = new Box(new float[] {-1}, new float[] {1});
        assertEquals(-1.5f, verify(graph, box, Method.IBP).marginLower()[1], 1e-5f);
        // Back: relu(z) is at most 3/4 (h0 + h1), and h0 at most (1 + x)/2, h1 at most (1 - x)/2: 1 together.
        assertEquals(-0.75f, verify(graph, box, Method.CROWN_IBP).marginLower()[1], 1e-5f);
        assertEquals(-0.5f, verify(graph, box, Method.CROWN).marginLower()[1], 1e-5f);
    }

    /** x + W x with W = -I is 0 for every x: intervals lose that, a form that forks and joins does not. */
    @Test
    void givenABranchThatCancels_whenBoundedByCrown_thenTheFormsMeetAgain() {
        Graph.Builder builder = new Graph.Builder(Shape.of(2));
        int minus = builder.add(new Op.Dense(Tensor.of(Shape.of(2, 2), -1, 0, 0, -1), Tensor.zeros(2)), Graph.Builder.INPUT);
        int zero = builder.add(new Op.Add(), Graph.Builder.INPUT, minus);
        builder.add(new Op.Dense(Tensor.of(Shape.of(2, 2), 1, 1, 1, -1), Tensor.vector(0.5f, 0)), zero);
        Graph graph = builder.build();
        Box box = new Box(new float[] {-3, -5}, new float[] {7, 2});
        assertTrue(verify(graph, box, Method.IBP).marginLower()[1] < -1);
        Bounds crown = verify(graph, box, Method.CROWN);
        assertEquals(0.5, crown.marginLower()[1], 1e-4);
        assertTrue(crown.certified());
    }

    /** With x = relu(z), x + relu(x) is 2 relu(z), and logit 0 less logit 1 is 2 relu(z) - z, never below 0. */
    @Test
    void givenAReluThatTwoStepsRead_whenBounded_thenItsFormsAreAddedBeforeItsLineIsChosen() {
        Graph.Builder builder = new Graph.Builder(Shape.of(1));
        int relu = builder.add(new Op.Relu(), Graph.Builder.INPUT);
        int sum = builder.add(new Op.Add(), relu, builder.add(new Op.Relu(), relu));
        int back = builder.add(new Op.Dense(Tensor.of(Shape.of(1, 1), -1), Tensor.zeros(1)), Graph.Builder.INPUT);
        int both = builder.add(new Op.Add(), sum, back);
        builder.add(new Op.Dense(Tensor.of(Shape.of(2, 1), 1, 0), Tensor.zeros(2)), both);
        Bounds bounds = verify(builder.build(), new Box(new float[] {-1}, new float[] {2}), Method.ALPHA_CROWN);
        // The slope 1/2 below makes the form 2 (1/2) z - z = 0.
        assertEquals(0, bounds.marginLower()[1], 0.06);
        assertTrue(bounds.marginLower()[1] <= 0);
    }

    /**
     * A bound is piecewise linear in each slope: where it has no kink in reach, a difference quotient of any width is its
     * derivative.
     */
    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12})
    void givenSlopesOfAnyGraph_whenDifferentiated_thenDifferenceQuotientsAgree(long seed) {
        Graph graph = RandomGraph.of(seed);
        if (graph.classes() < 2) {
            return;
        }
        Box box = box(graph, seed, 0.25);
        try (Plan plan = Plan.load(backend, graph); DeviceMemory memory = new DeviceMemory(backend)) {
            CrownPass pass = new CrownPass(memory, plan, 1, 100, new Crown.Settings(Crown.Units.CROWN, false, 0));
            pass.relax(new int[] {0}, InputRegion.box(backend, box));
            AlphaOptimisation optimisation = new AlphaOptimisation(memory, plan, pass, pass.marginForms(), 1);
            optimisation.start(new FormRows(new int[] {0}, new int[] {1}));
            List<Step> relus = plan.steps().subList(0, CrownPass.margin(plan)).stream().filter(Step.Relu.class::isInstance).toList();
            SplittableRandom random = new SplittableRandom(seed);
            relus.forEach(relu -> setOpen(optimisation, pass, relu.to(),
                    RandomCase.values(random, plan.size(relu.to()), 0.3, 0.7)));
            float bound = optimisation.minima()[0];
            optimisation.differentiate();
            for (Step relu : relus) {
                float[] gradient = new float[plan.size(relu.to())];
                backend.read(optimisation.gradients(relu.to()), gradient);
                boolean[] open = open(pass, relu.to(), gradient.length);
                for (int j = 0; j < gradient.length; ++j) {
                    if (!open[j]) { // where the sign is known, the slope is not free
                        assertEquals(0, gradient[j]);
                        continue;
                    }
                    double up = moved(optimisation, relu.to(), gradient.length, j, 0.0625f) - bound;
                    double down = bound - moved(optimisation, relu.to(), gradient.length, j, -0.0625f);
                    double rounding = 1e-4 * (1 + Math.abs(bound));
                    if (Math.abs(up - down) < rounding) {
                        assertEquals(up / 0.0625, -gradient[j], 3 * rounding / 0.0625, "unit " + j + " of value " + relu.to());
                    }
                }
            }
        }
    }

    private boolean[] open(CrownPass pass, int to, int units) {
        float[] intercepts = new float[units];
        backend.read(pass.relaxed().lines(to).relaxation().upperIntercept(), intercepts);
        boolean[] open = new boolean[units];
        for (int j = 0; j < units; ++j) {
            open[j] = intercepts[j] > 0;
        }
        return open;
    }

    private void setOpen(AlphaOptimisation optimisation, CrownPass pass, int to, float[] slopes) {
        float[] values = new float[slopes.length];
        backend.read(optimisation.of(to), values);
        boolean[] open = open(pass, to, slopes.length);
        for (int j = 0; j < slopes.length; ++j) {
            values[j] = open[j] ? slopes[j] : values[j];
        }
        backend.write(values, optimisation.of(to));
    }

    /** What the float pass and the exact one make of a graph must agree, or real differences would be called rounding. */
    @Test
    void givenAnyGraph_whenAskedForTheRealNetwork_thenItIsTheExactOne() {
        for (long seed = 1; seed <= 40; ++seed) {
            Graph graph = RandomGraph.of(seed);
            float[] point = box(graph, seed, 0).lower();
            requireTheRealNetwork(graph, point, 1, "seed " + seed);
        }
    }
}
