package dev.bulwark.attack;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.bulwark.data.Ball;
import dev.bulwark.data.Epsilon;
import dev.bulwark.data.Norm;
import dev.bulwark.device.Backend;
import dev.bulwark.device.NoisyClassifier.Precision;
import dev.bulwark.device.cpu.CpuBackend;
import dev.bulwark.model.Graph;
import dev.bulwark.model.Mlp;
import dev.bulwark.model.Op;
import dev.bulwark.model.RandomGraph;
import dev.bulwark.plan.Plan;
import dev.bulwark.shapes.ImageShape;
import dev.bulwark.shapes.Shape;
import java.math.BigDecimal;
import java.math.MathContext;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.SplittableRandom;
import java.util.function.Supplier;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

class AttackSuiteTest {

    private static final Search APGD_CE = new Search.Apgd(AttackLoss.CROSS_ENTROPY, 100, 1, 0);
    private static final Search APGD_DLR = new Search.Apgd(AttackLoss.DLR, 100, 1, 0);
    private static final Search APGD_T = new Search.Apgd(AttackLoss.TARGETED_DLR, 100, 1, 9);
    private static final Search FAB_T = new Search.Fab(100, 1, 9);
    private static final BigDecimal LARGEST = BigDecimal.valueOf(255);
    private static final Search SQUARE = new Search.Square(1000, 1);

    private final Backend backend = CpuBackend.create();

    @AfterEach
    void everyByteIsReturned() {
        assertEquals(0, backend.liveBytes());
        backend.close();
    }

    private static List<AttackOutcome> attack(Backend backend, Graph net, float[] images, int[] labels, SuiteSettings settings) {
        try (Plan network = Plan.load(backend, net); AttackSuite suite = settings.on(network)) {
            return suite.attack(images, labels, IntStream.range(0, labels.length).toArray());
        }
    }

    private static int[] predictions(Graph net, float[] images) {
        int inputs = net.input().size();
        return IntStream.range(0, images.length / inputs)
                .map(n -> HostNetwork.argMax(HostNetwork.logits(net, HostNetwork.row(images, n, inputs)))).toArray();
    }

    private static SuiteSettings within(Ball ball, ImageShape image, Search... searches) {
        return new SuiteSettings(ball, image, 5, List.of(searches));
    }

    private static Ball ball(String epsilon, Norm norm) {
        return new Ball(Epsilon.parse(epsilon), Ball.Centre.FLOAT, norm);
    }

    // ---- linear networks, whose robust radius has a closed form --------------------------------------------------------

    /** The most that weight . d gains over d in the ball with x + d in [0, 1]. */
    private static double gain(Norm norm, double[] weight, double[] x, double epsilon) {
        int size = x.length;
        double[] room = IntStream.range(0, size).mapToDouble(e -> weight[e] > 0 ? 1 - x[e] : x[e]).toArray();
        if (norm == Norm.INF) {
            return IntStream.range(0, size).mapToDouble(e -> Math.abs(weight[e]) * Math.min(epsilon, room[e])).sum();
        }
        if (norm == Norm.ONE) {
            double left = epsilon;
            double gain = 0;
            for (int e : IntStream.range(0, size).boxed().sorted(Comparator.comparing(e -> -Math.abs(weight[e]))).toList()) {
                double moved = Math.min(left, room[e]);
                gain += Math.abs(weight[e]) * moved;
                left -= moved;
            }
            return gain;
        }
        double low = 0;
        double high = 1e6;
        for (int k = 0; k < 200; ++k) {
            double t = (low + high) / 2;
            double squares = IntStream.range(0, size).mapToDouble(e -> Math.pow(Math.min(t * Math.abs(weight[e]), room[e]), 2)).sum();
            low = squares <= epsilon * epsilon ? t : low;
            high = squares <= epsilon * epsilon ? high : t;
        }
        double t = low;
        return IntStream.range(0, size).mapToDouble(e -> Math.abs(weight[e]) * Math.min(t * Math.abs(weight[e]), room[e])).sum();
    }

