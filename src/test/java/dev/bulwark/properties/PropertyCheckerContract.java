package dev.bulwark.properties;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.bulwark.device.BackendFixture;
import dev.bulwark.model.ExactGraph;
import dev.bulwark.model.Graph;
import dev.bulwark.model.Op;
import dev.bulwark.model.RandomGraph;
import dev.bulwark.model.Tensor;
import dev.bulwark.model.io.vnnlib.Constraint;
import dev.bulwark.model.io.vnnlib.Property;
import dev.bulwark.plan.Plan;
import dev.bulwark.shapes.Shape;
import java.math.BigDecimal;
import java.math.RoundingMode;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Answers on one backend: by hand, and of any network and property against exact arithmetic at points of the box. */
abstract class PropertyCheckerContract extends BackendFixture {

    /** That branch and bound may take. */
    abstract long domains();

    private Decision decide(Graph graph, Property property) {
        try (Plan plan = Plan.load(backend, graph)) {
            return new PropertyChecker(plan, property, () -> false).decide(0, 1, domains());
        }
    }

    /** y = relu(x) + relu(-x), the absolute value. */
    private static Graph absolute() {
        return Graph.sequence(Shape.of(1), List.of(new Op.Dense(Tensor.of(Shape.of(2, 1), 1, -1), Tensor.zeros(2)), new Op.Relu(),
                new Op.Dense(Tensor.of(Shape.of(1, 2), 1, 1), Tensor.zeros(1))));
    }

    private static Graph identity() {
        return Graph.sequence(Shape.of(1), List.of(new Op.Dense(Tensor.of(Shape.of(1, 1), 1), Tensor.zeros(1))));
    }

    private static Property property(String asserts) {
        return Property.parse(("(declare-const X_0 Real)(declare-const Y_0 Real)" + asserts).getBytes(StandardCharsets.UTF_8));
    }

    @Test
    void givenANetworkByHand_whenAsked_thenTheAnswerIsTheTrueOne() {
        String box = "(assert (<= X_0 1))(assert (>= X_0 -0.5))";
        assertEquals(new Decision.Unsat(), decide(absolute(), property(box + "(assert (>= Y_0 1.001))")));
        assertEquals(new Decision.Unsat(), decide(absolute(), property(box + "(assert (<= Y_0 -0.001))")));
        assertInstanceOf(Decision.Sat.class, decide(absolute(), property(box + "(assert (>= Y_0 0.99))")));
        assertInstanceOf(Decision.Sat.class, decide(absolute(), property(box + "(assert (>= Y_0 1))")), "equality is unsafe");
        assertInstanceOf(Decision.Sat.class, decide(absolute(), property(box + "(assert (or (<= Y_0 -1) (>= Y_0 0.99)))")));
        assertEquals(new Decision.Unsat(), decide(absolute(), property(box + "(assert (and (<= Y_0 -1) (>= Y_0 0.99)))")));
    }

    /** What holds of y = |x| holds nowhere on the left side, and somewhere on the right one. */
    @Test
    void givenSeveralBoxes_whenAsked_thenOneWitnessIsEnoughAndAllMustBeProven() {
        String two = "(assert (or (and (>= X_0 0) (<= X_0 0.1) (>= Y_0 %s)) (and (>= X_0 0.5) (<= X_0 0.75) (>= Y_0 %s))))";
        assertEquals(new Decision.Unsat(), decide(absolute(), property(two.formatted("0.11", "0.76"))));
        assertInstanceOf(Decision.Sat.class, decide(absolute(), property(two.formatted("0.11", "0.74"))));
        assertInstanceOf(Decision.Sat.class, decide(absolute(), property(two.formatted("0.09", "0.76"))));
        assertEquals(new Decision.Unsat(), decide(absolute(), property("(assert (and (<= X_0 0) (>= X_0 1) (<= Y_0 5)))")));
    }

    /** One tenth is no float: the float nearest to it is its stand-in, and the witness says one tenth. */
    @Test
    void givenABoxThatHoldsNoFloat_whenACounterexampleIsFound_thenItIsADecimalOfTheBox() {
        Decision.Sat sat = (Decision.Sat) decide(identity(),
                property("(assert (and (<= X_0 0.1) (>= X_0 0.1) (<= Y_0 1)))"));
        assertEquals(0, new BigDecimal("0.1").compareTo(sat.witness().inputs().get(0)));
        assertEquals("((X_0 0.1)\n (Y_0 0.1))", sat.witness().toString());
    }

