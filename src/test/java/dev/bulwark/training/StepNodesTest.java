package dev.bulwark.training;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.bulwark.device.Backend;
import dev.bulwark.device.DeviceException;
import dev.bulwark.device.DeviceMemory;
import dev.bulwark.device.cuda.EmulatedDriver.Counter;
import dev.bulwark.device.cuda.EmulatedDriver.Nodes;
import dev.bulwark.device.cuda.EmulatedDriver.Setting;
import dev.bulwark.device.cuda.EmulatedDriver;
import dev.bulwark.device.cuda.GpuTest;
import dev.bulwark.device.cuda.TestGpu;
import dev.bulwark.shapes.ImageShape;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

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
        int images = steps * recipe.passes().batch();
        TrainingSet data = new TrainingSet(new float[images * INPUTS], new ImageShape(1, 28, 28), new int[images], CLASSES,
                "zeros");
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

    /** By their names in the table of cuda/PERFORMANCE.md: a recipe, and an epoch all of whose steps are of the kind. */
    private enum Kind {
        QUICK_BOTH("`quick` with bounds, both losses", Preset.QUICK.ibp(0.1), 3),
        QUICK_WORST("`quick` with bounds, the worst case alone", Preset.QUICK.ibp(0.1), 10),
        QUICK_SMOOTHING("`quick` with noise", Preset.QUICK.smoothing(0.5), 0),
        BEST_BOTH("`best` with bounds, both losses", Preset.BEST.ibp(0.1), 5),
        BEST_SMOOTHING("`best` with noise, two copies", Preset.BEST.smoothing(1), 0),
        REPORT_BOTH("`report` with bounds, both losses", Preset.REPORT.ibp(0.1), 5),
        REPORT_WORST("`report` with bounds, the worst case alone", Preset.REPORT.ibp(0.1), 100),
        REPORT_SMOOTHING("`report` with noise", Preset.REPORT.smoothing(0.5), 0);

        private final String name;
        private final Recipe recipe;
        private final int epoch;

        Kind(String name, Recipe recipe, int epoch) {
            this.name = name;
            this.recipe = recipe;
            this.epoch = epoch;
        }

        /** What the document says of its kernels. */
        long documented() throws IOException {
            String row = "| " + name + " | ";
            return Files.readAllLines(Path.of("cuda/PERFORMANCE.md")).stream().filter(line -> line.startsWith(row))
                    .map(line -> Long.parseLong(line.substring(row.length()).split(" ")[0])).findFirst().orElseThrow();
        }
    }

    @ParameterizedTest
    @EnumSource
    void givenARecipe_whenItSteps_thenItHasTheDocumentedNumberOfKernelsAndNoCopies(Kind kind) throws IOException {
        assertEquals(new Step(new Nodes(kind.documented(), 0, 0, 0), 0), step(kind.recipe, kind.epoch));
    }
}
