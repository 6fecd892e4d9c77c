package dev.bulwark.training;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;

import dev.bulwark.device.Backend;
import dev.bulwark.device.DeviceBuffer;
import dev.bulwark.device.DeviceMemory;
import dev.bulwark.device.cpu.CpuBackend;
import dev.bulwark.training.Objective.GaussianAugmentation;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Two steps at learning rate 0.5 with the gradient held at (3, -4), whose norm is 5; by hand. */
class ParameterUpdateTest {

    private static final float[] START = {1f, 2f};
    private static final float[] GRADIENT = {3f, -4f};
    private static final float ROUNDING = 1e-5f;

    @Test
    void givenMomentumAndDecay_whenSteppedTwice_thenVelocityAccumulates() {
        // v1 = (3.1, -3.8), p1 = (-0.55, 3.9); v2 = v1/2 + (3 - 0.055, -4 + 0.39) = (4.495, -5.51)
        assertArrayEquals(new float[] {-2.7975f, 6.655f},
                stepTwice(Optimiser.sgd(0.5).withWeightDecay(0.1), 0), ROUNDING);
    }

    @Test
    void givenAClipNorm_whenTheGradientIsLonger_thenItsLengthIsTheNorm() {
        // Each step moves by 0.5 * (0.6, -0.8).
        assertArrayEquals(new float[] {0.4f, 2.8f}, stepTwice(Optimiser.sgd(0).withClipNorm(1), 0), ROUNDING);
    }

    @Test
    void givenAClipNorm_whenTheGradientIsShorter_thenItIsLeftAlone() {
        assertArrayEquals(new float[] {-2f, 6f}, stepTwice(Optimiser.sgd(0).withClipNorm(5.1), 0), ROUNDING);
    }

    /** The first is a weight, the second a bias: the weight's gradient is 3.5, and 2.5 once it has fallen below 0. */
    @Test
    void givenAnL1Norm_whenSteppedTwice_thenWeightsAreDrawnToZeroByTheirSignAndBiasesAreNot() {
        // Weight: 1 - 1.75 = -0.75, then -0.75 - 0.5 (3 - 0.5) = -2
        assertArrayEquals(new float[] {-2f, 6f}, stepTwice(Optimiser.sgd(0).withL1(0.5), 0), ROUNDING);
    }

    @Test
    void givenAConstantGradient_whenAdamSteps_thenEachStepIsTheLearningRate() {
        assertArrayEquals(new float[] {0f, 3f}, stepTwice(Optimiser.adam(), 0), ROUNDING);
    }

    @Test
    void givenAveraging_whenSteppedTwice_thenTheResultIsTheRunningAverage() {
        // Parameters (1, 2), (-0.5, 4), (-2, 6); averages 3/4 old + 1/4 new: (0.625, 2.5), (-0.03125, 3.375)
        assertArrayEquals(new float[] {-0.03125f, 3.375f}, stepTwice(Optimiser.sgd(0), 0.75), ROUNDING);
    }

    private static float[] stepTwice(Optimiser optimiser, double averaging) {
        Recipe recipe = Recipe.minimising(new GaussianAugmentation(1)).architecture(Architecture.dense(List.of())).epochs(1)
                .batch(1).optimiser(optimiser).learningRate(LearningRate.steps(0.5, 1)).averaging(averaging).build();
        try (Backend backend = CpuBackend.create(); DeviceMemory memory = new DeviceMemory(backend)) {
            DeviceBuffer parameters = memory.holding(START);
            StepScalars scalars = new StepScalars(backend, memory, 1, 0, Adversary.none(), 2);
            scalars.load(new Schedule(recipe, 2).epoch(0));
            DeviceBuffer gradient = memory.allocate(GRADIENT.length);
            ParameterUpdate update = new ParameterUpdate(backend, memory, recipe, scalars, parameters, gradient,
                    () -> new float[] {1, 0});
            DeviceBuffer next = memory.holding(new int[] {0});
            for (int step = 0; step < 2; ++step) {
                backend.indexing().copyRows(next, 1, scalars.current());
                backend.write(GRADIENT, gradient);
                update.apply();
            }
            float[] result = new float[2];
            backend.read(update.result(), result);
            return result;
        }
    }
}
