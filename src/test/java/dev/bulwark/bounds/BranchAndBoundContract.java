package dev.bulwark.bounds;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.bulwark.data.Ball;
import dev.bulwark.data.Epsilon;
import dev.bulwark.data.Norm;
import dev.bulwark.model.ExactGraph;
import dev.bulwark.model.Graph;
import dev.bulwark.model.Mlp;
import dev.bulwark.model.Op;
import dev.bulwark.model.RandomGraph;
import dev.bulwark.model.Tensor;
import dev.bulwark.plan.Plan;
import dev.bulwark.shapes.Shape;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Branch and bound on one backend, against exact minima in fractions and exact values at points. */
abstract class BranchAndBoundContract extends BoundsFixture {

    private static final BranchAndBound.Settings BY_INPUTS = new BranchAndBound.Settings(3, 3, 0, 0, 2, 100, 16);
    private static final BranchAndBound.Settings BY_UNITS = new BranchAndBound.Settings(3, 5, 3, 256, 2, 0, 16);
    private static final int MANY = 4000;

    /** How many networks are tried. */
    abstract int networks();

    final BranchAndBound.Result search(Graph graph, Region region, Specification specification, BranchAndBound.Settings settings,
                                         long most) {
        RealNetwork real = new RealNetwork(graph);
        try (Plan plan = Plan.load(backend, graph)) {
            return new BranchAndBound(plan, settings).search(region, specification, () -> false, most,
                    point -> !real.satisfies(point, specification));
        }
    }

    private static Graph perceptron(SplittableRandom random, int inputs) {
        List<Op.Dense> layers = new ArrayList<>();
        int in = inputs;
        for (int k = random.nextInt(1, 4); k >= 0; --k) {
            int out = k == 0 ? 2 : random.nextInt(2, 7);
            layers.add(Mlp.dense(in, out, RandomCase.values(random, in * out, -1, 1), RandomCase.values(random, out, -0.5, 0.5)));
            in = out;
        }
        return Mlp.of(layers);
    }

    static Specification one(float[] coefficients, double constant) {
        return new Specification(coefficients.length, List.of(new Specification.Clause(List.of(
                new Specification.Inequality(coefficients, (float) constant)))));
    }

    /** Along one input the exact minimum is known: what lies above it is never certified, what is well below it always is. */
    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void givenNetworksAlongASegment_whenSearched_thenTheVerdictIsThatOfTheExactMinimum(boolean byInputs) {
        int decided = 0;
        for (int seed = 1; seed <= networks(); ++seed) {
            SplittableRandom random = new SplittableRandom(seed);
            int inputs = random.nextInt(1, 4);
            Graph graph = perceptron(random, inputs);
            float[] from = RandomCase.values(random, inputs, -1, 1);
            float[] to = from.clone();
            to[0] += (float) random.nextDouble(0.1, 2);
            float[] coefficients = RandomCase.values(random, 2, -1, 1);
            double least = new Segment(graph, from, to).least(new Specification.Inequality(coefficients, 0)).doubleValue();
            for (double margin : new double[] {-1e-2, 1e-2, 1e-3}) {
                Specification specification = one(coefficients, margin - least);
                Specification.Inequality inequality = specification.inequalities().get(0);
                double exact = new Segment(graph, from, to).least(inequality).doubleValue();
                BranchAndBound.Result result = search(graph, new Box(from, to), specification, byInputs ? BY_INPUTS : BY_UNITS, MANY);
                String name = "seed " + seed + ", margin " + margin + ": " + result.verdict() + ", lower " + result.lower()[0];
                assertTrue(result.lower()[0] <= exact || result.verdict() instanceof Verdict.Falsified, name);
                if (margin > 0) {
                    assertEquals(new Verdict.Certified(Claim.REAL), result.verdict(), name);
                    assertTrue(result.lower()[0] > 0, name);
                } else {
                    assertFalse(result.verdict() instanceof Verdict.Certified, name);
                    decided += result.verdict() instanceof Verdict.Falsified ? 1 : 0;
                }
            }
        }
        assertTrue(decided > 0.9 * networks(), decided + " of " + networks() + " falsified");
    }

    /** No method's bound lies above the exact minimum. */
    @Test
    void givenNetworksAlongASegment_whenBoundedByAnyMethod_thenNoBoundIsAboveTheExactMinimum() {
        for (int seed = 1; seed <= networks(); ++seed) {
            SplittableRandom random = new SplittableRandom(~seed);
            int inputs = random.nextInt(1, 4);
            Graph graph = perceptron(random, inputs);
            float[] from = RandomCase.values(random, inputs, -1, 1);
            float[] to = from.clone();
            to[0] += (float) random.nextDouble(0.01, 1);
            Specification specification = one(RandomCase.values(random, 2, -1, 1), 0.25);
            double exact = new Segment(graph, from, to).least(specification.inequalities().get(0)).doubleValue();
            try (Plan plan = Plan.load(backend, graph)) {
                for (Method method : Method.values()) {
                    try (Verifier verifier = verifier(plan, method)) {
                        float bound = verifier.lowerBounds(new Box(from, to), specification)[0];
                        assertTrue(bound <= exact, "seed " + seed + ", " + method + ": " + bound + " above " + exact);
                    }
                }
            }
        }
    }

