package dev.bulwark.bounds;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.bulwark.model.FloatEvaluation;
import dev.bulwark.model.FloatEvaluation.Way;
import dev.bulwark.model.Graph;
import dev.bulwark.model.Mlp;
import dev.bulwark.model.Op;
import dev.bulwark.model.RandomCurves;
import dev.bulwark.model.RandomGraph;
import dev.bulwark.model.Tensor;
import dev.bulwark.plan.Arithmetic;
import dev.bulwark.plan.Plan;
import dev.bulwark.shapes.Shape;
import dev.bulwark.shapes.Windows;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What is claimed of every float32 evaluation, on one backend. */
abstract class DeployedBounds extends BoundsFixture {

    /** Orders and kinds of evaluation of each network, all points together. */
    private final int ways;
    private final int networks;

    DeployedBounds(int ways, int networks) {
        this.ways = ways;
        this.networks = networks;
    }

    private Bounds verify(Graph graph, Box box, Method method, Claim claim) {
        try (Plan plan = Plan.load(backend, graph, claim.arithmetic()); Verifier verifier = verifier(plan, method)) {
            return verifier instanceof Ibp ibp ? ibp.verify(box, box.lower(), 0)
                    : verifier instanceof Exact exact ? exact.verify(box, box.lower(), 0)
                    : verifier instanceof Cascade cascade ? cascade.verify(box, box.lower(), 0)
                    : ((Crown) verifier).verify(box, box.lower(), 0);
        }
    }

    /** Points at which a margin is small: corners, points between, and what flipping ends of inputs leads to from there. */
    private static List<float[]> points(Graph graph, Box box, SplittableRandom random) {
        List<float[]> points = new ArrayList<>();
        for (int k = 0; k < 4; ++k) {
            float[] point = box.lower();
            for (int i = 0; i < point.length; ++i) {
                float middle = (float) random.nextDouble(box.lower(i), Math.nextUp((double) box.upper(i)));
                point[i] = k == 0 ? Math.max(box.lower(i), Math.min(box.upper(i), middle)) : end(box, i, random.nextBoolean());
            }
            points.add(point);
            if (k > 0 && graph.classes() > 1) {
                points.add(attacked(graph, box, point, k % (graph.classes() - 1) + 1));
            }
        }
        return points;
    }

    private static float end(Box box, int i, boolean high) {
        return high ? box.upper(i) : box.lower(i);
    }

    private static float[] attacked(Graph graph, Box box, float[] from, int other) {
        float[] best = from.clone();
        double least = margin(graph, best, other);
        for (int i = 0; i < best.length; ++i) {
            float[] moved = best.clone();
            moved[i] = end(box, i, moved[i] == box.lower(i));
            double there = margin(graph, moved, other);
            if (there < least) {
                least = there;
                best = moved;
            }
        }
        return best;
    }

    private static double margin(Graph graph, float[] point, int other) {
        float[] logits = FloatEvaluation.logits(graph, point, Way.PLAIN, new SplittableRandom(1));
        return (double) logits[0] - logits[other];
    }

    private static boolean isSmooth(Graph graph) {
        return graph.nodes().stream().anyMatch(node -> node.op() instanceof Op.Sigmoid || node.op() instanceof Op.Tanh);
    }

    /** Networks of all operations that have a rounding, with a few units each. */
    private List<Graph> networks() {
        List<Graph> graphs = new ArrayList<>();
        SplittableRandom random = new SplittableRandom(3);
        for (int seed = 1; graphs.size() < networks; ++seed) {
            Graph graph = seed % 3 == 0 ? Mlp.random(random, 1, 6, 9, 7, 3) : seed % 3 == 1 ? RandomGraph.of(seed)
                    : RandomCurves.of(seed);
            if (!isSmooth(graph) && graph.classes() > 1 && graph.input().size() <= 60) {
                graphs.add(graph);
            }
        }
        for (int k = 0; k < 2; ++k) {
            graphs.add(cancelling(random));
        }
        return graphs;
    }