    /**
     * Of linear logits, an image breaks if and only if some class gains more than it lags behind. An untargeted loss of more than two
     * classes has maxima that are only local.
     *
     * @param part of the gain that a search may miss, whose steps or numbers of queries are finite
     */
    @ParameterizedTest
    @CsvSource({"INF,0.06,0,0.01", "INF,0.06,1,0.01", "INF,0.06,2,0.01", "INF,0.06,3,0.01", "INF,0.06,4,0.1",
        "TWO,0.2,0,0.01", "TWO,0.2,1,0.01", "TWO,0.2,2,0.01", "TWO,0.2,3,0.01", "TWO,0.2,4,0.4",
        "ONE,0.5,0,0.1", "ONE,0.5,1,0.1", "ONE,0.5,2,0.1", "ONE,0.5,3,0.01", "ONE,0.5,4,0.6"})
    void givenALinearNetwork_whenAttacked_thenItBreaksWhereItsRobustRadiusIsSmaller(Norm norm, String epsilon, int which, double part) {
        Search search = List.of(APGD_CE, APGD_DLR, APGD_T, FAB_T, SQUARE).get(which);
        int inputs = 16;
        int classes = search.targeted() ? 4 : 2;
        SplittableRandom random = new SplittableRandom(1);
        float[] weights = HostNetwork.values(random, classes * inputs, -1, 1);
        Graph linear = Mlp.of(List.of(Mlp.dense(inputs, classes, weights, new float[classes])));
        int count = 200;
        float[] images = HostNetwork.values(random, count * inputs, 0, 1);
        int[] labels = predictions(linear, images);
        List<AttackOutcome> outcomes;
        try (Backend exact = CpuBackend.create(Precision.FLOAT32)) {
            outcomes = attack(exact, linear, images, labels,
                within(ball(epsilon, norm), new ImageShape(1, 4, 4), search));
        }
        int broken = 0;
        for (int n = 0; n < count; ++n) {
            double[] x = HostNetwork.row(images, n, inputs);
            double[] logits = HostNetwork.logits(linear, x);
            double worst = Double.NEGATIVE_INFINITY;
            double largest = 0;
            for (int c = 0; c < classes; ++c) {
                if (c != labels[n]) {
                    int label = labels[n];
                    int other = c;
                    double[] toward = IntStream.range(0, inputs)
                            .mapToDouble(e -> (double) weights[other * inputs + e] - weights[label * inputs + e]).toArray();
                    double gain = gain(norm, toward, x, Double.parseDouble(epsilon));
                    worst = Math.max(worst, logits[c] - logits[label] + gain);
                    largest = Math.max(largest, gain);
                }
            }
            if (worst < -1e-5) {
                assertFalse(outcomes.get(n).broken(), "image " + n + " is robust by " + worst + ", but " + outcomes.get(n));
            } else if (worst > part * largest) {
                assertTrue(outcomes.get(n).broken(), "image " + n + " is not robust by " + worst + " of " + largest);
            }
            broken += outcomes.get(n).broken() ? 1 : 0;
        }
        assertTrue(broken > 20 && broken < 180, broken + " of 200: the case must have both kinds");
    }

    // ---- promises ------------------------------------------------------------------------------------------------------

    @ParameterizedTest
    @CsvSource({"INF,0.1,FLOAT", "INF,8/255,BYTE", "TWO,0.4,FLOAT", "TWO,1/3,BYTE", "ONE,0.8,FLOAT", "ONE,2/3,BYTE",
        "ONE,0.0000002,BYTE", "INF,0.0000002,BYTE"})
    void givenBalls_whenAttacked_thenWitnessesTrulyLieInThem(Norm norm, String epsilon, Ball.Centre centre) {
        requirePromises(backend, HostNetwork.random(new SplittableRandom(2), 1.5, 9, 16, 3), new ImageShape(1, 3, 3), 60, epsilon,
                centre, norm, 300);
    }

    @Test
    void givenAResidualNetwork_whenAttacked_thenWitnessesKeepTheSamePromises() {
        Graph net = RandomGraph.residual();
        ImageShape image = net.input().isImage() ? net.input().image() : new ImageShape(1, 1, net.input().size());
        requirePromises(backend, net, image, 20, "0.05", Ball.Centre.BYTE, Norm.INF, 60);
    }

