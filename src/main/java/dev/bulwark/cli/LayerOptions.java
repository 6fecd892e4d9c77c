package dev.bulwark.cli;

import dev.bulwark.runs.ExperimentException;
import dev.bulwark.shapes.ImageShape;
import dev.bulwark.training.Architecture;
import dev.bulwark.training.Convolution;
import dev.bulwark.training.NamedArchitecture;
import dev.bulwark.training.Recipe;
import java.util.List;
import java.util.Optional;
import picocli.CommandLine.Option;

/** The layers of a network to train. */
final class LayerOptions {

    @Option(names = "--architecture", paramLabel = "mlp|mlp-conv|cnn|cnn-medium|cnn7|lenet|resnet",
            description = "Layers by name: dense ones, these with a convolution in front, two convolutions and a dense layer, "
                    + "Gowal et al.'s medium network, CTBench's CNN7, LeNet's sizes with strides in place of pooling, or "
                    + "residual blocks "
                    + "(default: the preset's).")
    private NamedArchitecture named;

    @Option(names = "--hidden", paramLabel = "W,W,…", split = ",",
            description = "Widths of the hidden layers, all dense but for --windows (default: the preset's).")
    private List<Integer> hidden;

    @Option(names = "--windows", paramLabel = "C,K,S", split = ",",
            description = "Make the first hidden layer a convolution of C channels over windows of K x K pixels, S apart; "
                    + "its width is C times their number (default: the preset's).")
    private List<Integer> windows;

    /**
     * {@code recipe} with the layers asked for.
     *
     * @throws ExperimentException      if layers are asked for both by name and by size, or the windows are not three numbers
     * @throws IllegalArgumentException if a number is out of its range
     */
    Recipe of(Recipe recipe) {
        if (named != null) {
            if (hidden != null || windows != null) {
                throw new ExperimentException("--architecture says what the layers are: drop "
                        + (hidden != null ? "--hidden" : "--windows"));
            }
            return recipe.but().architecture(named.architecture()).build();
        }
        Architecture layers = hidden == null ? recipe.architecture() : Architecture.dense(hidden);
        return recipe.but().architecture(convolution().map(layers::withStem).orElse(layers)).build();
    }

    /**
     * Complains if the first of the widths asked for is not the convolution's on such images.
     *
     * @throws ExperimentException naming both
     */
    void requireFit(ImageShape image) {
        if (hidden == null || windows == null) {
            return;
        }
        try {
            Convolution convolution = convolution().orElseThrow();
            int units = convolution.output(image).size();
            if (hidden.get(0) != units) {
                throw new ExperimentException("a first layer of " + hidden.get(0) + " units is not " + convolution.words()
                        + ", which makes " + units);
            }
        } catch (IllegalArgumentException e) {
            throw new ExperimentException(e.getMessage());
        }
    }

    private Optional<Convolution> convolution() {
        if (windows == null) {
            return Optional.empty();
        }
        if (windows.size() != 3) {
            throw new ExperimentException("--windows takes three numbers, channels, pixels along a window's edge and pixels "
                    + "from one to the next, as in 16,7,3, not " + windows);
        }
        return Optional.of(new Convolution(windows.get(0), windows.get(1), windows.get(2)));
    }
}