    /** Large weights of either sign behind units of one size: bounds in real numbers know what they add up to. */
    private static Graph cancelling(SplittableRandom random) {
        float[] weights = Mlp.values(random, 24, -1e6, 1e6);
        for (int i = 0; i < 24; i += 2) {
            weights[i + 1] = -weights[i];
        }
        return Mlp.of(List.of(Mlp.dense(3, 8, new float[24], Mlp.values(random, 8, 0.99, 1.01)),
                Mlp.dense(8, 3, weights, new float[3])));
    }

    @Test
    void givenAnyNetwork_whenEvaluatedInManyOrders_thenNoLogitAndNoMarginLeavesItsBounds() {
        int number = 0;
        int broken = 0;
        for (Graph graph : networks()) {
            ++number;
            // Far apart sizes, and boxes so narrow that bounds are as near to the values as rounding is.
            Box box = box(graph, number, number % 4 == 0 ? 1000 : 0.5, number % 3 == 0 ? 0.0625 : number % 3 == 1 ? 0x1p-20 : 0);
            List<Bounds> all = new ArrayList<>();
            for (Method method : Method.values()) {
                all.add(verify(graph, box, method, Claim.DEPLOYED));
            }
            Bounds real = verify(graph, box, Method.CROWN, Claim.REAL);
            SplittableRandom random = new SplittableRandom(number);
            List<float[]> points = points(graph, box, random);
            for (int k = 0; k < ways; ++k) {
                Way way = Way.number(k, random);
                float[] logits = FloatEvaluation.logits(graph, points.get(k % points.size()), way, random);
                for (Bounds bounds : all) {
                    for (int c = 0; c < logits.length; ++c) {
                        String name = "network " + number + ", " + way + ", class " + c + ": " + logits[c] + ", " + bounds;
                        assertTrue(bounds.lower()[c] <= logits[c] && logits[c] <= bounds.upper()[c], name);
                        assertTrue(bounds.marginLower()[c] <= (double) logits[0] - logits[c], name);
                    }
                }
                for (int c = 0; c < logits.length; ++c) {
                    broken += real.marginLower()[c] > (double) logits[0] - logits[c] ? 1 : 0;
                }
            }
        }
        assertTrue(broken > 0, "some evaluation leaves the bounds of the real-number network");
    }

    /** Of the same boxes and slopes, what rounding costs is all there is between the two. */
    @ParameterizedTest
    @EnumSource(Method.class)
    void givenAnyNetwork_whenBoundedByBothClaims_thenDeployedIsNeverBetterAndCostsLittle(Method method) {
        int number = 0;
        for (Graph graph : networks()) {
            ++number;
            Box box = box(graph, number, 0.5, 0.03125);
            Bounds real = verify(graph, box, method, Claim.REAL);
            Bounds deployed = verify(graph, box, method, Claim.DEPLOYED);
            // Slopes are chosen, and searches end, by numbers that differ in their last bits.
            boolean searched = method == Method.ALPHA_CROWN || method == Method.EXACT;
            for (int c = 0; c < graph.classes(); ++c) {
                float there = real.marginLower()[c];
                String name = "network " + number + ", class " + c + ": " + there + ", " + deployed.marginLower()[c];
                double scale = Math.abs(there) + Math.abs(real.lower()[0]) + Math.abs(real.upper()[c]);
                assertTrue(deployed.marginLower()[c] <= there + (searched ? 1e-3 * scale : 0), name);
                boolean ordinary = number <= networks; // weights that cancel cost much, as they may in floats
                assertTrue(!ordinary || deployed.marginLower()[c] >= there - (searched ? 1e-2 : 1e-4) * scale - 1e-4, name);
            }
        }
    }

    /** A network of two logits, the first of which leads by a half in real numbers: {@code detector - 1/2 > 0}. */
    record Detector(String name, Graph graph, Box box) {
    }

    private static final float OMEGA = 0x1p24f;

    private static Op.Dense rows(float[] bias, float[]... weights) {
        float[] all = new float[weights.length * weights[0].length];
        for (int o = 0; o < weights.length; ++o) {
            System.arraycopy(weights[o], 0, all, o * weights[0].length, weights[0].length);
        }
        return Mlp.dense(weights[0].length, weights.length, all, bias);
    }

