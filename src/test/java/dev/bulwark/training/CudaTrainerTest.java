package dev.bulwark.training;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.bulwark.device.Backend;
import dev.bulwark.device.cpu.CpuBackend;
import dev.bulwark.device.cuda.GpuTest;
import dev.bulwark.device.cuda.TestGpu;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Recorded steps on a GPU train as the CPU does, short last batch and noisy copies included. */
@GpuTest
class CudaTrainerTest {

    static Stream<Recipe> givenARecipe_whenTrainedOnAGpu_thenEpochsGoAsOnTheCpu() {
        return Stream.of(Toy.consistency(), Toy.convolutional());
    }

    private static double accuracy(Progress progress) {
        return progress.losses().natural().or(progress.losses()::worstCase).orElseThrow().accuracy();
    }

    @ParameterizedTest
    @MethodSource
    void givenARecipe_whenTrainedOnAGpu_thenEpochsGoAsOnTheCpu(Recipe recipe) {
        List<Progress> expected;
        List<Progress> actual;
        try (Backend cpu = CpuBackend.create(); Backend gpu = TestGpu.open()) {
            expected = Trainer.train(cpu, recipe, Toy.data(101), progress -> { }).history();
            actual = Trainer.train(gpu, recipe, Toy.data(101), progress -> { }).history();
            assertEquals(0, gpu.liveBytes());
        }
        // The noise is the same; products may be rounded to TF32, 2^-11, and 56 steps of a smooth loss keep it small.
        for (int epoch = 0; epoch < expected.size(); ++epoch) {
            assertEquals(expected.get(epoch).losses().total(), actual.get(epoch).losses().total(), 2e-3, "epoch " + epoch);
            assertEquals(accuracy(expected.get(epoch)), accuracy(actual.get(epoch)), 0.02, "epoch " + epoch);
        }
    }
}