    /** Distances in exact arithmetic, from k / 255 where images are bytes. */
    static void requirePromises(Backend backend, Graph net, ImageShape image, int count, String epsilon, Ball.Centre centre, Norm norm,
                                int queries) {
        int inputs = image.size();
        SplittableRandom random = new SplittableRandom(12);
        int[] bytes = random.ints((long) count * inputs, 0, 256).toArray();
        float[] images = new float[bytes.length];
        for (int k = 0; k < images.length; ++k) {
            images[k] = centre == Ball.Centre.BYTE ? (float) (bytes[k] / 255.0) : (float) random.nextDouble();
        }
        int[] labels = predictions(net, images);
        Ball ball = new Ball(Epsilon.parse(epsilon), centre, norm);
        BigDecimal most = number(epsilon);
        int broken = 0;
        for (Search search : List.of(APGD_CE, APGD_T, FAB_T, new Search.Square(queries, 1))) {
            List<AttackOutcome> outcomes = attack(backend, net, images, labels, within(ball, image, search));
            for (int n = 0; n < count; ++n) {
                AttackOutcome outcome = outcomes.get(n);
                float[] found = outcome.adversarialImage();
                if (!outcome.broken()) {
                    assertArrayEquals(Arrays.copyOfRange(images, n * inputs, (n + 1) * inputs), found);
                    assertEquals(Optional.empty(), outcome.method());
                    continue;
                }
                ++broken;
                assertEquals(Optional.of(search.method()), outcome.method());
                assertEquals(search.loss(), outcome.loss());
                BigDecimal away = distance(norm, bytes, images, n, found, centre);
                assertTrue(away.compareTo(most) <= 0, away + " exceeds " + epsilon);
                double said = norm == Norm.INF ? outcome.linf() : norm == Norm.TWO ? outcome.euclidean() : outcome.l1();
                assertEquals(away.doubleValue() / 255, said, 1e-12 * said);
                assertNotEquals(labels[n], outcome.adversarialPrediction());
                double[] logits = HostNetwork.logits(net, HostNetwork.row(found, 0, inputs));
                assertTrue(logits[outcome.adversarialPrediction()] >= logits[labels[n]] - 1e-5);
            }
        }
        assertTrue(broken > 0 || ball.epsilon().nearest() < 0.01);
    }

    /** 255 times a decimal or a fraction, in 60 digits. */
    private static BigDecimal number(String text) {
        String[] parts = text.split("/");
        BigDecimal numerator = new BigDecimal(parts[0]).multiply(LARGEST);
        return parts.length == 1 ? numerator : numerator.divide(new BigDecimal(parts[1]), new MathContext(60));
    }

    /** 255 times the distance from the centre, in 60 digits. */
    private static BigDecimal distance(Norm norm, int[] bytes, float[] images, int n, float[] found, Ball.Centre centre) {
        MathContext digits = new MathContext(60);
        BigDecimal sum = BigDecimal.ZERO;
        for (int i = 0; i < found.length; ++i) {
            assertTrue(found[i] >= 0 && found[i] <= 1);
            int k = n * found.length + i;
            BigDecimal middle = centre == Ball.Centre.BYTE ? BigDecimal.valueOf(bytes[k])
                    : new BigDecimal(images[k]).multiply(LARGEST);
            BigDecimal apart = new BigDecimal(found[i]).multiply(LARGEST).subtract(middle).abs();
            sum = norm == Norm.INF ? sum.max(apart) : sum.add(norm == Norm.TWO ? apart.multiply(apart) : apart);
        }
        return norm == Norm.TWO ? sum.sqrt(digits) : sum;
    }

    @Test
    void givenAMisclassifiedImage_whenAttacked_thenItIsBrokenAsItStands() {
        Graph linear = Mlp.of(List.of(Mlp.dense(2, 2, new float[] {-1, 1, 1, -2}, new float[] {0, 0.25f})));
        List<AttackOutcome> outcomes = attack(backend, linear, new float[] {0.9f, 0.1f, 0.1f, 0.9f}, new int[] {0, 0},
                SuiteSettings.autoAttack(Ball.aroundFloats(0.01), new ImageShape(1, 1, 2), 3));
        assertTrue(outcomes.get(0).broken());
        assertEquals(0, outcomes.get(0).linf());
        assertEquals(Optional.empty(), outcomes.get(0).method());
        assertFalse(outcomes.get(1).broken());
    }

    @Test
    void givenLogitsThatAreNoNumbers_whenAttacked_thenNothingCounts() {
        // Logits of 2 and x, and beyond x = 0.8 NaN.
        Graph net = Mlp.of(List.of(
                Mlp.dense(1, 2, new float[] {1, 3e38f}, new float[] {0, -2.4e38f}),
                Mlp.dense(2, 2, new float[] {1, 0, 0, 1e38f}, new float[] {0, 0}),
                Mlp.dense(2, 2, new float[] {0, 0, 1, 0}, new float[] {2, 0})));
        for (Norm norm : Norm.values()) {
            for (AttackOutcome outcome : attack(backend, net, new float[] {0.4f, 0.9f}, new int[2],
                    within(ball("0.5", norm), new ImageShape(1, 1, 1), APGD_CE, APGD_DLR, APGD_T, FAB_T, SQUARE))) {
                assertFalse(outcome.broken(), outcome.toString());
            }
        }
    }

