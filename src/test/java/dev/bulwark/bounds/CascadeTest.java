package dev.bulwark.bounds;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.bulwark.data.Ball;
import dev.bulwark.data.Epsilon;
import dev.bulwark.data.Norm;
import dev.bulwark.device.Backend;
import dev.bulwark.device.cpu.CpuBackend;
import dev.bulwark.model.ExactGraph;
import dev.bulwark.model.Graph;
import dev.bulwark.model.Mlp;
import dev.bulwark.model.Op;
import dev.bulwark.plan.Plan;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Answers of a cascade against exact minima in fractions, and what each of its stages may take the credit for. */
class CascadeTest {

    private static final int NETWORKS = 150;
    private static final int IMAGES = 8;
    private static final Exact.Limits LIMITS = new Exact.Limits(Double.POSITIVE_INFINITY, 4000);

    private Backend backend;

    @BeforeEach
    void open() {
        backend = CpuBackend.plainJava();
    }

    @AfterEach
    void nothingIsLeft() {
        assertEquals(0, backend.liveBytes());
        backend.close();
    }

    /** A point counts where it lies in the ball and the network gives it another class: it is the caller's search that found it. */
    @Test
    void givenAnImageThatIsLeftOpen_whenSearchedOnceMore_thenOnlyACounterexampleInTheBallDecidesIt() {
        Graph valley = Mlp.of(List.of( // logit0 - logit1 = |x0 - 0.3| + |x1 - 0.7| - 0.05
                Mlp.dense(2, 4, new float[] {1, 0, -1, 0, 0, 1, 0, -1}, new float[] {-0.3f, 0.3f, -0.7f, 0.7f}),
                Mlp.dense(4, 2, new float[] {1, 1, 1, 1, 0, 0, 0, 0}, new float[] {-0.05f, 0})));
        float[] image = {0.45f, 0.7f};
        float[] bottom = {0.3f, 0.7f};
        try (Plan plan = Plan.load(backend, valley); Cascade cascade = new Cascade(plan, 2, LIMITS)) {
            for (double epsilon : new double[] {0.1, 0.2}) {
                Ball ball = Ball.aroundFloats(epsilon);
                Cascade.Decided open = cascade.begin(image, new int[] {0}, List.of(ball), Cascade.Search.NONE).images().get(0);
                assertEquals(Optional.empty(), open.by());
                for (float[] point : List.of(image, bottom)) {
                    Cascade.Decided tried = cascade.attack(open, image, ball, positions -> List.of(Optional.of(point)));
                    boolean counts = epsilon == 0.2 && point == bottom;
                    assertEquals(counts ? Optional.of(Cascade.Stage.ATTACK) : Optional.empty(), tried.by());
                    assertEquals(counts, tried.bounds().counterexample().isPresent());
                }
                assertEquals(Optional.empty(), cascade.attack(open, image, ball, Cascade.Search.NONE).by());
            }
        }
    }

    /** Of one input, so that the ball is a segment. */
    private static Graph network(SplittableRandom random) {
        List<Op.Dense> layers = new ArrayList<>();
        int in = 1;
        for (int k = random.nextInt(2, 4); k >= 0; --k) {
            int out = k == 0 ? 2 : random.nextInt(3, 9);
            layers.add(Mlp.dense(in, out, RandomCase.values(random, in * out, -1, 1), RandomCase.values(random, out, -0.5, 0.5)));
            in = out;
        }
        return Mlp.of(layers);
    }

    private static double exactMinimum(Graph graph, float[] image, int label, Ball ball) {
        float[] coefficients = new float[2];
        coefficients[label] = 1;
        coefficients[1 - label] = -1;
        return new Segment(graph, ball.least(image), ball.greatest(image)).least(new Specification.Inequality(coefficients, 0))
                .doubleValue();
    }

    private static boolean breaks(Graph graph, float[] point, int label) {
        BigDecimal[] logits = ExactGraph.logits(graph, ExactGraph.exactly(point));
        return logits[label].compareTo(logits[1 - label]) <= 0;
    }

