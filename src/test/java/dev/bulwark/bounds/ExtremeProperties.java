package dev.bulwark.bounds;

import dev.bulwark.model.Graph;
import dev.bulwark.model.Mlp;
import dev.bulwark.model.Op;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.bulwark.data.Ball;
import dev.bulwark.data.Epsilon;
import dev.bulwark.device.Backend;
import dev.bulwark.plan.Plan;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.lifecycle.AfterProperty;
import net.jqwik.api.lifecycle.BeforeProperty;
import net.jqwik.api.statistics.Statistics;

/**
 * Networks with weights of any size a float can have, and with many zeros, against exact arithmetic: whatever overflows on
 * the way, no point of the ball lies outside the bounds, and no image changes the bounds of another one.
 */
abstract class ExtremeProperties {

    private static final float[] SIZES = {1e38f, 3e38f, 1e30f, 1e19f, 1, 1, 1e-19f, 1e-30f, 1e-38f, 1e-42f};
    private static final int IMAGES = 3;

    private Backend backend;

    abstract Backend open();

    @BeforeProperty
    void start() {
        backend = open();
    }

    @AfterProperty
    void everyByteIsReturned() {
        assertEquals(0, backend.liveBytes());
        backend.close();
    }

    @Property(tries = 250)
    void pointsOfTheBallStayInsideTheBounds(@ForAll long seed, @ForAll Method method, @ForAll boolean bytes) {
        SplittableRandom random = new SplittableRandom(seed);
        Graph net = network(random);
        int inputs = Mlp.layers(net).get(0).in();
        float[] images = new float[IMAGES * inputs];
        for (int k = 0; k < images.length; ++k) {
            images[k] = random.nextInt(256) / 255f;
        }
        int[] labels = random.ints(IMAGES, 0, net.classes()).toArray();
        Ball ball = new Ball(Epsilon.parse(random.nextInt(60) + "/255"), bytes ? Ball.Centre.BYTE : Ball.Centre.FLOAT);
        ExactNetwork exact = new ExactNetwork(net);
        try (Plan plan = Plan.load(backend, net);
             Verifier verifier = BoundsFixture.verifier(plan, method, 3)) {
            List<Bounds> bounds = verifier.verify(images, labels, ball);
            for (int n = 0; n < IMAGES; ++n) {
                float[] image = Arrays.copyOfRange(images, n * inputs, (n + 1) * inputs);
                if (method == Method.IBP) { // whose sums do not depend on the batch to the last bit
                    Bounds alone = verifier.verify(image, new int[] {labels[n]}, ball).get(0);
                    assertArrayEquals(alone.lower(), bounds.get(n).lower());
                    assertArrayEquals(alone.upper(), bounds.get(n).upper());
                    assertArrayEquals(alone.marginLower(), bounds.get(n).marginLower());
                }
                for (int sample = 0; sample < 12; ++sample) {
                    requireInside(bounds.get(n), exact.logits(point(random, image, ball)));
                }
                Statistics.collect(bounds.get(n).certified() ? "certified"
                        : Float.isInfinite(bounds.get(n).lower()[0]) ? "unbounded" : "open");
            }
        }
        Statistics.coverage(coverage -> {
            coverage.check("certified").percentage(share -> share > 2);
            coverage.check("unbounded").percentage(share -> share > 2);
            coverage.check("open").percentage(share -> share > 2);
        });
    }

    private static Graph network(SplittableRandom random) {
        List<Op.Dense> layers = new ArrayList<>();
        int in = random.nextInt(1, 4);
        for (int i = random.nextInt(4); i >= 0; --i) {
            int out = random.nextInt(2, 6);
            layers.add(Mlp.dense(in, out, wild(random, in * out), wild(random, out)));
            in = out;
        }
        return Mlp.of(layers);
    }

    private static float[] wild(SplittableRandom random, int length) {
        float[] values = RandomCase.values(random, length, -1, 1);
        for (int k = 0; k < length; ++k) {
            values[k] = random.nextInt(3) == 0 ? 0
                    : random.nextInt(6) == 0 && k > 0 ? -values[k - 1] : values[k] * SIZES[random.nextInt(SIZES.length)];
        }
        return values;
    }

    /** A float point of the ball: its ends as often as what lies between them. */
    private static float[] point(SplittableRandom random, float[] image, Ball ball) {
        float[] least = ball.least(image);
        float[] greatest = ball.greatest(image);
        float[] point = new float[image.length];
        for (int k = 0; k < point.length; ++k) {
            point[k] = switch (random.nextInt(3)) {
                case 0 -> least[k];
                case 1 -> greatest[k];
                default -> Math.min(greatest[k],
                        (float) (least[k] + random.nextDouble() * ((double) greatest[k] - least[k])));
            };
        }
        return point;
    }

    private static void requireInside(Bounds bounds, BigDecimal[] logits) {
        boolean best = true;
        for (int c = 0; c < logits.length; ++c) {
            requireNotAbove(bounds.lower()[c], logits[c]);
            requireNotAbove(-bounds.upper()[c], logits[c].negate());
            requireNotAbove(bounds.marginLower()[c], logits[bounds.label()].subtract(logits[c]));
            best &= c == bounds.label() || logits[bounds.label()].compareTo(logits[c]) > 0;
        }
        assertTrue(best || !bounds.certified() && !bounds.certifiedByBox());
    }

    private static void requireNotAbove(float bound, BigDecimal exact) {
        assertFalse(Float.isNaN(bound) || bound == Float.POSITIVE_INFINITY);
        assertTrue(bound == Float.NEGATIVE_INFINITY || new BigDecimal(bound).compareTo(exact) <= 0,
                bound + " is above " + exact.doubleValue());
    }
}
