package dev.bulwark.bounds;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.bulwark.device.BackendFixture;
import dev.bulwark.device.DeviceBuffer;
import dev.bulwark.device.DeviceMemory;
import dev.bulwark.model.ExactGraph;
import dev.bulwark.model.Graph;
import dev.bulwark.plan.Logits;
import dev.bulwark.plan.Plan;
import java.math.BigDecimal;
import java.util.SplittableRandom;

/** What tests of bounds on one backend share. */
abstract class BoundsFixture extends BackendFixture {

    /** Of alpha-CROWN. */
    static final int STEPS = 4;

    /** Bounds of an image of label 0, the box's lower corner. */
    Bounds verify(Graph graph, Box box, Method method) {
        try (Plan plan = Plan.load(backend, graph); Verifier verifier = verifier(plan, method)) {
            return verifier instanceof Ibp ibp ? ibp.verify(box, box.lower(), 0)
                    : verifier instanceof Exact exact ? exact.verify(box, box.lower(), 0)
                    : verifier instanceof Cascade cascade ? cascade.verify(box, box.lower(), 0)
                    : ((Crown) verifier).verify(box, box.lower(), 0);
        }
    }

    /** With few steps, and few domains. */
    static Verifier verifier(Plan plan, Method method) {
        return verifier(plan, method, STEPS);
    }

    /** @param steps of alpha-CROWN */
    static Verifier verifier(Plan plan, Method method, int steps) {
        return switch (method) {
            case EXACT -> exact(plan);
            case CASCADE -> new Cascade(plan, steps, exact(plan));
            default -> method.verifier(plan, steps);
        };
    }

    static Exact exact(Plan plan) {
        return new Exact(plan, new Exact.Limits(Double.POSITIVE_INFINITY, 20), new BranchAndBound.Settings(STEPS, STEPS, 1, 256, 2, 8, 8));
    }

    /** A box whose lower ends lie in [-reach, reach] and whose edges are 0, 1 or 2 widths long. */
    static Box box(Graph graph, long seed, double reach, double width) {
        SplittableRandom random = new SplittableRandom(~seed);
        float[] low = RandomCase.values(random, graph.input().size(), -reach, reach);
        float[] high = low.clone();
        for (int i = 0; i < high.length; ++i) {
            high[i] += (float) (width * random.nextInt(3)); // some elements are points
        }
        return new Box(low, high);
    }

    /**
     * The answers of {@link RealNetwork} are those of decimals, and {@link FloatPass} knows how far floats are from them.
     *
     * @param most what it may allow for them
     */
    void requireTheRealNetwork(Graph graph, float[] point, double most, String name) {
        BigDecimal[] exact = ExactGraph.logits(graph, ExactGraph.exactly(point));
        boolean leads = true;
        for (int c = 1; c < exact.length; ++c) {
            leads &= exact[0].compareTo(exact[c]) > 0;
        }
        RealNetwork real = new RealNetwork(graph);
        assertEquals(leads, real.standsExactly(point, 0), name);
        assertEquals(leads, real.standsByIntervals(point, 0).orElse(leads), name);
        assertEquals(leads, real.satisfies(point, Specification.label(0, graph.classes())), name);
        double[] errors = FloatPass.errors(graph, point);
        float[] logits = logits(graph, point);
        for (int c = 0; c < exact.length; ++c) {
            double off = Math.abs(exact[c].doubleValue() - logits[c]);
            assertTrue(errors[c] < most && off <= 2 * errors[c], name + ": " + off + " and " + errors[c]);
        }
    }

    float[] host(DeviceBuffer buffer, int length) {
        float[] values = new float[length];
        backend.read(buffer.slice(0, length), values);
        return values;
    }

    /** The bound where one unit's slope is moved, which is moved back. */
    float moved(AlphaOptimisation optimisation, int to, int units, int unit, float by) {
        float[] slopes = host(optimisation.of(to), units);
        slopes[unit] += by;
        backend.write(slopes, optimisation.of(to));
        float bound = optimisation.minima()[0];
        slopes[unit] -= by;
        backend.write(slopes, optimisation.of(to));
        return bound;
    }

    /** By a float pass. */
    float[] logits(Graph graph, float[] point) {
        try (Plan plan = Plan.load(backend, graph); DeviceMemory memory = new DeviceMemory(backend)) {
            return host(new Logits(memory, plan, 1).of(memory.holding(point), 1), plan.classes());
        }
    }
}