    private static List<Cascade.Decided> decide(Cascade cascade, float[] images, int[] labels, List<Ball> balls, Cascade.Search search) {
        Cascade.Round round = cascade.begin(images, labels, balls, search);
        return IntStream.range(0, labels.length).mapToObj(n -> round.images().get(n).by().isPresent() ? round.images().get(n)
                : cascade.finish(round.images().get(n), Arrays.copyOfRange(images, n, n + 1), balls.get(n))).toList();
    }

    @Test
    void givenBallsAlongASegment_whenCascaded_thenAnswersAreThoseOfTheExactMinimaAndStagesTakeWhatTheyFirstCanDecide() {
        Map<Cascade.Stage, Integer> by = new EnumMap<>(Cascade.Stage.class);
        for (int seed = 1; seed <= NETWORKS; ++seed) {
            SplittableRandom random = new SplittableRandom(seed);
            Graph graph = network(random);
            float[] images = RandomCase.values(random, IMAGES, 0.2f, 0.8f);
            int[] labels = random.ints(IMAGES, 0, 2).toArray();
            List<Ball> balls = Collections.nCopies(IMAGES, Ball.aroundFloats(random.nextDouble(0.01, 0.2)));
            try (Plan plan = Plan.load(backend, graph); Cascade cascade = new Cascade(plan, 4, LIMITS)) {
                List<Cascade.Decided> answers = decide(cascade, images, labels, balls, Cascade.Search.NONE);
                for (int n = 0; n < IMAGES; ++n) {
                    String name = "seed " + seed + ", image " + n + ": " + answers.get(n);
                    float[] image = {images[n]};
                    Cascade.Decided answer = answers.get(n);
                    double exact = exactMinimum(graph, image, labels[n], balls.get(n));
                    assertTrue(answer.bounds().marginLower()[1 - labels[n]] <= exact + 1e-12, name);
                    if (answer.bounds().certified()) {
                        assertTrue(exact > 0, name);
                    } else if (answer.by().isPresent()) {
                        float[] point = answer.bounds().counterexample().orElseThrow();
                        assertTrue(Math.abs((double) point[0] - image[0]) <= balls.get(n).epsilon().nearest(), name);
                        assertTrue(breaks(graph, point, labels[n]), name);
                    } else {
                        assertTrue(Math.abs(exact) < 1e-5 && !answer.bounds().reason().orElseThrow().isEmpty(), name);
                    }
                    answer.by().ifPresent(stage -> by.merge(stage, 1, Integer::sum));
                    requireTheFirst(plan, image, labels[n], balls.get(n), answer, name);
                }
            }
        }
        assertTrue(by.keySet().containsAll(EnumSet.of(Cascade.Stage.IBP, Cascade.Stage.ATTACK, Cascade.Stage.CROWN_IBP,
                Cascade.Stage.CROWN, Cascade.Stage.EXACT)), by.toString());
    }

    /** Methods before the stage leave the image open, and the stage's own certifies it. */
    private static void requireTheFirst(Plan plan, float[] image, int label, Ball ball, Cascade.Decided answer, String name) {
        Map<Cascade.Stage, Method> methods = new EnumMap<>(Map.of(Cascade.Stage.IBP, Method.IBP, Cascade.Stage.CROWN_IBP,
                Method.CROWN_IBP, Cascade.Stage.CROWN, Method.CROWN));
        methods.forEach((stage, method) -> {
            try (Verifier verifier = method.verifier(plan)) {
                boolean certified = verifier.verify(image, new int[] {label}, ball).get(0).certified();
                if (answer.by().equals(Optional.of(stage))) {
                    assertTrue(certified, name + " by " + method);
                } else if (answer.by().filter(by -> by.compareTo(stage) < 0).isEmpty()) {
                    assertFalse(certified, name + " by " + method);
                }
            }
        });
    }