    private static Op.Conv2d pointwise(Op.Dense dense) {
        return new Op.Conv2d(Tensor.of(Shape.of(dense.out(), dense.in(), 1, 1), dense.weight().toArray()), dense.bias(),
                Windows.square(1, 1), 1);
    }

    private static final float[] NONE = {0, 0, 0};

    /** Constants 1, omega and omega, and the detector, of one input that changes nothing. */
    private static List<Op> constants(float omega, float one) {
        return List.of(rows(new float[] {one, omega, omega}, new float[3][1]), new Op.Relu());
    }

    private static final Op.Dense LOGITS = rows(new float[] {-0.5f, 0}, new float[] {1}, new float[] {0});

    private static Graph sequence(List<Op> first, Op... then) {
        List<Op> ops = new ArrayList<>(first);
        ops.addAll(Arrays.asList(then));
        return Graph.sequence(Shape.of(1), ops);
    }

    private static Graph images(Graph graph) {
        List<Op> ops = new ArrayList<>();
        graph.nodes().forEach(node -> ops.add(node.op() instanceof Op.Dense dense ? pointwise(dense) : node.op()));
        ops.add(new Op.Flatten());
        return Graph.sequence(Shape.of(1, 1, 1), ops);
    }

    /** omega + 1 - omega by residual additions. */
    private static Graph additions(float omega, float one, boolean reluBehind) {
        Graph.Builder builder = new Graph.Builder(Shape.of(1));
        int ones = builder.add(rows(new float[] {one}, new float[] {0}), Graph.Builder.INPUT);
        int plus = builder.add(rows(new float[] {omega}, new float[] {0}), Graph.Builder.INPUT);
        int minus = builder.add(rows(new float[] {-omega}, new float[] {0}), Graph.Builder.INPUT);
        int sum = builder.add(new Op.Add(), plus, ones);
        int detector = builder.add(new Op.Add(), reluBehind ? builder.add(new Op.Relu(), sum) : sum, minus);
        builder.add(LOGITS, detector);
        return builder.build();
    }

