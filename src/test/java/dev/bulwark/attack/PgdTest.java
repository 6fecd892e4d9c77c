package dev.bulwark.attack;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.bulwark.data.Ball;
import dev.bulwark.device.Backend;
import dev.bulwark.device.FaultyBackend;
import dev.bulwark.device.cpu.CpuBackend;
import dev.bulwark.model.Graph;
import dev.bulwark.model.Mlp;
import dev.bulwark.model.RandomGraph;
import dev.bulwark.plan.Plan;
import java.math.BigDecimal;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class PgdTest {

    private static final int INPUTS = 4;

    private final Backend backend = CpuBackend.create();

    @AfterEach
    void everyByteIsReturned() {
        assertEquals(0, backend.liveBytes());
        backend.close();
    }

    private static List<AttackOutcome> attack(Backend backend, Graph net, float[] images, int[] labels,
                                              PgdSettings settings) {
        try (Plan network = Plan.load(backend, net); Pgd pgd = new Pgd(network, settings)) {
            return pgd.attack(images, labels, IntStream.range(0, labels.length).toArray());
        }
    }

    /** What the network itself says, so that every image starts out right. */
    private static int[] predictions(Graph net, float[] images) {
        int inputs = net.input().size();
        return IntStream.range(0, images.length / inputs)
                .map(n -> HostNetwork.argMax(HostNetwork.logits(net, HostNetwork.row(images, n, inputs))))
                .toArray();
    }

    @Test
    void linearNetworkBreaksExactlyWhereTheWorstCaseIsNegative() {
        // logit1 - logit0 = 2 x0 - 3 x1 + 1/4: epsilon in every element costs 5 epsilon. No box meets an edge.
        Graph linear = Mlp.of(List.of(Mlp.dense(2, 2, new float[] {-1, 1, 1, -2}, new float[] {0, 0.25f})));
        double epsilon = 0.1;
        float[] images = HostNetwork.values(new SplittableRandom(1), 400 * 2, 0.2, 0.8);
        int[] labels = predictions(linear, images);
        List<AttackOutcome> outcomes = attack(backend, linear, images, labels, PgdSettings.standard(epsilon, 3));
        int broken = 0;
        for (int n = 0; n < labels.length; ++n) {
            double margin = Math.abs(2.0 * images[2 * n] - 3.0 * images[2 * n + 1] + 0.25);
            if (Math.abs(margin - 5 * epsilon) > 1e-5) {
                assertEquals(margin < 5 * epsilon, outcomes.get(n).broken(), "margin " + margin);
            }
            broken += outcomes.get(n).broken() ? 1 : 0;
        }
        assertTrue(broken > 100 && broken < 300, broken + " of 400: the case must have both kinds");
    }

    @Test
    void adversarialImageKeepsItsPromises() {
        requirePromises(backend, HostNetwork.random(new SplittableRandom(2), 1.5, INPUTS, 16, 3), 300,
                PgdSettings.standard(0.1, 3));
    }

    @Test
    void givenAResidualNetwork_whenAttacked_thenAdversarialImagesKeepTheSamePromises() {
        requirePromises(backend, RandomGraph.residual(), 60, PgdSettings.standard(0.02, 3));
    }

    static void requirePromises(Backend backend, Graph net, int count, PgdSettings settings) {
        int inputs = net.input().size();
        float[] images = HostNetwork.values(new SplittableRandom(12), count * inputs, 0, 1);
        int[] labels = predictions(net, images);
        List<AttackOutcome> outcomes = attack(backend, net, images, labels, settings);
        for (int n = 0; n < labels.length; ++n) {
            AttackOutcome outcome = outcomes.get(n);
            float[] image = Arrays.copyOfRange(images, n * inputs, (n + 1) * inputs);
            assertWithin(image, outcome.adversarialImage(), settings.epsilon(), outcome.linf());
            assertEquals(labels[n], outcome.cleanPrediction());
            if (outcome.broken()) {
                double[] logits = HostNetwork.logits(net, HostNetwork.row(outcome.adversarialImage(), 0, inputs));
                assertTrue(logits[outcome.adversarialPrediction()] >= logits[labels[n]] - 1e-5);
                assertNotEquals(labels[n], outcome.adversarialPrediction());
            } else {
                assertArrayEquals(image, outcome.adversarialImage());
                assertEquals(labels[n], outcome.adversarialPrediction());
            }
        }
        assertTrue(outcomes.stream().anyMatch(AttackOutcome::broken));
        assertFalse(outcomes.stream().allMatch(AttackOutcome::broken));
    }

    private static void assertWithin(float[] image, float[] adversarialImage, double epsilon, double linf) {
        BigDecimal distance = BigDecimal.ZERO;
        for (int k = 0; k < image.length; ++k) {
            assertTrue(0 <= adversarialImage[k] && adversarialImage[k] <= 1);
            BigDecimal difference = new BigDecimal(adversarialImage[k]).subtract(new BigDecimal(image[k])).abs();
            distance = distance.max(difference);
        }
        assertTrue(distance.compareTo(new BigDecimal(epsilon)) <= 0, distance + " exceeds " + epsilon);
        assertEquals(distance.doubleValue(), linf);
    }

    @Test
    void givenMisclassifiedImage_whenAttacked_thenItIsBrokenAsItStands() {
        Graph linear = Mlp.of(List.of(Mlp.dense(2, 2, new float[] {-1, 1, 1, -2}, new float[] {0, 0.25f})));
        float[] images = {0.9f, 0.1f, 0.1f, 0.9f};
        List<AttackOutcome> outcomes =
                attack(backend, linear, images, new int[] {0, 0}, PgdSettings.standard(0.01, 3));
        AttackOutcome wrong = outcomes.get(0);
        assertTrue(wrong.broken());
        assertEquals(0, wrong.linf());
        assertEquals(1, wrong.cleanPrediction());
        assertEquals(1, wrong.adversarialPrediction());
        assertArrayEquals(new float[] {0.9f, 0.1f}, wrong.adversarialImage());
        assertFalse(outcomes.get(1).broken());
    }

    @Test
    void givenEpsilonOfZero_whenAttacked_thenNothingNewBreaks() {
        SplittableRandom random = new SplittableRandom(4);
        Graph net = HostNetwork.random(random, 1, INPUTS, 16, 3);
        float[] images = HostNetwork.values(random, 50 * INPUTS, 0, 1);
        List<AttackOutcome> outcomes =
                attack(backend, net, images, predictions(net, images), PgdSettings.standard(0, 3));
        assertFalse(outcomes.stream().anyMatch(AttackOutcome::broken));
    }

    @Test
    void moreRestartsFindOtherMaximaAndKeepWhatFewerFound() {
        // logit0 - logit1 = 0.6 - relu(x - 1/2) - 2 relu(1/2 - x): negative only at the left end of the box, but from
        // right of 1/2 the gradient leads to the right end.
        Graph valley = Mlp.of(List.of(
                Mlp.dense(1, 2, new float[] {1, -1}, new float[] {-0.5f, 0.5f}),
                Mlp.dense(2, 2, new float[] {-1, -2, 0, 0}, new float[] {0.6f, 0})));
        float[] images = new float[64];
        Arrays.fill(images, 0.5f);
        int[] labels = new int[64];
        List<AttackOutcome> one = attack(backend, valley, images, labels, new PgdSettings(0.4, 50, 0.04, 1, 3));
        List<AttackOutcome> many = attack(backend, valley, images, labels, new PgdSettings(0.4, 50, 0.04, 20, 3));
        long brokenByOne = one.stream().filter(AttackOutcome::broken).count();
        assertTrue(brokenByOne > 16 && brokenByOne < 48, brokenByOne + " of 64 starts lay left of the middle");
        assertTrue(many.stream().allMatch(AttackOutcome::broken));
        for (int n = 0; n < images.length; ++n) {
            if (one.get(n).broken()) {
                assertArrayEquals(one.get(n).adversarialImage(), many.get(n).adversarialImage());
            }
        }
    }

    @Test
    void givenPathThatCrossesTheBoundaryAndReturns_whenAttacked_thenItCounts() {
        // logit0 - logit1 = 4 |x - 0.3| - 1 is 0.2 at the image. Steps as long as the box lead from one end to the other:
        // wrong at 0.1, right at 1, where every path that starts right of 0.55 stands after two steps.
        Graph narrow = Mlp.of(List.of(
                Mlp.dense(1, 2, new float[] {1, -1}, new float[] {-0.3f, 0.3f}),
                Mlp.dense(2, 2, new float[] {4, 4, 0, 0}, new float[] {-1, 0})));
        float[] images = new float[32];
        Arrays.fill(images, 0.6f);
        List<AttackOutcome> outcomes =
                attack(backend, narrow, images, new int[32], new PgdSettings(0.5, 2, 1, 1, 3));
        assertTrue(outcomes.stream().allMatch(AttackOutcome::broken));
    }

    /**
     * A random start changes the lead, {@code SCALE} times some 5 of the 6.4 that the worst of the box takes away, by less
     * than a tenth of it; and {@code exp(-500)} is no float.
     */
    @Test
    void givenSaturatedSoftmax_whenAttacked_thenTheMarginBreaksWhatCrossEntropyCannot() {
        int inputs = 64;
        double epsilon = 0.1;
        float scale = 100;
        SplittableRandom random = new SplittableRandom(8);
        float[] weight = new float[3 * inputs];
        for (int i = 0; i < inputs; ++i) {
            weight[i] = random.nextBoolean() ? scale : -scale;
            weight[2 * inputs + i] = -weight[i] / 2;
        }
        float[] images = HostNetwork.values(random, 5 * inputs, 0.2, 0.8);
        List<AttackLoss> both = List.of(AttackLoss.CROSS_ENTROPY, AttackLoss.MARGIN);
        for (int n = 0; n < 5; ++n) {
            float[] image = Arrays.copyOfRange(images, n * inputs, (n + 1) * inputs);
            double product = IntStream.range(0, inputs).mapToDouble(i -> (double) weight[i] * image[i]).sum();
            Graph saturated = Mlp.of(List.of(
                    Mlp.dense(inputs, 3, weight, new float[] {(float) (5 * scale - product), 0, -20 * scale})));
            PgdSettings settings = PgdSettings.standard(epsilon, 3);
            AttackOutcome first = attack(backend, saturated, image, new int[] {0}, settings).get(0);
            assertFalse(first.broken());
            assertEquals(Optional.empty(), first.loss());
            AttackOutcome second = attack(backend, saturated, image, new int[] {0},
                    settings.withLosses(List.of(AttackLoss.MARGIN))).get(0);
            AttackOutcome stronger = attack(backend, saturated, image, new int[] {0}, settings.withLosses(both)).get(0);
            for (AttackOutcome outcome : List.of(second, stronger)) {
                assertEquals(Optional.of(AttackLoss.MARGIN), outcome.loss());
                assertEquals(1, outcome.adversarialPrediction());
                assertWithin(image, outcome.adversarialImage(), epsilon, outcome.linf());
                assertEquals(1, HostNetwork.argMax(HostNetwork.logits(saturated,
                        HostNetwork.row(outcome.adversarialImage(), 0, inputs))));
            }
        }
    }

    /** Plain Java products round alike for every batch shape, so that the same starts lead the same way. */
    @Test
    void givenBothLosses_whenAttacked_thenAllIsBrokenThatEitherBreaksAndFirstByCrossEntropy() {
        try (Backend plain = CpuBackend.plainJava()) {
            SplittableRandom random = new SplittableRandom(9);
            Graph net = HostNetwork.random(random, 40, INPUTS, 16, 5); // many a lead of logits is beyond exp's range
            float[] images = HostNetwork.values(random, 400 * INPUTS, 0, 1);
            int[] labels = predictions(net, images);
            labels[7] = (labels[7] + 1) % 5;
            PgdSettings settings = new PgdSettings(0.1, 20, 0.01, 2, 9);
            List<AttackOutcome> first = attack(plain, net, images, labels, settings);
            List<AttackOutcome> second =
                    attack(plain, net, images, labels, settings.withLosses(List.of(AttackLoss.MARGIN)));
            List<AttackOutcome> both = attack(plain, net, images, labels,
                    settings.withLosses(List.of(AttackLoss.CROSS_ENTROPY, AttackLoss.MARGIN)));
            int gained = 0;
            for (int n = 0; n < labels.length; ++n) {
                AttackOutcome expected = first.get(n).broken() ? first.get(n) : second.get(n);
                assertEquals(expected.broken(), both.get(n).broken());
                assertEquals(expected.loss(), both.get(n).loss());
                assertArrayEquals(expected.adversarialImage(), both.get(n).adversarialImage());
                gained += both.get(n).loss().equals(Optional.of(AttackLoss.MARGIN)) ? 1 : 0;
            }
            assertTrue(gained > 0, "the margin broke nothing that cross-entropy had not");
            assertEquals(Optional.empty(), both.get(7).loss(), "misclassified as it stands");
            assertTrue(both.get(7).broken());
        }
    }

    /** Plain Java products round alike for every batch shape; with them, outcomes agree to the bit. */
    @Test
    void outcomesDoNotDependOnBatchOrCompany() {
        try (Backend plain = CpuBackend.plainJava()) {
            SplittableRandom random = new SplittableRandom(6);
            Graph net = HostNetwork.random(random, 1.5, INPUTS, 16, 3);
            float[] images = HostNetwork.values(random, 1100 * INPUTS, 0, 1);
            int[] labels = predictions(net, images);
            PgdSettings settings = new PgdSettings(0.1, 20, 0.01, 3, 9);
            List<AttackOutcome> together = attack(plain, net, images, labels, settings);
            try (Plan network = Plan.load(plain, net); Pgd pgd = new Pgd(network, settings)) {
                for (int n = 0; n < labels.length; n += 37) {
                    float[] image = Arrays.copyOfRange(images, n * INPUTS, (n + 1) * INPUTS);
                    AttackOutcome alone =
                            pgd.attack(image, new int[] {labels[n]}, new int[] {n}).get(0);
                    assertEquals(together.get(n).broken(), alone.broken());
                    assertEquals(together.get(n).adversarialPrediction(), alone.adversarialPrediction());
                    assertArrayEquals(together.get(n).adversarialImage(), alone.adversarialImage());
                }
            }
        }
    }

    @Test
    void givenRestartsThatBreakNothing_whenAttacked_thenTheirStepIsRecordedOnce() {
        SplittableRandom random = new SplittableRandom(8);
        Graph net = HostNetwork.random(random, 1, INPUTS, 16, 3);
        float[] images = HostNetwork.values(random, 5 * INPUTS, 0, 1);
        AtomicInteger recorded = new AtomicInteger();
        Backend counting = FaultyBackend.wrap(backend, (operation, arguments) -> {
            recorded.addAndGet(operation.equals("record") ? 1 : 0);
            return Optional.empty();
        });
        attack(counting, net, images, predictions(net, images), PgdSettings.standard(0, 3));
        assertEquals(1, recorded.get());
    }

    @Test
    void givenSteps_whenAttacked_thenAsManyAreTakenHoweverTheyAreRecorded() {
        SplittableRandom random = new SplittableRandom(8);
        Graph net = HostNetwork.random(random, 1, INPUTS, 16, 3);
        float[] images = HostNetwork.values(random, 5 * INPUTS, 0, 1);
        for (int steps : new int[] {1, 7, 12, 20, 53}) {
            AtomicInteger taken = new AtomicInteger();
            attack(counting("elementwise.signedStep", taken), net, images, predictions(net, images), new PgdSettings(0,
                    steps, 0, 3, 3));
            assertEquals(3 * steps, taken.get());
        }
    }

    @Test
    void givenANumberOfSteps_whenRecorded_thenTheMostThatDivideItAreTakenTogether() {
        int[][] cases = {{1, 1}, {7, 7}, {10, 10}, {12, 6}, {20, 10}, {50, 10}, {53, 1}, {77, 7}};
        for (int[] each : cases) {
            assertEquals(each[1], PgdBatch.largestDivisor(each[0], 10), each[0] + " steps");
        }
    }

    private Backend counting(String what, AtomicInteger calls) {
        return FaultyBackend.wrap(backend, (operation, arguments) -> {
            calls.addAndGet(operation.equals(what) ? 1 : 0);
            return Optional.empty();
        });
    }

    @Test
    void givenBatchAfterBatch_whenAttacked_thenBuffersWeightsAndStepsStay() {
        SplittableRandom random = new SplittableRandom(8);
        Graph net = HostNetwork.random(random, 1, INPUTS, 16, 3);
        float[] images = HostNetwork.values(random, 8 * INPUTS, 0, 1);
        int[] labels = predictions(net, images);
        int[] indices = IntStream.range(0, 8).toArray();
        for (String operation : List.of("allocate", "inputGradients", "record")) {
            AtomicInteger calls = new AtomicInteger();
            Backend watched = counting(operation, calls);
            try (Plan network = Plan.load(watched, net);
                 Pgd pgd = new Pgd(network, PgdSettings.standard(0, 3))) {
                List<AttackOutcome> first = pgd.attack(images, labels, indices);
                int once = calls.get();
                List<AttackOutcome> second = pgd.attack(images, labels, indices);
                assertEquals(once, calls.get(), operation);
                assertEquals(first.toString(), second.toString());
                pgd.attack(Arrays.copyOf(images, 3 * INPUTS), Arrays.copyOf(labels, 3), Arrays.copyOf(indices, 3));
                assertEquals(once + (operation.equals("record") ? 1 : 0), calls.get(), operation + " for fewer images");
            }
        }
    }

    @Test
    void givenMoreImagesThanBefore_whenAttacked_thenThereIsRoomForThemAndTheBitsAreThoseOfANewAttack() {
        try (Backend plain = CpuBackend.plainJava()) {
            SplittableRandom random = new SplittableRandom(6);
            Graph net = HostNetwork.random(random, 1.5, INPUTS, 16, 3);
            float[] images = HostNetwork.values(random, 90 * INPUTS, 0, 1);
            int[] labels = predictions(net, images);
            PgdSettings settings = new PgdSettings(0.1, 20, 0.01, 3, 9);
            List<AttackOutcome> expected = attack(plain, net, images, labels, settings);
            try (Plan network = Plan.load(plain, net); Pgd pgd = new Pgd(network, settings)) {
                for (int count : new int[] {7, 90, 31}) {
                    List<AttackOutcome> found = pgd.attack(Arrays.copyOf(images, count * INPUTS),
                            Arrays.copyOf(labels, count), IntStream.range(0, count).toArray());
                    for (int n = 0; n < count; ++n) {
                        assertEquals(expected.get(n).toString(), found.get(n).toString());
                        assertArrayEquals(expected.get(n).adversarialImage(), found.get(n).adversarialImage());
                    }
                }
            }
            assertEquals(0, plain.liveBytes());
        }
    }

    @Test
    void givenLogitsThatAreNoNumbers_whenAttacked_thenNeitherRightNorBroken() {
        Graph overflowing = Mlp.of(List.of(
                Mlp.dense(1, 2, new float[] {3e38f, 3e38f}, new float[] {3e38f, 3e38f}),
                Mlp.dense(2, 2, new float[] {1, -1, -1, 1}, new float[] {0, 0})));
        AttackOutcome outcome =
                attack(backend, overflowing, new float[] {1}, new int[] {0}, PgdSettings.standard(0.1, 3)).get(0);
        assertFalse(outcome.broken());
        assertEquals(-1, outcome.cleanPrediction());
        assertEquals(-1, outcome.adversarialPrediction());
        assertEquals(Optional.empty(), outcome.loss());
        assertEquals(0, outcome.linf());
    }

    /**
     * Logits {@code lead} and x up to x = 0.8; from there on a hidden unit is infinite, and with a weight of 0 both logits
     * are NaN.
     */
    private static Graph endingAt08(float lead) {
        return Mlp.of(List.of(
                Mlp.dense(1, 2, new float[] {1, 3e38f}, new float[] {0, -2.4e38f}),
                Mlp.dense(2, 2, new float[] {1, 0, 0, 1e38f}, new float[] {0, 0}),
                Mlp.dense(2, 2, new float[] {0, 0, 1, 0}, new float[] {lead, 0})));
    }

    @Test
    void givenAPathThatEndsInNaN_whenAttacked_thenWhatItFoundBeforeCountsAndTheNaNDoesNot() {
        try (Backend plain = CpuBackend.plainJava()) {
            for (Backend each : List.of(backend, plain)) {
                for (AttackLoss loss : List.of(AttackLoss.CROSS_ENTROPY, AttackLoss.MARGIN, AttackLoss.DLR)) {
                    PgdSettings settings = new PgdSettings(Ball.aroundFloats(0.5), 40, 0.02, 2, 3, List.of(loss));
                    float[] images = {0.4f, 0.1f, 0.4f, 0.3f};
                    List<AttackOutcome> found = attack(each, endingAt08(0.6f), images, new int[4], settings);
                    for (int n : new int[] {0, 2, 3}) { // the first two go through all of 0.6 to 0.8 and beyond
                        assertEquals(1, found.get(n).adversarialPrediction(), each.info().name() + ", " + loss + ", " + n);
                        float x = found.get(n).adversarialImage()[0];
                        assertTrue(x > 0.6f && x < 0.81f, "broken at " + x);
                    }
                    assertFalse(found.get(1).broken(), "0.6 is out of reach");
                    for (AttackOutcome outcome : attack(each, endingAt08(2), images, new int[4], settings)) {
                        assertFalse(outcome.broken(), "nothing but NaN beyond 0.8");
                        assertEquals(0, outcome.cleanPrediction());
                        assertEquals(0, outcome.adversarialPrediction());
                    }
                }
            }
        }
    }

    @Test
    void givenArgumentsThatDoNotFit_whenAttacked_thenNamesThem() {
        Graph net = HostNetwork.random(new SplittableRandom(7), 1, 2, 2);
        PgdSettings settings = PgdSettings.standard(0.1, 3);
        try (Plan network = Plan.load(backend, net); Pgd pgd = new Pgd(network, settings)) {
            assertEquals(List.of(), pgd.attack(new float[0], new int[0], new int[0]));
            assertRefused("inputs holds 3 elements, 1 rows of 2 need 2",
                    () -> pgd.attack(new float[3], new int[1], new int[1]));
            assertRefused("labels must lie in [0, 2): row 0 holds -1",
                    () -> pgd.attack(new float[2], new int[] {-1}, new int[1]));
            assertRefused("imageIndices has 2 elements, labels 1",
                    () -> pgd.attack(new float[2], new int[1], new int[2]));
            assertRefused("inputs must lie in [0.0, 1.0]: row 0 holds NaN at element 1",
                    () -> pgd.attack(new float[] {0, Float.NaN}, new int[1], new int[1]));
        }
    }

    private static void assertRefused(String message, Runnable call) {
        assertEquals(message, assertThrows(IllegalArgumentException.class, call::run).getMessage());
    }
}