    @Test
    void givenPointsOfASearch_whenTried_thenOnlyThoseInTheBallThatExactArithmeticConfirmsCount() {
        // Logits x and 0.5: label 0 leads above 0.5.
        Graph graph = Mlp.of(List.of(Mlp.dense(1, 2, new float[] {1, 0}, new float[] {0, 0.5f})));
        float[] images = {0.6f, 0.6f, 0.6f, 0.3f};
        float[][] found = {{0.45f}, {0.55f}, {0.35f}};
        List<Ball> balls = Collections.nCopies(4, Ball.aroundFloats(0.2));
        try (Plan plan = Plan.load(backend, graph); Cascade cascade = new Cascade(plan, 4, LIMITS)) {
            List<int[]> asked = new ArrayList<>();
            Cascade.Round round = cascade.begin(images, new int[4], balls, positions -> {
                asked.add(positions);
                return IntStream.of(positions).mapToObj(n -> Optional.of(found[n])).toList();
            });
            assertEquals(List.of(0, 1, 2), IntStream.of(asked.get(0)).boxed().toList(), "what is wrong is a counterexample itself");
            assertEquals(0.45f, round.images().get(0).bounds().counterexample().orElseThrow()[0]);
            assertEquals(Optional.empty(), round.images().get(1).by(), "0.55 breaks nothing");
            assertEquals(Optional.empty(), round.images().get(2).by(), "0.35 lies outside");
            assertEquals(Optional.of(Cascade.Stage.ATTACK), round.images().get(3).by());
            assertEquals(0.3f, round.images().get(3).bounds().counterexample().orElseThrow()[0]);
            Cascade.Decided last = cascade.finish(round.images().get(2), new float[] {0.6f}, balls.get(2));
            assertEquals(Optional.of(Cascade.Stage.EXACT), last.by());
            assertTrue(last.seconds() > round.images().get(2).seconds());
            assertEquals(Set.of("too late"), Set.of(Cascade.leave(round.images().get(2), "too late").bounds().reason().orElseThrow()));
        }
    }

    @Test
    void givenBallsOfOtherNorms_whenCascaded_thenTheImageItselfIsAWitnessAndIbpsCertificatesHold() {
        Graph graph = Mlp.of(List.of(Mlp.dense(1, 2, new float[] {1, 0}, new float[] {0, 0.5f})));
        for (Norm norm : List.of(Norm.TWO, Norm.ONE)) {
            Ball ball = new Ball(Epsilon.of(0.05), Ball.Centre.FLOAT, norm);
            try (Plan plan = Plan.load(backend, graph); Cascade cascade = new Cascade(plan, 4, LIMITS)) {
                List<Verdict> verdicts = cascade.verdicts(new float[] {0.75f, 0.25f}, new int[2], ball);
                assertEquals(new Verdict.Certified(Claim.REAL), verdicts.get(0));
                assertEquals(0.25f, ((Verdict.Falsified) verdicts.get(1)).counterexample()[0]);
            }
        }
    }

    @Test
    void givenStagesThatHadNothingToDo_whenCascaded_thenOnlyTheOthersTookTime() {
        Graph graph = Mlp.of(List.of(Mlp.dense(1, 2, new float[] {1, 0}, new float[] {0, 0.5f})));
        try (Plan plan = Plan.load(backend, graph); Cascade cascade = new Cascade(plan, 4, LIMITS)) {
            Cascade.Round round = cascade.begin(new float[] {0.9f, 0.1f}, new int[2],
                    Collections.nCopies(2, Ball.aroundFloats(0.1)), Cascade.Search.NONE);
            assertEquals(List.of(Cascade.Stage.IBP, Cascade.Stage.ATTACK), round.took().stream().map(Cascade.Took::stage).toList());
            assertEquals(1, round.took().get(1).positions()[0]);
            double all = round.took().stream().mapToDouble(Cascade.Took::seconds).sum();
            assertEquals(all, round.images().stream().mapToDouble(Cascade.Decided::seconds).sum(), 1e-9);
            assertThrows(IllegalArgumentException.class, () -> cascade.begin(new float[1], new int[1], List.of(), Cascade.Search.NONE));
        }
    }
}
