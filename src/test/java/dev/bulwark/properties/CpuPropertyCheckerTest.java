package dev.bulwark.properties;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.bulwark.device.Backend;
import dev.bulwark.device.cpu.CpuBackend;
import dev.bulwark.model.Graph;
import dev.bulwark.model.Op;
import dev.bulwark.model.Tensor;
import dev.bulwark.model.io.vnnlib.Property;
import dev.bulwark.plan.Plan;
import dev.bulwark.shapes.Shape;
import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.Test;

class CpuPropertyCheckerTest extends PropertyCheckerContract {

    @Override
    protected Backend open() {
        return CpuBackend.create();
    }

    @Override
    long domains() {
        return 300;
    }

    /** Branch and bound asks on after it was told of a counterexample: what is tried then must not take its place. */
    @Test
    void givenACounterexample_whenTheSearchGoesOn_thenItIsKept() {
        Graph identity = Graph.sequence(Shape.of(1), List.of(new Op.Dense(Tensor.of(Shape.of(1, 1), 1), Tensor.zeros(1))));
        float only = 0.3f; // one float of [0, 1], which no other search hits
        String exactly = new BigDecimal(only).toPlainString();
        Property property = Property.parse(("(declare-const X_0 Real)(declare-const Y_0 Real)(assert (<= X_0 1))(assert (>= X_0 0))"
                + "(assert (<= Y_0 " + exactly + "))(assert (>= Y_0 " + exactly + "))").getBytes(StandardCharsets.UTF_8));
        Property.Query query = property.queries().get(0);
        try (Plan plan = Plan.load(backend, identity); CounterexampleSearch search = new CounterexampleSearch(plan, 0)) {
            Pursuit pursuit = new Pursuit(query, search, 0, () -> false);
            assertFalse(pursuit.breaks(new float[] {0.25f}));
            assertTrue(pursuit.breaks(new float[] {only}));
            assertFalse(pursuit.breaks(new float[] {0.5f}));
            for (int asked = 0; asked < 20; ++asked) {
                assertTrue(pursuit.stops());
            }
            assertEquals(only, pursuit.witness().orElseThrow().inputs().get(0).floatValue());
        }
    }
}
