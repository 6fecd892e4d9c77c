package dev.bulwark.attack;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.bulwark.data.Ball;
import dev.bulwark.data.Epsilon;
import dev.bulwark.data.Norm;
import dev.bulwark.device.Backend;
import dev.bulwark.device.DeviceBuffer;
import dev.bulwark.device.DeviceMemory;
import dev.bulwark.device.cpu.CpuBackend;
import dev.bulwark.model.Graph;
import dev.bulwark.model.Mlp;
import dev.bulwark.model.RandomGraph;
import dev.bulwark.plan.Plan;
import java.math.BigDecimal;
import java.math.MathContext;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** PGD in l2 balls. */
class EuclideanPgdTest {

    private final Backend backend = CpuBackend.create();

    @AfterEach
    void everyByteIsReturned() {
        assertEquals(0, backend.liveBytes());
        backend.close();
    }

    static PgdSettings within(String epsilon, Ball.Centre centre, int steps, int restarts) {
        Ball ball = new Ball(Epsilon.parse(epsilon), centre, Norm.TWO);
        return new PgdSettings(ball, steps, PgdSettings.defaultStep(ball), restarts, 3,
                List.of(AttackLoss.CROSS_ENTROPY, AttackLoss.MARGIN));
    }

    private static List<AttackOutcome> attack(Backend backend, Graph net, float[] images, int[] labels, PgdSettings settings) {
        try (Plan network = Plan.load(backend, net); Pgd pgd = new Pgd(network, settings)) {
            return pgd.attack(images, labels, IntStream.range(0, labels.length).toArray());
        }
    }

    private static int[] predictions(Graph net, float[] images) {
        int inputs = net.input().size();
        return IntStream.range(0, images.length / inputs)
                .map(n -> HostNetwork.argMax(HostNetwork.logits(net, HostNetwork.row(images, n, inputs)))).toArray();
    }

    /** The worst of a linear function over ball and box lies at clamp(x + t w) with the largest t that the ball allows. */
    @Test
    void givenALinearNetwork_whenAttacked_thenItBreaksExactlyWhereTheWorstOfBallAndBoxIsNegative() {
        int inputs = 6;
        SplittableRandom random = new SplittableRandom(1);
        float[] weight = HostNetwork.values(random, inputs, -1, 1);
        float[] rows = new float[2 * inputs];
        System.arraycopy(weight, 0, rows, inputs, inputs);
        double middle = IntStream.range(0, inputs).mapToDouble(i -> 0.5 * weight[i]).sum();
        float bias = (float) (0.1 - middle);
        Graph linear = Mlp.of(List.of(Mlp.dense(inputs, 2, rows, new float[] {0, bias})));
        float[] images = HostNetwork.values(random, 400 * inputs, 0, 1);
        int[] labels = predictions(linear, images);
        List<AttackOutcome> outcomes = attack(backend, linear, images, labels, within("0.4", Ball.Centre.FLOAT, 50, 1));
        int broken = 0;
        int cut = 0;
        for (int n = 0; n < labels.length; ++n) {
            double[] x = HostNetwork.row(images, n, inputs);
            double margin = IntStream.range(0, inputs).mapToDouble(i -> weight[i] * x[i]).sum() + bias;
            double side = labels[n] == 1 ? -1 : 1;
            double gain = worst(weight, x, side, 0.4);
            double whole = 0.4 * Math.sqrt(IntStream.range(0, inputs).mapToDouble(i -> (double) weight[i] * weight[i]).sum());
            if (Math.abs(Math.abs(margin) - gain) > 1e-4) {
                assertEquals(Math.abs(margin) < gain, outcomes.get(n).broken(), "margin " + margin + ", gain " + gain);
            }
            broken += outcomes.get(n).broken() ? 1 : 0;
            cut += gain < 0.99 * whole ? 1 : 0;
        }
        assertTrue(broken > 50 && broken < 350, broken + " of 400: the case must have both kinds");
        assertTrue(cut > 50, cut + " of 400 balls are cut by the box where it counts");
    }

    private static double worst(float[] weight, double[] x, double side, double epsilon) {
        double low = 0;
        double high = 1e6;
        for (int k = 0; k < 200; ++k) {
            double t = (low + high) / 2;
            double squares = 0;
            for (int i = 0; i < x.length; ++i) {
                squares += Math.pow(Math.max(0, Math.min(1, x[i] + t * side * weight[i])) - x[i], 2);
            }
            low = squares <= epsilon * epsilon ? t : low;
            high = squares <= epsilon * epsilon ? high : t;
        }
        double gain = 0;
        for (int i = 0; i < x.length; ++i) {
            gain += side * weight[i] * (Math.max(0, Math.min(1, x[i] + low * side * weight[i])) - x[i]);
        }
        return gain;
    }

    @ParameterizedTest
    @CsvSource({"0.3,FLOAT,100", "0.1,FLOAT,100", "1/3,BYTE,100", "0.002,BYTE,100", "0.0000002,BYTE,1000", "0.00000000001,BYTE,60"})
    void givenBallsOfEverySize_whenAttacked_thenWitnessesTrulyLieInThem(String epsilon, Ball.Centre centre, int count) {
        requirePromises(backend, HostNetwork.random(new SplittableRandom(2), 1.5, 9, 16, 3), count, epsilon, centre);
    }

