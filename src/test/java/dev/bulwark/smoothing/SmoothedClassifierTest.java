package dev.bulwark.smoothing;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.bulwark.device.Backend;
import dev.bulwark.device.DeviceBuffer;
import dev.bulwark.device.DeviceMemory;
import dev.bulwark.device.NoiseKey.Stream;
import dev.bulwark.device.NoiseKey;
import dev.bulwark.device.NoiseLaw;
import dev.bulwark.device.NoisyClassifier.Precision;
import dev.bulwark.device.NoisyClassifier;
import dev.bulwark.device.cpu.CpuBackend;
import dev.bulwark.model.Graph;
import dev.bulwark.model.Mlp;
import dev.bulwark.model.Op;
import dev.bulwark.model.RandomGraph;
import dev.bulwark.plan.Plan;
import dev.bulwark.stats.Sampling;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SmoothedClassifierTest {

    private static final float SIGMA = 0.25f;
    private static final long SEED = 20;

    /** Single precision: the closed forms below are those of an unrounded linear classifier. */
    private final Backend backend = CpuBackend.create(Precision.FLOAT32);

    @AfterEach
    void everyByteIsReturned() {
        assertEquals(0, backend.liveBytes());
        backend.close();
    }

    /** Class 0 where 3 x0 - 4 x1 + 0.5 >= 0, else class 1: at distance |3 x0 - 4 x1 + 0.5| / 5 from the boundary. */
    private static Graph halfPlanes() {
        return Mlp.of(List.of(Mlp.dense(2, 2, new float[] {3, -4, -3, 4}, new float[] {0.5f, -0.5f})));
    }

    /** Three classes behind a hidden layer of seven, weights of both signs. */
    private static Graph threeClasses() {
        SplittableRandom random = new SplittableRandom(4);
        return Mlp.of(List.of(dense(random, 5, 7), dense(random, 7, 3)));
    }

    private static Op.Dense dense(SplittableRandom random, int in, int out) {
        return Mlp.dense(in, out, values(random, in * out), values(random, out));
    }

    private static float[] values(SplittableRandom random, int length) {
        float[] values = new float[length];
        for (int k = 0; k < length; ++k) {
            values[k] = (float) (2 * random.nextDouble() - 1);
        }
        return values;
    }

    private static float[] copies(float[] image, int count) {
        float[] copies = new float[count * image.length];
        for (int k = 0; k < copies.length; ++k) {
            copies[k] = image[k % image.length];
        }
        return copies;
    }

    @Test
    void certifiedRadiusExceedsTheTrueOneNoMoreOftenThanAlpha() {
        float[] image = {0.2f, 0.1f};
        double trueRadius = 0.7 / 5;
        double alpha = 0.05;
        int draws = 4000;
        try (Plan network = Plan.load(backend, halfPlanes());
             SmoothedClassifier smoothed = new SmoothedClassifier(network, SIGMA, SEED)) {
            int[] indices = IntStream.range(0, draws).toArray();
            long falseClaims = smoothed.certify(copies(image, draws), indices, 50, 100, alpha).stream()
                    .filter(c -> c.certificate() instanceof Certificate.Robust claim
                            && (claim.label() != 0 || claim.radius() > trueRadius * (1 + 1e-6)))
                    .count();
            // At most five standard deviations of a binomial count above its mean, and not so few that the bound is
            // slack: counts are whole, which costs some coverage at n = 100, but not half of it.
            double deviation = Math.sqrt(draws * alpha * (1 - alpha));
            assertTrue(falseClaims <= draws * alpha + 5 * deviation, falseClaims + " false claims");
            assertTrue(falseClaims >= draws * alpha / 2, "only " + falseClaims + " false claims");
        }
    }

    @Test
    void givenAllVotesAgree_whenCertified_thenBoundIsAlphaToTheOneOverN() {
        try (Plan network = Plan.load(backend, halfPlanes());
             SmoothedClassifier smoothed = new SmoothedClassifier(network, SIGMA, SEED)) {
            Certification c = smoothed.certify(new float[] {-9, 9}, new int[] {0}, 10, 1000, 0.001).get(0);
            assertEquals(1, c.guess());
            assertArrayEquals(new int[] {0, 1000}, c.counts());
            assertEquals(Math.pow(0.001, 1e-3), c.pALower(), 1e-14);
            assertEquals(Certificate.of(1, 1000, 1000, SIGMA, 0.001), c.certificate());
            assertEquals(10, c.n0());
            assertEquals(1000, c.n());
        }
    }

    @Test
    void selectionNamesTheClassAndFreshVotesAreCounted() {
        float[] boundary = {0.1f, 0.2f};
        try (Plan network = Plan.load(backend, halfPlanes());
             SmoothedClassifier smoothed = new SmoothedClassifier(network, SIGMA, SEED)) {
            int[] indices = IntStream.range(0, 40).toArray();
            List<Certification> answers = smoothed.certify(copies(boundary, 40), indices, 31, 63, 0.05);
            for (int k = 0; k < 40; ++k) {
                int[] selection = directVotes(network, boundary, indices[k], Stream.SELECTION, 31);
                assertEquals(selection[0] >= selection[1] ? 0 : 1, answers.get(k).guess());
                assertArrayEquals(directVotes(network, boundary, indices[k], Stream.ESTIMATION, 63),
                        answers.get(k).counts());
            }
            assertTrue(answers.stream().anyMatch(c -> c.counts()[c.guess()] < c.counts()[1 - c.guess()]),
                    "on the boundary the guess must sometimes lose the fresh vote");
        }
    }

    private int[] directVotes(Plan network, float[] image, int index, Stream stream, int samples) {
        try (DeviceMemory memory = new DeviceMemory(backend); NoisyClassifier base = network.noisyClassifier(memory);
             DeviceBuffer x = backend.allocate(image.length);
             DeviceBuffer counts = backend.allocate(network.classes())) {
            backend.write(image, x);
            backend.zeroInts(counts);
            base.countVotes(x, new int[] {index}, SIGMA, new NoiseKey(SEED, stream), 0, samples, counts);
            int[] votes = new int[network.classes()];
            backend.read(counts, votes);
            return votes;
        }
    }

    @Test
    void givenSelectionTie_whenCertified_thenLowestClassIsGuessed() {
        Graph indifferent = Mlp.of(List.of(Mlp.dense(1, 3, new float[] {0, 0, 0}, new float[] {-1, 1, 1})));
        try (Plan network = Plan.load(backend, indifferent);
             SmoothedClassifier smoothed = new SmoothedClassifier(network, SIGMA, SEED)) {
            assertEquals(1, smoothed.certify(new float[] {0}, new int[] {0}, 5, 5, 0.05).get(0).guess());
        }
        assertEquals(1, Votes.top(new int[] {2, 4, 4}));
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 3, 4, 100})
    void votesDoNotDependOnBatchOrCompany(int batch) {
        requireSameVotes(threeClasses(), batch);
    }

    @Test
    void givenAResidualNetwork_whenCertified_thenVotesDoNotDependOnBatchOrCompany() {
        requireSameVotes(RandomGraph.residual(), 4);
    }

    private void requireSameVotes(Graph graph, int batch) {
        int inputs = graph.input().size();
        try (Backend fastest = CpuBackend.create();
             Plan network = Plan.load(fastest, graph);
             SmoothedClassifier whole = new SmoothedClassifier(network, SIGMA, SEED);
             SmoothedClassifier parts = new SmoothedClassifier(network, NoiseLaw.GAUSSIAN, SIGMA, SEED, batch)) {
            float[] images = values(new SplittableRandom(5), 9 * inputs);
            int[] indices = {7, 3, 100, 9, 12, 45, 2, 81, 64};
            List<Certification> together = whole.certify(images, indices, 20, 301, 0.05);
            List<Certification> apart = parts.certify(images, indices, 20, 301, 0.05);
            for (int k = 0; k < indices.length; ++k) {
                assertSame(together.get(k), apart.get(k));
                float[] alone = Arrays.copyOfRange(images, k * inputs, (k + 1) * inputs);
                assertSame(together.get(k), parts.certify(alone, new int[] {indices[k]}, 20, 301, 0.05).get(0));
            }
            assertEquals(whole.predict(images, indices, 101, 0.05), parts.predict(images, indices, 101, 0.05));
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 4, 100})
    void sequentialVotesAreTheFirstOfThoseForAFixedNumberAndDependOnNoBatch(int batch) {
        Graph graph = threeClasses();
        StoppingRule rule = new StoppingRule(List.of(0.1, 0.25), 1000, SIGMA, 0.01);
        try (Backend fastest = CpuBackend.create();
             Plan network = Plan.load(fastest, graph);
             SmoothedClassifier whole = new SmoothedClassifier(network, SIGMA, SEED);
             SmoothedClassifier parts = new SmoothedClassifier(network, NoiseLaw.GAUSSIAN, SIGMA, SEED, batch)) {
            int inputs = graph.input().size();
            float[] images = values(new SplittableRandom(5), 9 * inputs);
            int[] indices = {7, 3, 100, 9, 12, 45, 2, 81, 64};
            List<Certification> together = whole.certify(images, indices, 20, rule);
            List<Certification> apart = parts.certify(images, indices, 20, rule);
            for (int k = 0; k < indices.length; ++k) {
                Certification found = together.get(k);
                assertSame(found, apart.get(k));
                float[] alone = Arrays.copyOfRange(images, k * inputs, (k + 1) * inputs);
                assertSame(found, parts.certify(alone, new int[] {indices[k]}, 20, rule).get(0));
                Certification fixed = whole.certify(alone, new int[] {indices[k]}, 20, found.samples(), 0.01).get(0);
                assertArrayEquals(fixed.counts(), found.counts());
                assertEquals(fixed.guess(), found.guess());
                assertEquals(1000, found.n());
                assertEquals(Radius.of(Sampling.SEQUENTIAL, found.counts()[found.guess()], found.samples(), SIGMA, 0.01).pALower(),
                        found.pALower());
                assertStoppedWhenSettled(rule, network, alone, found, indices[k]);
            }
            assertTrue(together.stream().mapToInt(Certification::samples).distinct().count() > 1, "not all stop alike");
        }
    }

    /** At its last stage and at none before. */
    private void assertStoppedWhenSettled(StoppingRule rule, Plan network, float[] image, Certification found, int index) {
        for (int stage = 0; rule.samples(stage) <= found.samples(); ++stage) {
            try (SmoothedClassifier smoothed = new SmoothedClassifier(network, SIGMA, SEED)) {
                int[] counts = smoothed.certify(image, new int[] {index}, 20, rule.samples(stage), 0.01).get(0).counts();
                assertEquals(rule.samples(stage) == found.samples(), rule.settled(stage, counts[found.guess()]));
            }
            if (stage == rule.stages() - 1) {
                break;
            }
        }
    }

    @Test
    void givenAStoppingRuleForAnotherSigma_whenCertified_thenRefused() {
        try (Plan network = Plan.load(backend, halfPlanes());
             SmoothedClassifier smoothed = new SmoothedClassifier(network, SIGMA, SEED)) {
            assertRefused("the stopping rule is for sigma 0.5, not 0.25", () -> smoothed.certify(new float[] {0, 0},
                    new int[] {0}, 10, new StoppingRule(List.of(), 10, 0.5, 0.05)));
        }
    }

    private static void assertSame(Certification expected, Certification actual) {
        assertEquals(expected.guess(), actual.guess());
        assertEquals(expected.samples(), actual.samples());
        assertArrayEquals(expected.counts(), actual.counts());
        assertEquals(expected.certificate(), actual.certificate());
    }

    @Test
    void votesForNoClassCountAgainstTheClaim() {
        // Two infinite hidden values of opposite weight: infinity - infinity, whatever the noise.
        Graph overflowing = Mlp.of(List.of(
                Mlp.dense(1, 2, new float[] {3e38f, 3e38f}, new float[] {0, 0}),
                Mlp.dense(2, 2, new float[] {1, -1, -1, 1}, new float[] {0, 0})));
        try (Plan network = Plan.load(backend, overflowing);
             SmoothedClassifier smoothed = new SmoothedClassifier(network, SIGMA, SEED)) {
            Certification c = smoothed.certify(new float[] {10}, new int[] {0}, 10, 100, 0.05).get(0);
            assertArrayEquals(new int[] {0, 0}, c.counts());
            assertEquals(100, c.n());
            assertEquals(new Certificate.Abstain(), c.certificate());
            assertEquals(new Prediction.Abstain(),
                    smoothed.predict(new float[] {10}, new int[] {0}, 100, 0.05).get(0));
        }
    }

    @Test
    void predictedLabelIsWrongNoMoreOftenThanAlpha() {
        float[] nearBoundary = {0.12f, 0.2f};
        double alpha = 0.1;
        int draws = 2000;
        try (Plan network = Plan.load(backend, halfPlanes());
             SmoothedClassifier smoothed = new SmoothedClassifier(network, SIGMA, SEED)) {
            int[] indices = IntStream.range(0, draws).toArray();
            List<Prediction> answers = smoothed.predict(copies(nearBoundary, draws), indices, 100, alpha);
            long wrong = answers.stream().filter(new Prediction.Label(1)::equals).count();
            long abstained = answers.stream().filter(new Prediction.Abstain()::equals).count();
            assertTrue(wrong <= draws * alpha + 5 * Math.sqrt(draws * alpha * (1 - alpha)), wrong + " wrong labels");
            assertTrue(abstained > draws / 2, "only " + abstained + " abstentions beside the boundary");
            assertEquals(new Prediction.Label(0),
                    smoothed.predict(new float[] {2, -2}, new int[] {0}, 100, 0.001).get(0));
        }
    }

    @Test
    void anotherSeedDrawsOtherVotes() {
        float[] boundary = {0.1f, 0.2f};
        try (Plan network = Plan.load(backend, halfPlanes());
             SmoothedClassifier one = new SmoothedClassifier(network, SIGMA, 1);
             SmoothedClassifier two = new SmoothedClassifier(network, SIGMA, 2)) {
            assertFalse(Arrays.equals(
                    one.certify(boundary, new int[] {0}, 1, 1001, 0.05).get(0).counts(),
                    two.certify(boundary, new int[] {0}, 1, 1001, 0.05).get(0).counts()));
        }
    }

    @Test
    void givenArgumentsOutOfRange_whenAsked_thenNamesThem() {
        try (Plan network = Plan.load(backend, halfPlanes());
             SmoothedClassifier smoothed = new SmoothedClassifier(network, SIGMA, SEED)) {
            float[] image = {0, 0};
            int[] index = {0};
            assertRefused("n0 must be positive: 0", () -> smoothed.certify(image, index, 0, 10, 0.05));
            assertRefused("n must be positive: -1", () -> smoothed.certify(image, index, 10, -1, 0.05));
            assertRefused("alpha", () -> smoothed.certify(image, index, 10, 10, 0));
            assertRefused("alpha", () -> smoothed.certify(image, index, 10, 10, Double.NaN));
            assertRefused("alpha", () -> smoothed.predict(image, index, 10, 1));
            assertRefused("inputs holds 2 elements, 2 rows of 2 need 4",
                    () -> smoothed.predict(image, new int[] {0, 1}, 10, 0.05));
            assertRefused("row 0 holds NaN at element 1",
                    () -> smoothed.predict(new float[] {0, Float.NaN}, index, 10, 0.05));
            assertRefused("sigma", () -> new SmoothedClassifier(network, 0, SEED));
            assertRefused("sigma", () -> new SmoothedClassifier(network, Float.NaN, SEED));
        }
    }

    private static void assertRefused(String part, Runnable call) {
        Exception refusal = assertThrows(IllegalArgumentException.class, call::run);
        assertTrue(refusal.getMessage().contains(part), refusal.getMessage());
    }
}