    /** Bounds are of every real point of the box as written: rounding its ends to nearest would cut some off. */
    @Test
    void givenEndsBetweenFloats_whenBounded_thenTheBoxIsWider() {
        for (String end : new String[] {"0.1", "0.7", "-0.1", "-0.7", "1e-60", "-1e-60", "0.30000001192092895507812500001"}) {
            DecimalBox box = new DecimalBox(List.of(new BigDecimal(end)), List.of(new BigDecimal(end)));
            assertTrue(new BigDecimal(box.around().lower(0)).compareTo(new BigDecimal(end)) < 0, end);
            assertTrue(new BigDecimal(box.around().upper(0)).compareTo(new BigDecimal(end)) > 0, end);
            assertEquals(Math.nextUp(box.around().lower(0)), box.around().upper(0), end);
        }
        DecimalBox exact = new DecimalBox(List.of(new BigDecimal("0.25")), List.of(new BigDecimal("0.5")));
        assertEquals(exact.nearest(), exact.around());
    }

    /** y = x over [0, 1]: y >= 1 + 2^-30 is never, though the nearest float of that is 1, which is taken. */
    @Test
    void givenAConstantBetweenFloats_whenBounded_thenItIsRoundedAgainstTheProof() {
        String box = "(assert (and (<= X_0 1) (>= X_0 0)))";
        assertFalse(decide(identity(), property(box + "(assert (>= Y_0 1.0000000009))")) instanceof Decision.Sat);
        assertInstanceOf(Decision.Sat.class, decide(identity(), property(box + "(assert (>= Y_0 0.9999999999))")));
        assertEquals(new Decision.Unsat(), decide(identity(), property(box + "(assert (>= (* 0.1 Y_0) 0.1001))")),
                "coefficients that are no floats, times ten");
        assertInstanceOf(Decision.Sat.class, decide(identity(), property(box + "(assert (>= (* 0.1 Y_0) 0.0999))")));
    }

    /** Two outputs that must both be close to a number: the signs of one constraint's gradient go to and fro. */
    @Test
    void givenANarrowTarget_whenSearched_thenItIsFound() {
        Graph turned = Graph.sequence(Shape.of(2), List.of(new Op.Dense(Tensor.of(Shape.of(2, 2), 1, -0.7f, 0.4f, 1), Tensor.zeros(2)),
                new Op.Relu(), new Op.Dense(Tensor.of(Shape.of(2, 2), 1, 0.3f, -0.2f, 1), Tensor.zeros(2))));
        Property target = Property.parse(("(declare-const X_0 Real)(declare-const X_1 Real)(declare-const Y_0 Real)(declare-const Y_1 Real)"
                + "(assert (and (<= X_0 1) (>= X_0 -1) (<= X_1 1) (>= X_1 -1) (<= Y_0 0.51) (>= Y_0 0.49) (<= Y_1 0.31) (>= Y_1 0.29)))")
                .getBytes(StandardCharsets.UTF_8));
        assertInstanceOf(Decision.Sat.class, decide(turned, target));
    }

    @Test
    void givenAnotherNetworksProperty_whenAsked_thenItIsRefused() {
        try (Plan plan = Plan.load(backend, absolute())) {
            Property other = new Property(2, 1, List.of());
            assertThrows(IllegalArgumentException.class, () -> new PropertyChecker(plan, other, () -> false));
        }
    }

    @Test
    void givenNoTime_whenAskedWhatIsNotDecidedAtOnce_thenTheTimeIsUp() {
        try (Plan plan = Plan.load(backend, absolute())) {
            Property hard = property("(assert (<= X_0 1))(assert (>= X_0 -1))(assert (>= Y_0 1.5))");
            assertEquals(new Decision.Timeout(), new PropertyChecker(plan, hard, () -> true).decide(0));
        }
    }