    /** Graphs with all operations, several clauses, of several inequalities: no point says otherwise. */
    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void givenAnyGraph_whenSearched_thenNoPointContradictsTheVerdict(boolean byInputs) {
        int certified = 0;
        int falsified = 0;
        for (long seed = 1; seed <= Math.min(40, networks()); ++seed) {
            Graph graph = RandomGraph.of(seed);
            Box box = box(graph, seed, 0.5, 0.0625);
            SplittableRandom random = new SplittableRandom(seed);
            BigDecimal[] middle = ExactGraph.logits(graph, ExactGraph.exactly(box.centre()));
            List<Specification.Inequality> all = new ArrayList<>();
            for (int k = 0; k < 3; ++k) {
                float[] coefficients = RandomCase.values(random, graph.classes(), -1, 1);
                for (int c = 0; seed % 2 == 0 && c < coefficients.length; ++c) { // so that floats hold sums of inequalities
                    coefficients[c] = Math.round(8 * coefficients[c]) / 8f;
                }
                double there = 0;
                double size = 0.1;
                for (int c = 0; c < coefficients.length; ++c) {
                    there += coefficients[c] * middle[c].doubleValue();
                    size += 0.1 * Math.abs(coefficients[c] * middle[c].doubleValue());
                }
                all.add(new Specification.Inequality(coefficients, (float) (size * random.nextDouble(-0.2, 1) - there)));
            }
            Specification specification = new Specification(graph.classes(), List.of(new Specification.Clause(all.subList(0, 1)),
                    new Specification.Clause(all.subList(1, 3))));
            BranchAndBound.Result result = search(graph, box, specification, byInputs ? BY_INPUTS : BY_UNITS, 100);
            RealNetwork real = new RealNetwork(graph);
            if (result.verdict() instanceof Verdict.Certified) {
                ++certified;
                for (int sample = 0; sample < 20; ++sample) {
                    float[] point = new float[box.size()];
                    for (int i = 0; i < point.length; ++i) {
                        float share = sample < 10 ? random.nextInt(2) : (float) random.nextDouble();
                        point[i] = Math.min(box.upper(i), box.lower(i) + share * (box.upper(i) - box.lower(i)));
                    }
                    assertTrue(real.satisfies(point, specification), "seed " + seed);
                }
            }
            if (result.verdict() instanceof Verdict.Falsified counterexample) {
                ++falsified;
                assertTrue(box.contains(counterexample.counterexample()), "seed " + seed);
                assertFalse(real.satisfies(counterexample.counterexample(), specification), "seed " + seed);
            }
        }
        assertTrue(certified > 0 && falsified > 0, certified + " certified, " + falsified + " falsified");
    }

    /** |x| >= 0.1 - x/2 fails around 0 alone, which one linear bound can't tell from what is around it. */
    private static Graph absolute() {
        return Graph.sequence(Shape.of(1), List.of(new Op.Dense(Tensor.of(Shape.of(2, 1), 1, -1), Tensor.zeros(2)), new Op.Relu(),
                new Op.Dense(Tensor.of(Shape.of(1, 2), 1, 1), Tensor.zeros(1))));
    }

    /** x > -0.1 or -x > -0.1: neither holds everywhere, but their mean does. */
    @Test
    void givenAClauseWhoseInequalitiesHoldInTurn_whenSearched_thenTheirSumProvesIt() {
        Graph same = Graph.sequence(Shape.of(1), List.of(new Op.Dense(Tensor.of(Shape.of(1, 1), 1), Tensor.zeros(1)), new Op.Relu(),
                new Op.Dense(Tensor.of(Shape.of(1, 1), 1), Tensor.zeros(1))));
        Box box = new Box(new float[] {0}, new float[] {2});
        for (float[] share : new float[][] {{1, -1}, {3, -1}, {1, -5}}) {
            Specification specification = new Specification(1, List.of(new Specification.Clause(List.of(
                    new Specification.Inequality(new float[] {share[0]}, 0.1f - share[0]),
                    new Specification.Inequality(new float[] {share[1]}, 0.1f - share[1])))));
            for (BranchAndBound.Settings settings : List.of(BY_INPUTS, BY_UNITS)) {
                BranchAndBound.Settings longer = new BranchAndBound.Settings(20, 5, 0, 0, 2, settings.fewInputs(), 16);
                assertInstanceOf(Verdict.Certified.class, search(same, box, specification, longer, 1).verdict());
            }
        }
    }

