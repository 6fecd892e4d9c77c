package dev.bulwark.runs;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.bulwark.data.Dataset;
import dev.bulwark.data.Digits;
import dev.bulwark.data.Epsilon;
import dev.bulwark.data.Split;
import dev.bulwark.device.Backend;
import dev.bulwark.device.cpu.CpuBackend;
import dev.bulwark.training.Architecture;
import dev.bulwark.training.Convolution;
import dev.bulwark.training.Initialisation;
import dev.bulwark.training.LearningRate;
import dev.bulwark.training.Objective.IntervalBounds.Kappa;
import dev.bulwark.training.Objective.IntervalBounds.Rise;
import dev.bulwark.training.Objective.IntervalBounds;
import dev.bulwark.training.Optimiser;
import dev.bulwark.training.Ramp;
import dev.bulwark.training.Recipe;
import dev.bulwark.training.Trained;
import dev.bulwark.training.Trainer;
import dev.bulwark.training.TrainingSet;
import java.util.List;
import org.junit.jupiter.api.Test;

/**
 * A convolutional network learns digits, and bounds certify what it learned: training and verification by the same graph.
 */
class ConvolutionalTrainingTest {

    private static final Epsilon EPSILON = Epsilon.of(0.03);

    @Test
    void givenTwoConvolutions_whenTrainedWithBounds_thenTheLossFallsAndMoreImagesAreCertified() {
        Recipe recipe = Recipe.minimising(IntervalBounds.of(0.03).rising(new Rise(1, 1, 4, Ramp.LINEAR))
                        .withKappa(new Kappa(1, 0, 1, 5)).withRegulariser(0.5))
                .architecture(new Architecture(List.of(new Convolution(8, 5, 2, 1), new Convolution(16, 4, 2, 1)),
                        List.of(64)))
                .epochs(10).batch(50).initialisation(Initialisation.SHI).optimiser(Optimiser.adam())
                .learningRate(LearningRate.cosine(3e-3, 0)).build();
        Dataset training = Digits.generate(0, Split.TRAIN, 1000);
        Dataset test = Digits.generate(0, Split.TEST, 200);
        float[] pixels = new float[1000 * training.imageSize()];
        training.pixels(0, 1000, pixels);
        TrainingSet set = new TrainingSet(pixels, training.shape(), training.labels(), training.classes(),
                training.digest());
        try (Backend backend = CpuBackend.create()) {
            Trained trained = Trainer.train(backend, recipe, set, progress -> { });

            double untrained = new Evaluation(backend, recipe.optimisation().initialisation().draw(
                    recipe.architecture().graph(set.shape(), set.classes()), 0), test).certified(EPSILON);
            double certified = new Evaluation(backend, trained.graph(), test).certified(EPSILON);

            assertTrue(trained.last().losses().total() < 1.3, "a loss of " + trained.last().losses().total());
            assertTrue(untrained < 20 && certified > 40, certified + "% certified after " + untrained + "%");
            assertEquals(0, backend.liveBytes());
        }
    }
}
