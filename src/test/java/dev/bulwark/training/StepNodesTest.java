package dev.bulwark.training;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.bulwark.device.Backend;
import dev.bulwark.device.DeviceException;
import dev.bulwark.device.DeviceMemory;
import dev.bulwark.device.cuda.EmulatedDriver;
import dev.bulwark.device.cuda.EmulatedDriver.Counter;
import dev.bulwark.device.cuda.EmulatedDriver.Nodes;
import dev.bulwark.device.cuda.EmulatedDriver.Setting;
import dev.bulwark.device.cuda.GpuTest;
import dev.bulwark.device.cuda.TestGpu;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/**
 * Of how many launches and copies a training step consists: each costs a GPU some microseconds, and together they are
 * half of a small step's time (cuda/PERFORMANCE.md). Counts are those of an H200, whose many multiprocessors have more
 * products cut up and added together than smaller GPUs do.
 */
@GpuTest
class StepNodesTest {

    private static final int MULTIPROCESSORS = 132;
    private static final int INPUTS = 784;
    private static final int CLASSES = 10;

    /** A step's graph, and the copies that a step asks for beside it. */
    private record Step(Nodes graph, long copies) {
    }

    @BeforeEach
    void onTheEmulatedDriverOnly() {
        Assumptions.assumeFalse(TestGpu.isReal(), "a real driver does not tell a graph's nodes");
    }

    @AfterEach
    void asBefore() {
        if (!TestGpu.isReal()) {
            EmulatedDriver.reset();
        }
    }

    /** Steps of this epoch, which are all of one kind. They are recorded and asked for; their first kernel fails. */
    private static Step step(Recipe recipe, int epoch) {
        long copiesOfOne = copies(recipe, epoch, 1);
        long copiesOfTwo = copies(recipe, epoch, 2);
        List<Nodes> graphs = EmulatedDriver.capturedGraphs();
        assertEquals(1, graphs.size(), "kinds of steps");
        return new Step(graphs.get(0), copiesOfTwo - copiesOfOne);
    }

    private static long copies(Recipe recipe, int epoch, int steps) {
        EmulatedDriver.reset();
        EmulatedDriver.set(Setting.MULTIPROCESSORS, MULTIPROCESSORS);
        int images = steps * recipe.batch();
        TrainingSet data = new TrainingSet(new float[images * INPUTS], new int[images], CLASSES, "zeros");
        long[] before = new long[1];
        assertThrows(DeviceException.class, () -> {
            try (Backend gpu = TestGpu.open(); DeviceMemory memory = new DeviceMemory(gpu)) {
                TrainingRun run = new TrainingRun(gpu, memory, recipe, data);
                gpu.synchronize();
                EmulatedDriver.set(Setting.FAIL_LAUNCH, 1);
                before[0] = EmulatedDriver.count(Counter.COPIES);
                run.epoch(epoch);
            }
        });
        return EmulatedDriver.count(Counter.COPIES) - before[0];
    }

    @Test
    void givenTheQuickBoundsRecipe_whenItStepsAtBothLosses_thenItHasAsManyNodes() {
        assertEquals(new Step(new Nodes(24, 0, 0, 0), 0), step(Preset.QUICK.ibp(0.1), 3));
    }

    @Test
    void givenTheQuickBoundsRecipe_whenItStepsAtTheWorstCaseAlone_thenItHasAsManyNodes() {
        assertEquals(new Step(new Nodes(24, 0, 0, 0), 0), step(Preset.QUICK.ibp(0.1), 10));
    }

    @Test
    void givenTheQuickSmoothingRecipe_whenItSteps_thenItHasAsManyNodes() {
        assertEquals(new Step(new Nodes(22, 0, 0, 0), 0), step(Preset.QUICK.smoothing(0.5), 0));
    }
}