    @Test
    void givenALimit_whenItIsReached_thenNothingIsDecidedAndTheReasonSaysSo() {
        Specification specification = one(new float[] {1}, 1e-4);
        Box box = new Box(new float[] {-1}, new float[] {2});
        BranchAndBound.Result stopped = search(absolute(), box, specification, BY_INPUTS, 1);
        assertEquals("the limit of 1 domains is reached, with 1 open", ((Verdict.Undecided) stopped.verdict()).reason());
        assertTrue(stopped.lower()[0] <= 0);
        try (Plan plan = Plan.load(backend, absolute())) {
            BranchAndBound.Result late = new BranchAndBound(plan, BY_UNITS).search(box, specification, () -> true, MANY, point -> true);
            assertInstanceOf(Verdict.Undecided.class, late.verdict());
        }
        assertInstanceOf(Verdict.Certified.class, search(absolute(), box, specification, BY_UNITS, MANY).verdict());
        assertInstanceOf(Verdict.Certified.class, search(absolute(), box, specification, BY_INPUTS, MANY).verdict());
    }

    @Test
    void givenMemoryForOneDomain_whenMoreAreOpen_thenTheSearchEndsAndSaysSo() {
        SplittableRandom random = new SplittableRandom(6);
        Graph graph = perceptron(random, 3);
        Box box = new Box(new float[] {-1, -1, -1}, new float[] {1, 1, 1});
        Specification open = new Specification(2, List.of(one(new float[] {1, -1}, 0).clauses().get(0),
                one(new float[] {-1, 1}, 0).clauses().get(0)));
        try (Plan plan = Plan.load(backend, graph)) {
            Verdict verdict = new BranchAndBound(plan, BY_UNITS, 400).search(box, open, () -> false, MANY, point -> false).verdict();
            String reason = assertInstanceOf(Verdict.Undecided.class, verdict).reason();
            assertEquals("the memory for open domains is full, with 2 of them", reason);
        }
    }

    /** The same search has the same answer, whatever else the machine does. */
    @Test
    void givenTheSameSearchTwice_whenLimitedByDomains_thenItEndsAlike() {
        SplittableRandom random = new SplittableRandom(5);
        Graph graph = perceptron(random, 3);
        Box box = new Box(new float[] {-1, -1, -1}, new float[] {1, 1, 1});
        for (BranchAndBound.Settings settings : List.of(BY_INPUTS, BY_UNITS)) {
            BranchAndBound.Result first = search(graph, box, one(new float[] {1, -1}, 0.5), settings, 50);
            BranchAndBound.Result second = search(graph, box, one(new float[] {1, -1}, 0.5), settings, 50);
            assertEquals(first.verdict(), second.verdict());
            assertEquals(first.domains(), second.domains());
            assertEquals(first.lower()[0], second.lower()[0]);
        }
    }

    /** Balls near the ends of the input range are cut there: no witness lies beyond it, nor further from the centre than epsilon. */
    @ParameterizedTest
    @EnumSource(Norm.class)
    void givenBallsAtTheEndsOfTheRange_whenFalsified_thenTheWitnessIsAPointOfTheRegion(Norm norm) {
        int falsified = 0;
        for (int seed = 1; seed <= Math.min(100, networks()); ++seed) {
            SplittableRandom random = new SplittableRandom(seed);
            int inputs = random.nextInt(1, 6);
            Graph graph = perceptron(random, inputs);
            float[] centre = RandomCase.values(random, inputs, 0, 1);
            centre[0] = random.nextInt(2);
            Ball ball = Ball.aroundFloats(random.nextDouble(0.05, 0.8)).in(norm);
            float[] coefficients = RandomCase.values(random, 2, -1, 1);
            float[] there = logits(graph, centre);
            double above = coefficients[0] * there[0] + coefficients[1] * there[1];
            Specification specification = one(coefficients, random.nextDouble(0, 0.1) - above);
            Verdict verdict = search(graph, Region.around(centre, ball), specification, seed % 2 == 0 ? BY_INPUTS : BY_UNITS, 60).verdict();
            if (verdict instanceof Verdict.Falsified found) {
                ++falsified;
                float[] point = found.counterexample();
                BigDecimal distance = BigDecimal.ZERO;
                for (int i = 0; i < inputs; ++i) {
                    assertTrue(point[i] >= 0 && point[i] <= 1, "seed " + seed + ": " + point[i]);
                    BigDecimal apart = new BigDecimal(point[i]).subtract(new BigDecimal(centre[i])).abs();
                    distance = switch (norm) {
                        case INF -> distance.max(apart);
                        case TWO -> distance.add(apart.multiply(apart));
                        case ONE -> distance.add(apart);
                    };
                }
                BigDecimal epsilon = new BigDecimal(ball.epsilon().upper());
                assertTrue(distance.compareTo(norm == Norm.TWO ? epsilon.multiply(epsilon) : epsilon) <= 0, "seed " + seed);
                assertFalse(new RealNetwork(graph).satisfies(point, specification), "seed " + seed);
            }
        }
        assertTrue(falsified > 0 || norm == Norm.ONE || networks() < 50);
    }

