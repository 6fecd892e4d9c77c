package dev.bulwark.training;

import dev.bulwark.shapes.ImageShape;
import dev.bulwark.training.Objective.GaussianAugmentation;
import dev.bulwark.training.Objective.IntervalBounds.Kappa;
import dev.bulwark.training.Objective.IntervalBounds.Rise;
import dev.bulwark.training.Objective.IntervalBounds;
import java.util.List;
import java.util.Random;

/** Three well separated classes in nine dimensions, and recipes that learn them in a second. */
final class Toy {

    static final int CLASSES = 3;
    static final ImageShape IMAGE = new ImageShape(1, 3, 3);
    private static final int INPUTS = IMAGE.size();

    private Toy() {
    }

    /** Class c is bright in elements 3c .. 3c + 2. */
    static TrainingSet data(int count) {
        Random random = new Random(11);
        float[] images = new float[count * INPUTS];
        int[] labels = new int[count];
        for (int n = 0; n < count; ++n) {
            labels[n] = n % CLASSES;
            for (int i = 0; i < INPUTS; ++i) {
                boolean bright = i / 3 == labels[n];
                images[n * INPUTS + i] = (bright ? 0.7f : 0f) + 0.3f * random.nextFloat();
            }
        }
        return new TrainingSet(images, IMAGE, labels, CLASSES, "toy of " + count);
    }

    /** Ramp, mixed loss, regularisers, clipping, averaging: all that a checkpoint has to carry. */
    static Recipe ibp() {
        return Recipe.minimising(IntervalBounds.of(0.1).rising(new Rise(1.2, 1, 6, Ramp.SMOOTH))
                        .withKappa(new Kappa(1, 0, 1, 8)).withRegulariser(0.5))
                .architecture(Architecture.dense(List.of(17, 13))).epochs(12).batch(16).seed(5)
                .initialisation(Initialisation.SHI).optimiser(Optimiser.adam().withClipNorm(5))
                .learningRate(LearningRate.cosine(0.02, 0.01).withWarmUp(1)).averaging(0.9).build();
    }

    /** Four channels of two by two windows of the three by three inputs. */
    static Recipe convolutional() {
        return ibp().but().architecture(ibp().architecture().withStem(new Convolution(4, 2, 1))).build();
    }

    static Recipe smoothing() {
        return smoothing(new GaussianAugmentation(0.1));
    }

    static Recipe consistency() {
        return smoothing(new GaussianAugmentation(0.1, 2, 5, 0.5));
    }

    private static Recipe smoothing(GaussianAugmentation objective) {
        return Recipe.minimising(objective).architecture(Architecture.dense(List.of(17))).epochs(8).batch(16).seed(5)
                .optimiser(Optimiser.sgd(0.9).withWeightDecay(1e-4)).learningRate(LearningRate.steps(0.1, 0.1, 6)).build();
    }
}