    // ---- independence --------------------------------------------------------------------------------------------------

    /** On the CPU, where matrix products round alike for every number of rows. */
    @ParameterizedTest
    @EnumSource
    void givenOtherBatchesAndOrders_whenAttacked_thenEveryImagesAnswerIsTheSame(Norm norm) {
        for (Supplier<CpuBackend> opening : List.<Supplier<CpuBackend>>of(CpuBackend::plainJava, CpuBackend::create,
                () -> CpuBackend.create(Precision.FLOAT32))) {
            try (Backend cpu = opening.get()) {
                requireSameAnswers(cpu, norm);
            }
        }
    }

    private static void requireSameAnswers(Backend cpu, Norm norm) {
        SplittableRandom random = new SplittableRandom(6);
        Graph net = HostNetwork.random(random, 1.5, 9, 16, 4);
        int count = 40;
        float[] images = HostNetwork.values(random, count * 9, 0, 1);
        int[] labels = predictions(net, images);
        Ball ball = ball(norm == Norm.INF ? "0.04" : norm == Norm.TWO ? "0.12" : "0.2", norm);
        SuiteSettings settings = within(ball, new ImageShape(1, 3, 3), new Search.Apgd(AttackLoss.CROSS_ENTROPY, 20, 2, 0),
                new Search.Apgd(AttackLoss.TARGETED_DLR, 20, 1, 3), new Search.Fab(20, 2, 3), new Search.Square(120, 2));
        List<AttackOutcome> expected = attack(cpu, net, images, labels, settings);
        assertTrue(expected.stream().map(AttackOutcome::method).distinct().count() > 1);
        List<Integer> order = new ArrayList<>(IntStream.range(0, count).boxed().toList());
        Collections.shuffle(order, new Random(3));
        try (Plan network = Plan.load(cpu, net); AttackSuite suite = settings.on(network)) {
            for (int from = 0; from < count;) {
                int size = Math.min(1 + from % 13, count - from);
                int[] indices = order.subList(from, from + size).stream().mapToInt(k -> k).toArray();
                float[] some = new float[size * 9];
                for (int k = 0; k < size; ++k) {
                    System.arraycopy(images, indices[k] * 9, some, k * 9, 9);
                }
                List<AttackOutcome> found = suite.attack(some, Arrays.stream(indices).map(k -> labels[k]).toArray(), indices);
                for (int k = 0; k < size; ++k) {
                    assertEquals(expected.get(indices[k]).method(), found.get(k).method(), "image " + indices[k]);
                    assertArrayEquals(expected.get(indices[k]).adversarialImage(), found.get(k).adversarialImage());
                }
                from += size;
            }
        }
        assertEquals(0, cpu.liveBytes());
    }

    // ---- effort --------------------------------------------------------------------------------------------------------

    /** One class leads by 10 whatever the input: no gradient, and nothing to find. */
    @Test
    void givenANetworkThatIgnoresItsInput_whenAttacked_thenPassesAndMissingGradientsAreCounted() {
        Graph constant = Mlp.of(List.of(Mlp.dense(4, 3, new float[12], new float[] {10, 0, 0})));
        try (Plan network = Plan.load(backend, constant);
             AttackSuite suite = within(Ball.aroundFloats(0.1), new ImageShape(1, 2, 2), APGD_DLR, SQUARE).on(network)) {
            suite.attack(HostNetwork.values(new SplittableRandom(1), 7 * 4, 0, 1), new int[7], IntStream.range(0, 7).toArray());
            List<AttackEffort> efforts = suite.takeEffort();
            AttackEffort apgd = efforts.get(0);
            assertEquals("apgd-dlr", apgd.name());
            assertEquals(7, apgd.images());
            assertEquals(0, apgd.broken());
            assertEquals(7, apgd.zeroGradients());
            assertEquals(7 * 101, apgd.backward());
            AttackEffort square = efforts.get(1);
            assertEquals(7 * 1002, square.forward(), "with the question how close it came");
            assertEquals(0, square.backward());
            assertEquals(List.of(), suite.takeEffort());
        }
    }

