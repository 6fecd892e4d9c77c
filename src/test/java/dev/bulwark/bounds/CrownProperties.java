package dev.bulwark.bounds;

import dev.bulwark.model.Graph;
import dev.bulwark.model.Mlp;
import dev.bulwark.model.Op;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.bulwark.device.Backend;
import dev.bulwark.device.LinearRelaxations;
import dev.bulwark.plan.Plan;
import java.math.BigDecimal;
import java.util.List;
import java.util.SplittableRandom;
import net.jqwik.api.Assume;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.lifecycle.AfterProperty;
import net.jqwik.api.lifecycle.BeforeProperty;

/** CROWN and alpha-CROWN on random networks: what holds of every point, of each other and of the published formula. */
abstract class CrownProperties {

    /**
     * What rounding may cost a {@link RandomCase}: {@link LinearRelaxations#productError} of twenty terms, 2e-6, times
     * coefficients that sum to some dozens, times inputs of some units, for two layers whose boxes widen each other's lines.
     */
    private static final double SLACK = 1e-3;

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

    private Bounds verify(RandomCase c, int steps) {
        return verify(c, new Crown.Settings(Crown.Units.CROWN, false, steps, steps));
    }

    private Bounds verify(RandomCase c, Crown.Settings settings) {
        try (Plan plan = Plan.load(backend, c.network());
             Crown crown = new Crown(plan, settings)) {
            return crown.verify(c.box(), c.image(), c.label());
        }
    }

    @Property(tries = 200)
    void marginsAreThoseOfThePublishedFormulaOrOfIntervals(@ForAll long seed) {
        assertPublished(RandomCase.of(seed), ReferenceCrown.Units.BOTH, new Crown.Settings(Crown.Units.CROWN, false, 0));
    }

    @Property(tries = 200)
    void crownIbpsMarginsAreThoseOfThePublishedFormulaOrOfIntervals(@ForAll long seed) {
        assertPublished(RandomCase.of(seed), ReferenceCrown.Units.IBP, new Crown.Settings(Crown.Units.IBP, false, 0));
    }

    @Property(tries = 200)
    void theTextbooksMarginsAreThoseOfThePublishedFormulaAlone(@ForAll long seed) {
        RandomCase c = RandomCase.of(seed);
        assertPublished(c, ReferenceCrown.Units.CROWN, new Crown.Settings(Crown.Units.CROWN, true, 0));
        assertPublished(c, ReferenceCrown.Units.IBP, new Crown.Settings(Crown.Units.IBP, true, 0));
    }

    private void assertPublished(RandomCase c, ReferenceCrown.Units units, Crown.Settings settings) {
        ReferenceCrown reference = new ReferenceCrown(c.network(), c.box(), units);
        Assume.that(reference.distanceToAnotherChoice() > 1e-4);
        Bounds bounds = verify(c, settings);
        BigDecimal[] intervals = new ExactNetwork(c.network()).margins(c.box(), c.label());
        for (int k = 0; k < intervals.length; ++k) {
            double published = reference.margin(c.label(), k, reference::adaptive);
            double best = k == c.label() ? 0
                    : settings.textbook() ? published : Math.max(published, intervals[k].doubleValue());
            double found = bounds.marginLower()[k];
            assertTrue(found >= best - SLACK, "class " + k + ": " + found + " for " + best);
            // A box's own comparison may beat both; it is IBP's, and tested there.
            assertTrue(found <= best + SLACK || found <= Bounds.subtractDown(bounds.lower()[c.label()], bounds.upper()[k]));
        }
    }

    @Property(tries = 200)
    void deepPolysMarginsAreThoseOfThePaper(@ForAll long seed) {
        RandomCase c = RandomCase.of(seed);
        ReferenceDeepPoly reference = new ReferenceDeepPoly(c.network(), c.box());
        Assume.that(reference.distanceToAnotherChoice() > 1e-4);
        Bounds bounds;
        try (Plan plan = Plan.load(backend, c.network()); Verifier verifier = Method.DEEPPOLY.verifier(plan, 0, true)) {
            bounds = ((Crown) verifier).verify(c.box(), c.image(), c.label());
        }
        for (int k = 0; k < c.network().classes(); ++k) {
            double published = k == c.label() ? 0 : reference.margin(c.label(), k);
            // A box's own comparison may beat it.
            double box = Bounds.subtractDown(bounds.lower()[c.label()], bounds.upper()[k]);
            assertTrue(Math.abs(published - bounds.marginLower()[k]) <= SLACK
                    || bounds.marginLower()[k] > published && bounds.marginLower()[k] <= box, "class " + k);
        }
    }

