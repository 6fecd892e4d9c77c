package dev.bulwark.bounds;

import dev.bulwark.model.Graph;
import dev.bulwark.model.Mlp;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.bulwark.data.Norm;
import dev.bulwark.device.Backend;
import dev.bulwark.device.cpu.CpuBackend;
import dev.bulwark.device.cuda.GpuTest;
import dev.bulwark.device.cuda.TestGpu;
import dev.bulwark.plan.Plan;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

@GpuTest
class CudaCrownTest extends CrownTest {

    @Override
    Backend open() {
        return TestGpu.open();
    }

    /** Widths that fill no tile and no warp. Both are promised the same error; sums in double and float differ within it. */
    @Test
    void givenOddWidths_whenVerifiedOnBothBackends_thenBoundsAgree() {
        SplittableRandom random = new SplittableRandom(21);
        Graph net = Mlp.of(List.of(
                Mlp.dense(33, 65, RandomCase.values(random, 33 * 65, -0.3, 0.3), RandomCase.values(random, 65, -0.1, 0.1)),
                Mlp.dense(65, 31, RandomCase.values(random, 65 * 31, -0.3, 0.3), RandomCase.values(random, 31, -0.1, 0.1)),
                Mlp.dense(31, 7, RandomCase.values(random, 31 * 7, -0.3, 0.3), RandomCase.values(random, 7, -0.1, 0.1))));
        float[] images = RandomCase.values(random, 5 * 33, 0, 1);
        int[] labels = random.ints(5, 0, 7).toArray();
        List<Bounds> onGpu = verify(open(), net, images, labels);
        List<Bounds> onCpu = verify(CpuBackend.create(), net, images, labels);
        for (int n = 0; n < 5; ++n) {
            for (int c = 0; c < 7; ++c) {
                assertEquals(onCpu.get(n).lower()[c], onGpu.get(n).lower()[c], 1e-3f);
                assertEquals(onCpu.get(n).upper()[c], onGpu.get(n).upper()[c], 1e-3f);
                assertEquals(onCpu.get(n).marginLower()[c], onGpu.get(n).marginLower()[c], 1e-3f);
            }
        }
    }

    private static List<Bounds> verify(Backend backend, Graph net, float[] images, int[] labels) {
        try (backend; Plan plan = Plan.load(backend, net);
             Crown crown = new Crown(plan, 0)) {
            return crown.verify(images, labels, 0.02);
        }
    }

    @ParameterizedTest
    @EnumSource
    void givenRadiiOfTheirOwn_whenBoundedTogether_thenEachImageHasTheBoundsThatItHasAlone(Norm norm) {
        try (Backend backend = TestGpu.open()) {
            BallsOfABatchTest.requireThoseOfEachAlone(backend, norm, 1e-5f);
            assertEquals(0, backend.liveBytes());
        }
    }
}
