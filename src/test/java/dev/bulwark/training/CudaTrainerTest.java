package dev.bulwark.training;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.bulwark.device.Backend;
import dev.bulwark.device.cpu.CpuBackend;
import dev.bulwark.device.cuda.GpuTest;
import dev.bulwark.device.cuda.TestGpu;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Recorded steps on a GPU train as the CPU does, short last batch and noisy copies included. */
@GpuTest
class CudaTrainerTest {

    @Test
    void givenNoisyCopies_whenTrainedOnAGpu_thenEpochsGoAsOnTheCpu() {
        List<Progress> expected;
        List<Progress> actual;
        try (Backend cpu = CpuBackend.create(); Backend gpu = TestGpu.open()) {
            expected = Trainer.train(cpu, Toy.consistency(), Toy.data(101), progress -> { }).history();
            actual = Trainer.train(gpu, Toy.consistency(), Toy.data(101), progress -> { }).history();
            assertEquals(0, gpu.liveBytes());
        }
        // The noise is the same; products may be rounded to TF32, 2^-11, and 56 steps of a smooth loss keep it small.
        for (int epoch = 0; epoch < expected.size(); ++epoch) {
            assertEquals(expected.get(epoch).loss(), actual.get(epoch).loss(), 2e-3, "epoch " + epoch);
            assertEquals(expected.get(epoch).natural().orElseThrow().accuracy(),
                    actual.get(epoch).natural().orElseThrow().accuracy(), 0.02, "epoch " + epoch);
        }
    }
}