    @Test
    void givenAResidualNetwork_whenAttacked_thenWitnessesKeepTheSamePromises() {
        requirePromises(backend, RandomGraph.residual(), 30, "0.2", Ball.Centre.BYTE);
    }

    /** Distances in exact arithmetic, from k / 255 where images are bytes. */
    static void requirePromises(Backend backend, Graph net, int count, String epsilon, Ball.Centre centre) {
        int inputs = net.input().size();
        float[] images = new float[count * inputs];
        SplittableRandom random = new SplittableRandom(12);
        int[] bytes = random.ints(images.length, 0, 256).toArray();
        for (int k = 0; k < images.length; ++k) {
            images[k] = centre == Ball.Centre.BYTE ? (float) (bytes[k] / 255.0) : (float) random.nextDouble();
        }
        int[] labels = predictions(net, images);
        PgdSettings settings = within(epsilon, centre, 20, 2);
        List<AttackOutcome> outcomes = attack(backend, net, images, labels, settings);
        for (int n = 0; n < count; ++n) {
            AttackOutcome outcome = outcomes.get(n);
            float[] found = outcome.adversarialImage();
            if (!outcome.broken()) {
                assertArrayEquals(Arrays.copyOfRange(images, n * inputs, (n + 1) * inputs), found);
                continue;
            }
            BigDecimal squares = BigDecimal.ZERO;
            double largest = 0;
            for (int i = 0; i < inputs; ++i) {
                assertTrue(found[i] >= 0 && found[i] <= 1);
                int k = n * inputs + i;
                // Of 255 times the distance, which has finitely many digits.
                BigDecimal apart = new BigDecimal(found[i]).multiply(BigDecimal.valueOf(255)).subtract(
                        centre == Ball.Centre.BYTE ? BigDecimal.valueOf(bytes[k])
                                : new BigDecimal(images[k]).multiply(BigDecimal.valueOf(255)));
                squares = squares.add(apart.multiply(apart));
                largest = Math.max(largest, Math.abs(apart.doubleValue()) / 255);
            }
            BigDecimal away = squares.sqrt(new MathContext(40)).divide(BigDecimal.valueOf(255), new MathContext(40));
            assertTrue(away.compareTo(new BigDecimal(settings.ball().epsilon().lower())) <= 0, away + " exceeds " + epsilon);
            assertTrue(away.compareTo(new BigDecimal(outcome.euclidean())) <= 0, away + " is said to be " + outcome.euclidean());
            assertEquals(away.doubleValue(), outcome.euclidean(), 1e-13 * away.doubleValue());
            assertEquals(largest, outcome.linf(), 1e-15);
            assertNotEquals(labels[n], outcome.adversarialPrediction());
            double[] logits = HostNetwork.logits(net, HostNetwork.row(found, 0, inputs));
            assertTrue(logits[outcome.adversarialPrediction()] >= logits[labels[n]] - 1e-5);
        }
        if (settings.epsilon() > 0.05) {
            assertTrue(outcomes.stream().anyMatch(AttackOutcome::broken));
        }
    }

    @Test
    void givenManyStarts_whenDrawn_thenTheyAreUniformInTheBall() {
        int count = 4000;
        Graph net = HostNetwork.random(new SplittableRandom(2), 1, 3, 2);
        float[] images = new float[3 * count];
        Arrays.fill(images, 0.5f);
        int[] all = IntStream.range(0, count).toArray();
        float[] found = new float[images.length];
        try (Plan network = Plan.load(backend, net); DeviceMemory memory = new DeviceMemory(backend)) {
            PgdSettings settings = within("0.25", Ball.Centre.FLOAT, 1, 1);
            FeasibleSet set = FeasibleSet.of(memory, network, settings.ball(), settings.key(), count);
            set.load(images);
            DeviceBuffer x = memory.allocate(images.length);
            int[] samples = IntStream.range(0, count).map(n -> 2).toArray();
            set.start(new FeasibleSet.Starting(all, memory.holding(all), all, memory.holding(all), samples, memory.holding(samples)),
                    x);
            backend.read(x, found);
        }
        double[] volumes = new double[count];
        double[] means = new double[3];
        for (int n = 0; n < count; ++n) {
            double squares = 0;
            for (int i = 0; i < 3; ++i) {
                double apart = (found[3 * n + i] - 0.5) / 0.25;
                squares += apart * apart;
                means[i] += apart / count;
            }
            volumes[n] = Math.pow(squares, 1.5); // uniform in [0, 1]
        }
        Arrays.sort(volumes);
        for (int n = 0; n < count; ++n) { // Kolmogorov and Smirnov at 1e-6: 2.7 / sqrt(count)
            assertEquals((n + 0.5) / count, volumes[n], 2.7 / Math.sqrt(count));
        }
        for (double mean : means) { // of variance 1/5
            assertEquals(0, mean, 5 * Math.sqrt(0.2 / count));
        }
    }

    @Test
    void givenAnL1Ball_whenSet_thenRefused() {
        Ball ball = Ball.aroundFloats(0.1).in(Norm.ONE);
        assertEquals("an attack stays in l-infinity or l2 balls, not in those of the l1 norm",
                assertThrows(IllegalArgumentException.class,
                        () -> new PgdSettings(ball, 1, 0.1, 1, 0, List.of(AttackLoss.MARGIN))).getMessage());
    }
}
