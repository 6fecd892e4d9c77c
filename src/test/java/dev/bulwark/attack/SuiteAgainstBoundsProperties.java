package dev.bulwark.attack;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import dev.bulwark.bounds.Bounds;
import dev.bulwark.bounds.Method;
import dev.bulwark.bounds.Verifier;
import dev.bulwark.data.Ball;
import dev.bulwark.data.Norm;
import dev.bulwark.device.Backend;
import dev.bulwark.device.cpu.CpuBackend;
import dev.bulwark.model.Graph;
import dev.bulwark.plan.Plan;
import dev.bulwark.shapes.ImageShape;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.lifecycle.AfterContainer;
import net.jqwik.api.lifecycle.BeforeContainer;
import net.jqwik.api.statistics.Statistics;

/** A certified image that one of AutoAttack's searches breaks would be a bug in one of the two. */
class SuiteAgainstBoundsProperties {

    private static final int IMAGES = 12;

    private static Backend backend;

    @BeforeContainer
    static void open() {
        backend = CpuBackend.create();
    }

    @AfterContainer
    static void everyByteIsReturned() {
        assertEquals(0, backend.liveBytes());
        backend.close();
    }

    @Property(tries = 24)
    void noSearchBreaksACertifiedImage(@ForAll long seed, @ForAll Norm norm) {
        SplittableRandom random = new SplittableRandom(seed);
        Graph net = HostNetwork.random(random, 1, 4, 12, 4);
        float[] images = HostNetwork.values(random, IMAGES * 4, 0, 1);
        int[] labels = random.ints(IMAGES, 0, 4).toArray();
        Ball ball = Ball.aroundFloats(random.nextDouble(0.01, norm == Norm.ONE ? 0.4 : 0.2)).in(norm);
        SuiteSettings settings = new SuiteSettings(ball, new ImageShape(1, 2, 2), seed, List.of(
                new Search.Apgd(AttackLoss.CROSS_ENTROPY, 30, 1, 0), new Search.Apgd(AttackLoss.TARGETED_DLR, 30, 1, 3),
                new Search.Fab(30, 2, 3), new Search.Square(100, 1)));
        try (Plan plan = Plan.load(backend, net); Verifier verifier = Method.CROWN.verifier(plan);
             AttackSuite suite = settings.on(plan)) {
            List<Bounds> bounds = verifier.verify(images, labels, ball);
            List<AttackOutcome> outcomes = suite.attack(images, labels, IntStream.range(0, IMAGES).toArray());
            for (int n = 0; n < IMAGES; ++n) {
                boolean certified = bounds.get(n).certified();
                boolean broken = outcomes.get(n).broken();
                assertFalse(certified && broken, "image " + n + ": " + bounds.get(n) + "; " + outcomes.get(n));
                Statistics.collect(certified ? "certified" : outcomes.get(n).method().isPresent() ? "broken" : "neither");
            }
        }
        Statistics.coverage(coverage -> {
            coverage.check("certified").percentage(share -> share > 1);
            coverage.check("broken").percentage(share -> share > 1);
        });
    }
}