    /**
     * The label leads by 0.75 - x, of hidden units near 300, where bf16 has every second number only: there no x changes anything, and
     * no search finds the x that breaks it. In float all find it.
     */
    @Test
    void givenMarginsThatRoundingHides_whenAttacked_thenASecondGoInFloatFindsThem() {
        Graph net = Graph.sequence(Shape.of(1), List.of(
                Mlp.dense(1, 2, new float[] {0, 1}, new float[] {300, 300}), new Op.Relu(),
                Mlp.dense(2, 2, new float[] {1, 0, 0, 1}, new float[] {0.75f, 0})));
        int images = 16;
        float[] x = new float[images];
        Arrays.fill(x, 0.5f);
        boolean rounds = !backend.info().libraries().get("gradients of attacks").equals(Precision.FLOAT32.toString());
        try (Plan network = Plan.load(backend, net);
             AttackSuite suite = within(ball("0.4", Norm.INF), new ImageShape(1, 1, 1), SQUARE).on(network)) {
            List<AttackOutcome> outcomes = suite.attack(x, new int[images], IntStream.range(0, images).toArray());
            assertTrue(outcomes.stream().allMatch(AttackOutcome::broken));
            List<AttackEffort> efforts = suite.takeEffort();
            assertEquals(rounds ? List.of("square", "square-again") : List.of("square"),
                    efforts.stream().map(AttackEffort::name).toList());
            assertEquals(images, efforts.stream().mapToLong(AttackEffort::broken).sum());
        }
    }

    /** Whether the start or the one query raises enough pixels is chance, and the second go tries it anew. */
    @Test
    void givenImagesThatAlmostBreak_whenAttacked_thenTheSecondGoHasOtherRandomNumbers() {
        Graph net = Mlp.of(List.of(Mlp.dense(4, 2, new float[] {0, 0, 0, 0, 1, 1, 1, 1}, new float[] {100, 97.9f})));
        int images = 64;
        float[] x = new float[images * 4];
        Arrays.fill(x, 0.5f);
        try (Plan network = Plan.load(backend, net);
             AttackSuite suite = within(ball("0.05", Norm.INF), new ImageShape(1, 2, 2), new Search.Square(1, 1)).on(network)) {
            suite.attack(x, new int[images], IntStream.range(0, images).toArray());
            List<AttackEffort> efforts = suite.takeEffort();
            assertTrue(efforts.get(0).broken() > 0 && efforts.get(0).broken() < images);
            assertTrue(efforts.get(1).broken() > 0, "the same numbers would break none");
            assertEquals(images - efforts.get(0).broken(), efforts.get(1).images());
        }
    }

    @Test
    void givenSettingsThatMakeNoSense_whenMade_thenRefused() {
        assertThrows(IllegalArgumentException.class, () -> new Search.Apgd(AttackLoss.MARGIN, 100, 1, 0));
        assertThrows(IllegalArgumentException.class, () -> new Search.Apgd(AttackLoss.DLR, 100, 1, 2));
        assertThrows(IllegalArgumentException.class, () -> new Search.Apgd(AttackLoss.TARGETED_DLR, 100, 1, 0));
        assertThrows(IllegalArgumentException.class, () -> new Search.Fab(100, 1, 0));
        assertThrows(IllegalArgumentException.class, () -> within(Ball.aroundFloats(0.1), new ImageShape(1, 2, 2), SQUARE, SQUARE));
        try (Plan network = Plan.load(backend, HostNetwork.random(new SplittableRandom(7), 1, 2, 2))) {
            assertEquals("image is 1 x 2 x 2, but the network has 2 inputs", assertThrows(IllegalArgumentException.class,
                    () -> within(Ball.aroundFloats(0.1), new ImageShape(1, 2, 2), SQUARE).on(network)).getMessage());
        }
    }

    @Test
    void givenTheStandardVersion_whenMade_thenItIsAutoAttacks() {
        assertEquals(List.of(new Search.Apgd(AttackLoss.CROSS_ENTROPY, 100, 1, 0), new Search.Apgd(AttackLoss.TARGETED_DLR, 100, 1, 9),
                new Search.Fab(100, 1, 9), new Search.Square(5000, 1)), Search.autoAttack(Norm.INF));
        assertEquals(Search.autoAttack(Norm.INF), Search.autoAttack(Norm.TWO));
        assertEquals(List.of(new Search.Apgd(AttackLoss.CROSS_ENTROPY, 100, 5, 0), new Search.Apgd(AttackLoss.TARGETED_DLR, 100, 1, 5),
                new Search.Fab(100, 1, 9), new Search.Square(5000, 1)), Search.autoAttack(Norm.ONE));
    }
}