    @Property(tries = 200)
    void sampledPointsOfTheBoxStayInsideTheBounds(@ForAll long seed) {
        assertSound(RandomCase.of(seed), seed);
    }

    /** Weights of very different size, and with opposite ones: float sums of such lose all their digits. */
    @Property(tries = 200)
    void sampledPointsStayInsideWhereWeightsCancel(@ForAll long seed) {
        RandomCase mild = RandomCase.of(seed);
        SplittableRandom random = new SplittableRandom(seed);
        List<Op.Dense> wild = Mlp.layers(mild.network()).stream().map(layer -> {
            float[] weight = layer.weight().toArray();
            for (int k = 0; k < weight.length; ++k) {
                weight[k] = k > 0 && random.nextInt(3) == 0 ? -weight[k - 1]
                        : (float) Math.scalb(weight[k], random.nextInt(-30, 30));
            }
            return Mlp.dense(layer.in(), layer.out(), weight, layer.bias().toArray());
        }).toList();
        assertSound(new RandomCase(Mlp.of(wild), mild.box(), mild.image(), mild.label()), seed);
    }

    private void assertSound(RandomCase c, long seed) {
        ExactNetwork exact = new ExactNetwork(c.network());
        for (Crown.Settings settings : List.of(new Crown.Settings(Crown.Units.CROWN, false, 0),
                new Crown.Settings(Crown.Units.CROWN, false, 3, 3), new Crown.Settings(Crown.Units.CROWN, true, 3, 3))) {
            Bounds bounds = verify(c, settings);
            SplittableRandom random = new SplittableRandom(~seed);
            for (int sample = 0; sample < 20; ++sample) {
                BigDecimal[] logits = exact.logits(c.point(random));
                for (int k = 0; k < logits.length; ++k) {
                    assertNotAbove(bounds.lower()[k], logits[k]);
                    assertNotAbove(-bounds.upper()[k], logits[k].negate());
                    assertNotAbove(bounds.marginLower()[k], logits[c.label()].subtract(logits[k]));
                }
            }
        }
    }

    private static void assertNotAbove(float bound, BigDecimal exact) {
        assertTrue(new BigDecimal(bound).compareTo(exact) <= 0, bound + " is above " + exact);
    }

    @Property(tries = 200)
    void eachMethodKeepsWhatTheOneBeforeItHas(@ForAll long seed) {
        RandomCase c = RandomCase.of(seed);
        Bounds weaker;
        try (Plan plan = Plan.load(backend, c.network()); Ibp ibp = new Ibp(plan)) {
            weaker = ibp.verify(c.box(), c.image(), c.label());
        }
        for (int steps : new int[] {0, 4}) {
            Bounds stronger = verify(c, steps);
            for (int k = 0; k < weaker.lower().length; ++k) {
                assertTrue(stronger.lower()[k] >= weaker.lower()[k]);
                assertTrue(stronger.upper()[k] <= weaker.upper()[k]);
                assertTrue(stronger.marginLower()[k] >= weaker.marginLower()[k]);
            }
            assertTrue(stronger.certified() || !weaker.certified());
            assertTrue(stronger.certifiedByBox() || !weaker.certifiedByBox());
            weaker = stronger;
        }
    }

    /** On networks and boxes on which hidden units lose much: single margins may lose a little, for slopes take other ways. */
    @Example
    void slopesOfUnitsGainOnAverage() {
        double alone = 0;
        double withUnits = 0;
        for (long seed = 0; seed < 20; ++seed) {
            SplittableRandom random = new SplittableRandom(seed);
            Graph network = Mlp.of(List.of(
                    Mlp.dense(4, 20, RandomCase.values(random, 80, -1, 1), RandomCase.values(random, 20, -0.5, 0.5)),
                    Mlp.dense(20, 20, RandomCase.values(random, 400, -1, 1), RandomCase.values(random, 20, -0.5, 0.5)),
                    Mlp.dense(20, 2, RandomCase.values(random, 40, -1, 1), new float[] {100, 0})));
            float[] low = RandomCase.values(random, 4, 0, 0.4);
            RandomCase c = new RandomCase(network, new Box(low, RandomCase.values(random, 4, 0.6, 1)), low, 0);
            alone += verify(c, new Crown.Settings(Crown.Units.CROWN, false, 10)).marginLower()[1];
            withUnits += verify(c, new Crown.Settings(Crown.Units.CROWN, false, 10, 10)).marginLower()[1];
        }
        assertTrue(withUnits > alone + 20 * 0.1, withUnits + " and " + alone);
    }
}