    private static List<Detector> detectors() {
        List<Detector> all = new ArrayList<>();
        Box box = new Box(new float[] {0.25f}, new float[] {0.75f});
        for (float omega : new float[] {OMEGA, 0x1p25f, 0x1p60f, 1e17f}) {
            String name = "omega " + omega;
            Graph hidden = sequence(constants(omega, 1), rows(new float[1], new float[] {1, 1, -1}), new Op.Relu(), LOGITS);
            all.add(new Detector(name + ", hidden", hidden, box));
            all.add(new Detector(name + ", hidden convolution", images(hidden), box));
            Graph last = sequence(constants(omega, 1), rows(new float[] {-0.5f, 0}, new float[] {1, 1, -1}, NONE));
            all.add(new Detector(name + ", last layer", last, box));
            all.add(new Detector(name + ", last convolution", images(last), box));
            all.add(new Detector(name + ", both logits", sequence(constants(omega, 1), rows(new float[] {-0.5f, 0},
                    new float[] {1, 1, 0}, new float[] {0, 1, 0})), box));
            all.add(new Detector(name + ", bias", sequence(List.of(rows(new float[] {1, omega}, new float[2][1]), new Op.Relu()),
                    rows(new float[] {-omega}, new float[] {1, 1}), LOGITS), box));
            all.add(new Detector(name + ", deep", sequence(constants(omega, 1), rows(new float[1], new float[] {1, 1, -1}),
                    new Op.Relu(), rows(new float[] {0}, new float[] {1}), new Op.Relu(), rows(new float[] {0}, new float[] {1}),
                    new Op.Relu(), LOGITS), box));
            all.add(new Detector(name + ", weights", sequence(List.of(rows(new float[] {1, 1, 1}, new float[3][1]), new Op.Relu()),
                    rows(new float[1], new float[] {omega, 1, -omega}), LOGITS), box));
            for (boolean relu : new boolean[] {false, true}) {
                all.add(new Detector(name + ", additions, " + relu, additions(omega, 1, relu), box));
            }
            all.add(new Detector(name + ", offsets", sequence(List.of(rows(new float[] {1}, new float[] {0}),
                    Op.Scale.by(Tensor.vector(1), Tensor.vector(omega)), Op.Scale.by(Tensor.vector(1), Tensor.vector(-omega))),
                    LOGITS), box));
            all.add(new Detector(name + ", batch normalisation", sequence(List.of(rows(new float[] {omega}, new float[] {0}),
                    new Op.BatchNorm(Tensor.vector(1), Tensor.vector(1), Tensor.vector(0), Tensor.vector(1), 0),
                    Op.Scale.by(Tensor.vector(1), Tensor.vector(-omega))), LOGITS), box));
            all.add(new Detector(name + ", mean of a batch normalisation", sequence(List.of(rows(new float[] {1}, new float[] {0}),
                    new Op.BatchNorm(Tensor.vector(1), Tensor.vector(-omega), Tensor.vector(-omega), Tensor.vector(1), 0)), LOGITS),
                    box));
            all.add(new Detector(name + ", average", Graph.sequence(Shape.of(1, 1, 1), List.of(
                    pointwise(rows(new float[] {2}, new float[] {0})), new Op.Rearrange(new int[] {0, -1, -1}, Shape.of(1, 1, 3)),
                    Op.Scale.by(Tensor.vector(1), Tensor.vector(0)), new Op.Flatten(),
                    rows(new float[] {0, 4 * omega, -4 * omega}, new float[] {1, 0, 0}, NONE, NONE), new Op.Reshape(Shape.of(1, 1, 3)),
                    new Op.AveragePool2d(new Windows(new Windows.Axis(1, 1, 0, 0, 1),
                    new Windows.Axis(3, 1, 0, 0, 1)), false), new Op.Flatten(), LOGITS)), box));
        }
        all.add(new Detector("many ones", sequence(List.of(rows(ones(66, OMEGA), new float[66][1]), new Op.Relu()),
                rows(new float[] {-32, 0}, alternating(66), new float[66])), box));
        all.add(new Detector("pixels", Graph.sequence(Shape.of(2), List.of(rows(new float[] {0, -0x1p23f},
                new float[] {1, 0}, new float[] {0, 0x1p24f}), rows(new float[] {-0.1f, 0}, new float[] {1, 1}, new float[] {0, 1}))),
                new Box(new float[] {0.25f, 1}, new float[] {0.75f, 1})));
        // Zombori et al. 2021: what switches a backdoor on is lost in the sum of something much larger.
        all.add(new Detector("backdoor", sequence(List.of(rows(new float[] {0, 1}, new float[] {-1}, new float[] {0}), new Op.Relu(),
                rows(new float[] {1, 1e17f}, new float[] {0, 0}, new float[] {0, 0}), new Op.Relu(),
                rows(new float[] {-1e17f}, new float[] {1, 1}), new Op.Relu(),
                rows(new float[] {0.5f, 1}, new float[] {1}, new float[] {0}))), box));
        return all;
    }

    /** Of {@code count}: omega, ones and omega. */
    private static float[] ones(int count, float omega) {
        float[] biases = new float[count];
        Arrays.fill(biases, 1);
        biases[0] = omega;
        biases[count - 1] = omega;
        return biases;
    }

    private static float[] alternating(int count) {
        float[] weights = new float[count];
        Arrays.fill(weights, 1);
        weights[count - 1] = -1;
        return weights;
    }

    @TestFactory
    List<DynamicTest> givenANetworkThatTellsOrdersApart_whenBoundedAsDeployed_thenNotCertified() {
        return detectors().stream().map(detector -> DynamicTest.dynamicTest(detector.name, () -> {
            Graph graph = detector.graph;
            for (float[] point : List.of(detector.box.lower(), detector.box.centre(), detector.box.upper())) {
                assertTrue(new RealNetwork(graph).stands(point, 0), "in real numbers it leads");
            }
            SplittableRandom random = new SplittableRandom(1);
            assertTrue(IntStream.range(0, 500).anyMatch(k -> {
                float[] logits = FloatEvaluation.logits(graph, detector.box.lower(), Way.number(k, random), random);
                return !(logits[0] > logits[1]);
            }), "in some order it does not");
            boolean plainBreaks = !(margin(graph, detector.box.centre(), 1) > 0);
            for (Method method : Method.values()) {
                try (Plan plan = Plan.load(backend, graph, Arithmetic.FLOAT32); Verifier verifier = verifier(plan, method)) {
                    Bounds bounds = verify(graph, detector.box, method, Claim.DEPLOYED);
                    assertFalse(bounds.certified() || bounds.certifiedByBox(), method + ": " + bounds);
                    Verdict verdict = verifier.verify(detector.box, Specification.label(0, 2));
                    assertFalse(verdict instanceof Verdict.Certified, method + ": " + verdict);
                    if (plainBreaks) {
                        float[] witness = assertInstanceOf(Verdict.Falsified.class, verdict).counterexample();
                        assertFalse(margin(graph, witness, 1) > 0, method.toString());
                    }
                }
            }
        })).toList();
    }

