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
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.lifecycle.AfterContainer;
import net.jqwik.api.lifecycle.BeforeContainer;
import net.jqwik.api.statistics.Statistics;
import net.jqwik.api.statistics.StatisticsCoverage;

/** A certified image that PGD breaks would be a bug in one of the two. */
class PgdAgainstBoundsProperties {

    private static final int IMAGES = 20;

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

    @Property(tries = 40)
    void pgdNeverBreaksACertifiedImage(@ForAll long seed, @ForAll Method method, @ForAll boolean euclidean) {
        SplittableRandom random = new SplittableRandom(seed);
        Graph net = HostNetwork.random(random, 1, 4, 12, 3);
        float[] images = HostNetwork.values(random, IMAGES * 4, 0, 1);
        int[] labels = random.ints(IMAGES, 0, 3).toArray();
        int[] indices = IntStream.range(0, IMAGES).toArray();
        double epsilon = random.nextDouble(0.01, 0.2);
        Ball ball = Ball.aroundFloats(epsilon).in(euclidean ? Norm.TWO : Norm.INF);
        PgdSettings settings = new PgdSettings(ball, 50, PgdSettings.defaultStep(ball), 10, seed,
                List.of(AttackLoss.CROSS_ENTROPY, AttackLoss.MARGIN));
        try (Plan plan = Plan.load(backend, net);
             Verifier verifier = method.verifier(plan); Pgd pgd = new Pgd(plan, settings)) {
            List<Bounds> bounds = verifier.verify(images, labels, ball);
            List<AttackOutcome> outcomes = pgd.attack(images, labels, indices);
            for (int n = 0; n < IMAGES; ++n) {
                boolean certified = bounds.get(n).certified();
                boolean broken = outcomes.get(n).broken();
                assertFalse(certified && broken, "image " + n + ": " + bounds.get(n) + "; " + outcomes.get(n));
                assertEquals(bounds.get(n).cleanPrediction(), outcomes.get(n).cleanPrediction());
                Statistics.label(ball.norm().words()).collect(certified ? "certified" : broken ? "broken" : "neither");
            }
        }
        Statistics.label(ball.norm().words()).coverage(PgdAgainstBoundsProperties::bothKindsOccur);
    }

    private static void bothKindsOccur(StatisticsCoverage coverage) {
        coverage.check("certified").percentage(share -> share > 3);
        coverage.check("broken").percentage(share -> share > 3);
    }
}
