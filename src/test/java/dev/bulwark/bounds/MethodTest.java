package dev.bulwark.bounds;

import dev.bulwark.model.Graph;
import dev.bulwark.model.Mlp;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.bulwark.device.Backend;
import dev.bulwark.device.cpu.CpuBackend;
import dev.bulwark.plan.Plan;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

class MethodTest {

    private static final Graph IDENTITY =
            Mlp.of(List.of(Mlp.dense(2, 2, new float[] {1, 0, 0, 1}, new float[] {0, 0})));

    @ParameterizedTest
    @EnumSource
    void everyMethodBoundsANetwork(Method method) {
        try (Backend backend = CpuBackend.create(); Plan plan = Plan.load(backend, IDENTITY);
             Verifier verifier = method.verifier(plan)) {
            Bounds bounds = verifier.verify(new float[] {0.75f, 0.25f}, new int[] {0}, 0.125).get(0);
            assertEquals(0.25f, bounds.marginLower()[1], 1e-6f);
        }
    }

    @ParameterizedTest
    @CsvSource({"IBP, ibp", "CROWN_IBP, crown-ibp", "DEEPPOLY, deeppoly", "CROWN, crown", "ALPHA_CROWN, alpha-crown"})
    void namesAreThoseOfTheCommandLine(Method method, String name) {
        assertEquals(name, method.toString());
    }
}