    /** A domain that can't be split does not keep others from being searched. */
    @Test
    void givenDomainsThatNothingCanSplit_whenSearched_thenAllOthersAreSearchedFirst() {
        // Over the ball cut to [0, 1], -x0 + x1 is bounded by the cut box and by the whole ball, and by neither closely.
        Graph both = Graph.sequence(Shape.of(2), List.of(new Op.Dense(Tensor.of(Shape.of(3, 2), -1, 1, 1, 0, -1, 0),
                Tensor.vector(0, -0.2f, 0.2f)), new Op.Relu(), new Op.Dense(Tensor.of(Shape.of(2, 3), 1, 0, 0, 0, 1, 1), Tensor.zeros(2))));
        Region ball = Region.around(new float[] {0.1f, 0.5f}, Ball.aroundFloats(0.45).in(Norm.TWO));
        Specification specification = new Specification(2, List.of(
                new Specification.Clause(List.of(new Specification.Inequality(new float[] {1, 0}, 0))),
                new Specification.Clause(List.of(new Specification.Inequality(new float[] {0, 1}, 0.01f)))));
        BranchAndBound.Result result = search(both, ball, specification, BY_UNITS, MANY);
        String reason = assertInstanceOf(Verdict.Undecided.class, result.verdict(), "relu(x1 - x0) is 0 where they are equal").reason();
        assertTrue(reason.matches("bounds leave [2-9] domains open in which nothing is left to split"), reason);
    }

    /** The searches of hidden units count, and end when the time is up. */
    @Test
    void givenLimits_whenUnitsAreSearched_thenTheyHold() {
        SplittableRandom random = new SplittableRandom(3);
        Graph graph = Mlp.of(List.of(
                Mlp.dense(6, 20, RandomCase.values(random, 120, -1, 1), RandomCase.values(random, 20, -0.5, 0.5)),
                Mlp.dense(20, 20, RandomCase.values(random, 400, -1, 1), RandomCase.values(random, 20, -0.5, 0.5)),
                Mlp.dense(20, 20, RandomCase.values(random, 400, -1, 1), RandomCase.values(random, 20, -0.5, 0.5)),
                Mlp.dense(20, 2, RandomCase.values(random, 40, -1, 1), RandomCase.values(random, 2, -0.5, 0.5))));
        Box box = new Box(new float[6], new float[] {1, 1, 1, 1, 1, 1});
        BranchAndBound.Settings settings = new BranchAndBound.Settings(2, 2, 50, 256, 2, 0, 16);
        Specification specification = one(new float[] {1, -1}, 0);
        for (long most : new long[] {1, 40, 200}) {
            BranchAndBound.Result result = search(graph, box, specification, settings, most);
            assertTrue(result.domains() <= most + 4L * settings.batch(), result.domains() + " of " + most);
        }
        try (Plan plan = Plan.load(backend, graph)) {
            int[] asked = {0};
            BranchAndBound.Result late = new BranchAndBound(plan, settings).search(box, specification, () -> ++asked[0] > 5,
                    Long.MAX_VALUE, point -> false);
            assertInstanceOf(Verdict.Undecided.class, late.verdict());
            assertTrue(late.domains() <= 4L * settings.batch(), late.domains() + " domains after the time was up");
        }
    }

    /** Of l2 balls no part is a ball: units are split, and points of the box outside the ball don't count. */
    @Test
    void givenAnEuclideanBall_whenSearched_thenItsCornersAreNoCounterexamples() {
        Graph sum = Graph.sequence(Shape.of(2), List.of(new Op.Dense(Tensor.of(Shape.of(1, 2), -1, -1), Tensor.zeros(1))));
        Region ball = Region.around(new float[] {0.5f, 0.5f}, Ball.aroundFloats(Epsilon.parse("0.25").nearest()).in(Norm.TWO));
        double least = -1 - 0.25 * Math.sqrt(2);
        assertInstanceOf(Verdict.Certified.class, search(sum, ball, one(new float[] {1}, 1e-3 - least), BY_INPUTS, MANY).verdict());
        assertFalse(search(sum, ball, one(new float[] {1}, -1e-3 - least), BY_INPUTS, MANY).verdict() instanceof Verdict.Certified);
    }
}
