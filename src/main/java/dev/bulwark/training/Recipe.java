package dev.bulwark.training;

import dev.bulwark.files.Sha256;
import dev.bulwark.model.Graph;
import dev.bulwark.model.Op;
import dev.bulwark.model.Tensor;
import dev.bulwark.shapes.ImageShape;
import dev.bulwark.shapes.Shape;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * Everything that decides what a training run computes, apart from the data. {@link Preset} holds the named ones.
 *
 * @param hidden         widths of the hidden layers, first to last
 * @param convolution    the first hidden layer, where it looks at windows of the image; else that is dense too
 * @param epochs         passes over the training images
 * @param batch          images in one step; an epoch's last step takes what is left
 * @param seed           keys the initial weights, the order of the images and the noise on them
 * @param initialisation where training starts
 * @param optimiser      how a gradient becomes a step
 * @param learningRate   the step's length over the run
 * @param averaging      decay of the exponential average of the parameters that becomes the network; 0 takes the last ones
 * @param augmentation   how images are changed before every step
 * @param objective      what is minimised
 */
public record Recipe(List<Integer> hidden, Optional<Convolution> convolution, int epochs, int batch, long seed,
                     Initialisation initialisation, Optimiser optimiser, LearningRate learningRate, double averaging,
                     Augmentation augmentation, Objective objective) {

    public Recipe {
        hidden = List.copyOf(hidden);
        hidden.forEach(width -> Checks.atLeast(1, "hidden width", width));
        Checks.named("convolution, or that there is none,", convolution);
        if (convolution.isPresent() && hidden.isEmpty()) {
            throw new IllegalArgumentException("a convolution needs a hidden layer");
        }
        Checks.atLeast(1, "epochs", epochs);
        Checks.atLeast(1, "batch", batch);
        Checks.named("initialisation", initialisation);
        Checks.named("optimiser", optimiser);
        Checks.named("learning rate", learningRate);
        Checks.below(epochs, "warm-up of the learning rate", learningRate.warmUpEpochs());
        Checks.inUnitInterval("averaging", averaging);
        Checks.below(1, "averaging", averaging);
        Checks.named("augmentation", augmentation);
        Checks.named("objective", objective);
    }

    /** Of dense layers and images as they are. */
    public Recipe(List<Integer> hidden, int epochs, int batch, long seed, Initialisation initialisation,
                  Optimiser optimiser, LearningRate learningRate, double averaging, Objective objective) {
        this(hidden, Optional.empty(), epochs, batch, seed, initialisation, optimiser, learningRate, averaging,
                Augmentation.NONE, objective);
    }

    public Recipe withAugmentation(Augmentation other) {
        return new Recipe(hidden, convolution, epochs, batch, seed, initialisation, optimiser, learningRate, averaging, other,
                objective);
    }

    /** With a convolution as the first hidden layer. */
    public Recipe withConvolution(Convolution other) {
        return new Recipe(hidden, Optional.of(other), epochs, batch, seed, initialisation, optimiser, learningRate, averaging,
                augmentation, objective);
    }

    public Recipe withSeed(long other) {
        return new Recipe(hidden, convolution, epochs, batch, other, initialisation, optimiser, learningRate, averaging,
                augmentation, objective);
    }

    /** With hidden layers of other widths, all of them dense. */
    public Recipe withHidden(List<Integer> other) {
        return new Recipe(other, Optional.empty(), epochs, batch, seed, initialisation, optimiser, learningRate, averaging,
                augmentation, objective);
    }

    /**
     * With another weight of the natural loss at the end of its change: more of it keeps more clean accuracy, and certifies
     * less.
     *
     * @throws IllegalArgumentException if the objective has no bounds, or the weight does not lie in [0, 1]
     */
    public Recipe withFinalKappa(double kappa) {
        if (!(objective instanceof Objective.IntervalBounds bounds)) {
            throw new IllegalArgumentException("a final kappa is for training with bounds, not for " + objective);
        }
        return new Recipe(hidden, convolution, epochs, batch, seed, initialisation, optimiser, learningRate, averaging,
                augmentation, bounds.withFinalKappa(kappa));
    }

    /** Inputs, hidden widths, classes. */
    public int[] widths(int inputs, int classes) {
        return IntStream.concat(IntStream.concat(IntStream.of(inputs), hidden.stream().mapToInt(Integer::intValue)),
                IntStream.of(classes)).toArray();
    }

    /**
     * The network to train, all its parameters 0. It reads images where a convolution does, else their elements.
     *
     * @throws IllegalArgumentException if a convolution doesn't fit the image or the first width
     */
    public Graph graph(ImageShape image, int classes) {
        List<Op> operations = new ArrayList<>();
        int[] widths = widths(image.size(), classes);
        convolution.ifPresent(first -> operations.addAll(List.of(first.over(image, widths[1]), new Op.Relu(), new Op.Flatten())));
        for (int k = convolution.isPresent() ? 1 : 0; k + 1 < widths.length; ++k) {
            operations.add(new Op.Dense(Tensor.zeros(widths[k + 1], widths[k]), Tensor.zeros(widths[k + 1])));
            operations.add(new Op.Relu());
        }
        Shape input = convolution.isPresent() ? image.shape() : image.shape().flat();
        return Graph.sequence(input, operations.subList(0, operations.size() - 1)); // no ReLU behind the logits
    }

    /** In words: {@code 784-1024-512-256-10, the first layer 16 channels of 7 x 7 windows, 3 apart}. */
    public String layers(int inputs, int classes) {
        return IntStream.of(widths(inputs, classes)).mapToObj(Integer::toString).collect(Collectors.joining("-"))
                + convolution.map(windows -> ", the first layer " + windows.words()).orElse("");
    }

    /** Hexadecimal SHA-256 over every field: equal recipes, and only those, agree. */
    public String digest() {
        return Sha256.of(toString());
    }
}