    /** Bounds see through what rounding hides where large weights meet units that are known, as in the last layer. */
    @ParameterizedTest
    @EnumSource(value = Method.class, names = "IBP", mode = EnumSource.Mode.EXCLUDE)
    void givenLargeWeightsThatCancel_whenBoundedByBothClaims_thenCertifiedInRealNumbersAlone(Method method) {
        for (float omega : new float[] {OMEGA, 1e8f}) {
            Graph graph = sequence(List.of(rows(new float[] {1, 1, 1}, new float[3][1]), new Op.Relu()),
                    rows(new float[] {0, 0.5f}, new float[] {omega, 1, -omega}, NONE));
            Box box = new Box(new float[] {0.25f}, new float[] {0.75f});
            assertTrue(verify(graph, box, method, Claim.REAL).certified(), "omega " + omega);
            assertFalse(verify(graph, box, method, Claim.DEPLOYED).certified(), "omega " + omega);
        }
    }

    /** What may overflow, and does not count in real numbers: it is multiplied by 0, or clipped. */
    private static List<Detector> overflows() {
        List<Detector> all = new ArrayList<>();
        Box box = new Box(new float[] {0.25f}, new float[] {0.75f});
        Op.Dense huge = rows(new float[] {1, 0}, new float[] {0}, new float[] {3e38f});
        Op.Dense larger = rows(new float[] {0, 0}, new float[] {1, 0}, new float[] {0, 3e38f});
        Op.Dense logits = rows(new float[] {0, 0}, new float[] {1, 0}, new float[] {0, 0});
        all.add(new Detector("weight of 0", sequence(List.of(huge, new Op.Relu(), larger, new Op.Relu()), logits), box));
        all.add(new Detector("the same weight", sequence(List.of(huge, new Op.Relu(), larger, new Op.Relu()),
                rows(new float[] {0, 0}, new float[] {1, 1}, new float[] {0, 1})), box));
        all.add(new Detector("convolution", images(all.get(0).graph), box));
        all.add(new Detector("same sign, of two large terms", sequence(List.of(rows(new float[] {1, 3e38f, 3e38f},
                new float[3][1]), new Op.Relu()), rows(new float[] {0}, new float[] {1, 1, -1}), LOGITS), box));
        Graph.Builder sums = new Graph.Builder(Shape.of(1));
        int first = sums.add(rows(new float[] {1, 3e38f}, new float[2][1]), Graph.Builder.INPUT);
        sums.add(logits, sums.add(new Op.Add(), first, first));
        all.add(new Detector("sum", sums.build(), box));
        all.add(new Detector("clip", sequence(List.of(huge, new Op.Relu(), larger, new Op.Clip(0, 1)),
                rows(new float[] {0.5f, 0}, new float[] {1, 0}, new float[] {0, 0.25f})), box));
        all.add(new Detector("last clip", sequence(List.of(huge, new Op.Relu(), larger, rows(new float[] {2, 0}, new float[] {0, 1},
                new float[] {0, 0})), new Op.Clip(1, 3), Op.Scale.by(Tensor.vector(1, 1), Tensor.vector(0, -1)),
                new Op.Clip(0, 3)), box));
        all.add(new Detector("scaling", sequence(List.of(rows(new float[] {1, 1}, new float[2][1]), new Op.Scale(
                Tensor.vector(1, 3e38f), Tensor.vector(1, 0x1p30f), Tensor.vector(0, 0)), Op.Scale.by(Tensor.vector(1, 1e30f),
                Tensor.vector(0, 0))), logits), box));
        all.add(new Detector("average", Graph.sequence(Shape.of(1), List.of(rows(new float[] {1, 1, 3e38f, 3e38f}, new float[4][1]),
                new Op.Reshape(Shape.of(2, 1, 2)), new Op.AveragePool2d(new Windows(
                new Windows.Axis(1, 1, 0, 0, 1), new Windows.Axis(2, 1, 0, 0, 1)), false),
                new Op.Flatten(), logits)), box));
        return all;
    }

