package dev.bulwark.bounds;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.bulwark.device.Backend;
import dev.bulwark.plan.Plan;
import java.math.BigDecimal;
import java.util.SplittableRandom;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.lifecycle.AfterProperty;
import net.jqwik.api.lifecycle.BeforeProperty;

/** Random networks against exact arithmetic: bounds hold the real numbers, and give away no more than rounding. */
abstract class IbpProperties {

    private Backend backend;

    abstract Backend open();

    /** How far from the exact bounds those of a {@link RandomCase} may lie. */
    abstract double slack();

    @BeforeProperty
    void start() {
        backend = open();
    }

    @AfterProperty
    void everyByteIsReturned() {
        assertEquals(0, backend.liveBytes());
        backend.close();
    }

    private Bounds verify(RandomCase c) {
        try (Plan plan = Plan.load(backend, c.network()); Ibp ibp = new Ibp(plan)) {
            return ibp.verify(c.box(), c.image(), c.label());
        }
    }

    @Property(tries = 300)
    void boundsEncloseExactIntervalsClosely(@ForAll long seed) {
        RandomCase c = RandomCase.of(seed);
        Bounds bounds = verify(c);
        ExactNetwork exact = new ExactNetwork(c.network());
        ExactNetwork.Interval logits = exact.logits(c.box());
        BigDecimal[] margins = exact.margins(c.box(), c.label());
        for (int k = 0; k < margins.length; ++k) {
            assertJustBelow(logits.lower()[k], bounds.lower()[k]);
            assertJustBelow(logits.upper()[k].negate(), -bounds.upper()[k]);
            assertJustBelow(margins[k], bounds.marginLower()[k]);
        }
    }

    private void assertJustBelow(BigDecimal exact, float bound) {
        assertTrue(new BigDecimal(bound).compareTo(exact) <= 0, bound + " is above " + exact);
        assertEquals(exact.doubleValue(), bound, slack());
    }

    @Property(tries = 300)
    void sampledPointsOfTheBoxStayInsideTheBounds(@ForAll long seed) {
        RandomCase c = RandomCase.of(seed);
        Bounds bounds = verify(c);
        ExactNetwork exact = new ExactNetwork(c.network());
        SplittableRandom random = new SplittableRandom(~seed);
        for (int sample = 0; sample < 20; ++sample) {
            BigDecimal[] logits = exact.logits(c.point(random));
            for (int k = 0; k < logits.length; ++k) {
                assertTrue(new BigDecimal(bounds.lower()[k]).compareTo(logits[k]) <= 0);
                assertTrue(new BigDecimal(bounds.upper()[k]).compareTo(logits[k]) >= 0);
                BigDecimal margin = logits[c.label()].subtract(logits[k]);
                assertTrue(new BigDecimal(bounds.marginLower()[k]).compareTo(margin) <= 0);
            }
        }
    }

    @Property(tries = 300)
    void boxCertificateImpliesTheElidedOne(@ForAll long seed) {
        Bounds bounds = verify(RandomCase.of(seed));
        assertTrue(bounds.certified() || !bounds.certifiedByBox());
    }
}