    /** Random networks, boxes and constraints, some near what the network does: no answer is a wrong one. */
    @Test
    void givenAnyNetworkAndProperty_whenDecided_thenNoPointContradictsTheAnswer() {
        int unsat = 0;
        int sat = 0;
        for (long seed = 1; seed <= 24; ++seed) {
            Graph graph = RandomGraph.of(seed);
            SplittableRandom random = new SplittableRandom(seed);
            Property.Query query = query(graph, random);
            Decision decision = decide(graph, new Property(graph.input().size(), graph.classes(), List.of(query)));
            if (decision instanceof Decision.Unsat) {
                ++unsat;
                for (int sample = 0; sample < 12; ++sample) {
                    BigDecimal[] point = new BigDecimal[graph.input().size()];
                    for (int i = 0; i < point.length; ++i) {
                        BigDecimal width = query.upper().get(i).subtract(query.lower().get(i));
                        point[i] = query.lower().get(i).add(width.multiply(new BigDecimal(sample < 6 ? random.nextInt(2) : random.nextInt(9) / 8.0)));
                    }
                    assertFalse(isUnsafe(query, ExactGraph.logits(graph, point), 0), "seed " + seed);
                }
            } else if (decision instanceof Decision.Sat found) {
                ++sat;
                List<BigDecimal> inputs = found.witness().inputs();
                float[] nearest = new float[inputs.size()];
                for (int i = 0; i < nearest.length; ++i) {
                    assertTrue(inputs.get(i).compareTo(query.lower().get(i)) >= 0 && inputs.get(i).compareTo(query.upper().get(i)) <= 0);
                    nearest[i] = inputs.get(i).floatValue();
                }
                assertTrue(isUnsafe(query, ExactGraph.logits(graph, ExactGraph.exactly(nearest)), 1e-3), "seed " + seed);
                assertTrue(isUnsafe(query, found.witness().outputs().toArray(BigDecimal[]::new), 1e-6), "seed " + seed);
            }
        }
        assertTrue(unsat >= 3 && sat >= 3, unsat + " unsat, " + sat + " sat");
    }

    private static Property.Query query(Graph graph, SplittableRandom random) {
        List<BigDecimal> lower = new ArrayList<>();
        List<BigDecimal> upper = new ArrayList<>();
        for (int i = 0; i < graph.input().size(); ++i) {
            BigDecimal end = new BigDecimal(random.nextInt(-500, 500)).movePointLeft(3);
            lower.add(end);
            upper.add(end.add(new BigDecimal(random.nextInt(60)).movePointLeft(3)));
        }
        BigDecimal[] logits = ExactGraph.logits(graph, lower.toArray(BigDecimal[]::new));
        List<List<Constraint>> unsafe = new ArrayList<>();
        for (int list = random.nextInt(1, 4); list > 0; --list) {
            List<Constraint> all = new ArrayList<>();
            for (int k = random.nextInt(1, 3); k > 0; --k) {
                List<BigDecimal> coefficients = new ArrayList<>(Collections.nCopies(graph.classes(), BigDecimal.ZERO));
                coefficients.set(random.nextInt(graph.classes()), BigDecimal.ONE);
                coefficients.set(random.nextInt(graph.classes()), new BigDecimal(random.nextInt(-20, 20)).movePointLeft(1));
                BigDecimal value = BigDecimal.ZERO;
                for (int j = 0; j < logits.length; ++j) {
                    value = value.add(coefficients.get(j).multiply(logits[j]));
                }
                BigDecimal near = new BigDecimal(random.nextInt(-10, 20)).movePointLeft(2);
                all.add(new Constraint(coefficients, value.negate().add(near).setScale(6, RoundingMode.HALF_EVEN)));
            }
            unsafe.add(all);
        }
        return new Property.Query(lower, upper, unsafe);
    }

    private static boolean isUnsafe(Property.Query query, BigDecimal[] y, double slack) {
        return query.unsafe().stream().anyMatch(all -> all.stream().allMatch(constraint -> {
            BigDecimal sum = constraint.constant();
            for (int j = 0; j < y.length; ++j) {
                sum = sum.add(constraint.coefficients().get(j).multiply(y[j]));
            }
            double scale = 1 + Stream.of(y).mapToDouble(v -> Math.abs(v.doubleValue())).max().orElseThrow();
            return sum.compareTo(new BigDecimal(slack * scale)) <= 0;
        }));
    }
}
