package dev.bulwark.training;

import dev.bulwark.training.Objective.GaussianAugmentation;
import dev.bulwark.training.Objective.IntervalBounds;
import dev.bulwark.shapes.ImageShape;
import java.util.List;
import java.util.Random;

/** Three well separated classes in nine dimensions, and recipes that learn them in a second. */
final class Toy {

    static final int CLASSES = 3;
    private static final ImageShape IMAGE = new ImageShape(1, 3, 3);
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
        return new Recipe(List.of(17, 13), 12, 16, 5, Initialisation.SHI, Optimiser.adam().withClipNorm(5),
                LearningRate.cosine(0.02, 0.01).withWarmUp(1), 0.9,
                new IntervalBounds(0.1, 1.2, 1, 6, Ramp.SMOOTH, 1, 0, 1, 8, true, 0.5));
    }

    /** Four channels of two by two windows of the three by three inputs. */
    static Recipe convolutional() {
        return ibp().withHidden(List.of(16, 13)).withConvolution(new Convolution(4, 2, 1));
    }

    static Recipe smoothing() {
        return smoothing(new GaussianAugmentation(0.1));
    }

    static Recipe consistency() {
        return smoothing(new GaussianAugmentation(0.1, 2, 5, 0.5));
    }

    private static Recipe smoothing(GaussianAugmentation objective) {
        return new Recipe(List.of(17), 8, 16, 5, Initialisation.KAIMING_UNIFORM,
                Optimiser.sgd(0.9).withWeightDecay(1e-4), LearningRate.steps(0.1, 0.1, 6), 0, objective);
    }
}