    @TestFactory
    List<DynamicTest> givenANetworkThatMayOverflow_whenBounded_thenNothingIsCertifiedOfItsEvaluations() {
        return overflows().stream().map(network -> DynamicTest.dynamicTest(network.name, () -> {
            for (Method method : Method.values()) {
                Bounds bounds = verify(network.graph, network.box, method, Claim.DEPLOYED);
                assertFalse(bounds.certified() || bounds.certifiedByBox(), method + ": " + bounds);
                try (Plan plan = Plan.load(backend, network.graph, Arithmetic.FLOAT32); Verifier verifier = verifier(plan, method)) {
                    assertFalse(verifier.verify(network.box, Specification.label(0, 2)) instanceof Verdict.Certified,
                            method.toString());
                }
            }
        })).toList();
    }

    /** y1 is 0 in a plain pass and NaN in some order: then neither y0 > y1 nor y1 > y2 holds, although y0 > y2. */
    @Test
    void givenALogitThatMayBeNoNumber_whenInequalitiesHideItInTheirSum_thenNotCertified() {
        Graph graph = sequence(List.of(rows(new float[] {3e38f, 3e38f, 3e38f, 3e38f}, new float[4][1]), new Op.Relu()),
                rows(new float[] {1, 0, 0}, new float[4], new float[] {1, -1, 1, -1}, new float[4]));
        Specification either = new Specification(3, List.of(new Specification.Clause(List.of(
                new Specification.Inequality(new float[] {1, -1, 0}, 0), new Specification.Inequality(new float[] {0, 1, -1}, 0)))));
        Box box = new Box(new float[] {0.25f}, new float[] {0.75f});
        for (Method method : Method.values()) {
            try (Plan plan = Plan.load(backend, graph, Arithmetic.FLOAT32); Verifier verifier = verifier(plan, method)) {
                assertFalse(verifier.verify(box, either) instanceof Verdict.Certified, method.toString());
            }
        }
    }

    @Test
    void givenAnActivationWithoutAKnownRounding_whenClaimedOfEvaluations_thenRefused() {
        for (Op op : List.of(new Op.Sigmoid(), new Op.Tanh())) {
            Graph graph = sequence(List.of(rows(new float[2], new float[2][1]), op), rows(new float[2], new float[2], new float[2]));
            try (Plan plan = Plan.load(backend, graph, Arithmetic.FLOAT32)) {
                for (Method method : Method.values()) {
                    assertThrows(IllegalArgumentException.class, () -> {
                        try (Verifier verifier = verifier(plan, method)) {
                            verifier.verify(new float[] {0.5f}, new int[1], 0.1);
                        }
                    });
                }
            }
        }
    }

    @ParameterizedTest
    @EnumSource(Method.class)
    void givenAnOrdinaryNetwork_whenBounded_thenCertifiedByBothClaims(Method method) {
        Graph graph = Graph.sequence(Shape.of(3), List.of(rows(new float[] {0.5f, 0.25f}, new float[] {1, -1, 0.5f}, new float[] {-1, 0, 1}),
                new Op.Relu(), rows(new float[] {1, 0}, new float[] {1, 0.5f}, new float[] {0.5f, 0.25f})));
        Box box = new Box(new float[] {0.4f, 0.4f, 0.4f}, new float[] {0.6f, 0.6f, 0.6f});
        for (Claim claim : Claim.values()) {
            try (Plan plan = Plan.load(backend, graph, claim.arithmetic()); Verifier verifier = verifier(plan, method)) {
                assertEquals(new Verdict.Certified(claim), verifier.verify(box, Specification.label(0, 2)));
                assertTrue(verify(graph, box, method, claim).certified());
            }
        }
    }
}
