package dev.bulwark.cli;

import dev.bulwark.runs.ExperimentException;
import dev.bulwark.training.Convolution;
import dev.bulwark.training.Recipe;
import java.util.List;
import picocli.CommandLine.Option;

/** The shape of a network to train. */
final class LayerOptions {

    @Option(names = "--hidden", paramLabel = "W,W,…", split = ",",
            description = "Widths of the hidden layers, all dense but for --windows (default: the preset's).")
    private List<Integer> hidden;

    @Option(names = "--windows", paramLabel = "C,K,S", split = ",",
            description = "Let the first hidden layer see windows of K x K pixels, S apart, with C sets of weights that all "
                    + "windows share; its width is C times their number (default: the preset's).")
    private List<Integer> windows;

    /**
     * {@code recipe} with the layers asked for.
     *
     * @throws ExperimentException      unless the windows are three numbers
     * @throws IllegalArgumentException if a number is out of its range
     */
    Recipe of(Recipe recipe) {
        Recipe widened = hidden == null ? recipe : recipe.withHidden(hidden);
        if (windows == null) {
            return widened;
        }
        if (windows.size() != 3) {
            throw new ExperimentException("--windows takes three numbers, channels, pixels along a window's edge and pixels "
                    + "from one to the next, as in 16,7,3, not " + windows);
        }
        return widened.withConvolution(new Convolution(windows.get(0), windows.get(1), windows.get(2)));
    }
}
