package dev.bulwark.bounds;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.bulwark.device.DeviceMemory;
import dev.bulwark.device.cpu.CpuBackend;
import dev.bulwark.model.Graph;
import dev.bulwark.model.Mlp;
import dev.bulwark.plan.Plan;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Networks whose counterexamples can be told by hand. */
class CounterexamplesTest {

    /** logit0 - logit1 = |x0 - 0.3| + |x1 - 0.7| - depth: over [0, 1] squared its least value is -depth, far from all corners. */
    private static Graph valley(float depth) {
        return Mlp.of(List.of(
                Mlp.dense(2, 4, new float[] {1, 0, -1, 0, 0, 1, 0, -1}, new float[] {-0.3f, 0.3f, -0.7f, 0.7f}),
                Mlp.dense(4, 2, new float[] {1, 1, 1, 1, 0, 0, 0, 0}, new float[] {-depth, 0})));
    }

    private static Optional<float[]> search(Graph network) {
        Box box = new Box(new float[] {0, 0}, new float[] {1, 1});
        RealNetwork real = new RealNetwork(network);
        try (CpuBackend backend = CpuBackend.create(); Plan plan = Plan.load(backend, network);
             DeviceMemory memory = new DeviceMemory(backend)) {
            Specification specification = Specification.label(0, 2);
            Counterexamples search = new Counterexamples(memory, plan, specification, new RootRegion(memory, plan, box, 64), 64,
                    point -> !real.stands(point, 0), () -> false);
            search.tryPoints();
            return search.found();
        }
    }

    @ParameterizedTest
    @ValueSource(floats = {0.5f, 0.05f, 0.01f})
    void givenAValleyBelowZero_whenSearched_thenAPointInItIsFound(float depth) {
        float[] point = search(valley(depth)).orElseThrow();
        assertTrue(Math.abs(point[0] - 0.3) + Math.abs(point[1] - 0.7) <= depth + 1e-6, point[0] + ", " + point[1]);
    }

    @Test
    void givenAValleyAboveZero_whenSearched_thenNothingIsFound() {
        assertEquals(Optional.empty(), search(valley(-0.001f)));
    }

    /** Of a clause all inequalities must fail: one that is no number does not. */
    @Test
    void givenALogitThatIsNoNumber_whenItsClauseIsValued_thenItDoesNotFail() {
        Specification.Clause clause = new Specification.Clause(List.of(
                new Specification.Inequality(new float[] {1, 0, 0}, -1), new Specification.Inequality(new float[] {0, 1, 0}, -1)));
        assertEquals(-0.5, Descent.value(clause, new float[] {0.5f, -1, 0}));
        assertTrue(Double.isNaN(Descent.value(clause, new float[] {0.5f, Float.NaN, 0})));
        assertTrue(Double.isNaN(Descent.value(clause, new float[] {Float.NaN, -3, 0})));
    }
}
