package dev.bulwark.bench;

import dev.bulwark.model.Graph;
import dev.bulwark.runs.ExperimentException;
import dev.bulwark.shapes.ImageShape;
import dev.bulwark.training.Architecture;
import dev.bulwark.training.Block;
import dev.bulwark.training.Convolution;
import dev.bulwark.training.Initialisation;
import java.util.ArrayList;
import java.util.List;

/**
 * The network that is measured, its weights random.
 *
 * @param image what it reads
 */
public record BenchNetwork(ImageShape image, Architecture layers, int classes) {

    private static final long SEED = 1;

    public BenchNetwork {
        if (classes < 2) {
            throw new ExperimentException("a network needs inputs, hidden layers of positive widths and at least 2 classes: "
                    + classes);
        }
    }

    /** Dense layers. @param widths inputs, units of the hidden layers, classes */
    public static BenchNetwork dense(List<Integer> widths) {
        if (widths.size() < 2 || widths.stream().anyMatch(width -> width < 1)) {
            throw new ExperimentException("a network needs inputs, hidden layers of positive widths and at least 2 classes: "
                    + widths);
        }
        int last = widths.size() - 1;
        return new BenchNetwork(new ImageShape(1, 1, widths.get(0)), Architecture.dense(widths.subList(1, last)),
                widths.get(last));
    }

    /** A small one: 16 and 32 channels of 4 x 4 windows, 2 apart, and 100 units, of colour images of 32 x 32, for 10 classes. */
    public static BenchNetwork convolutional() {
        return new BenchNetwork(new ImageShape(3, 32, 32),
                new Architecture(List.of(new Convolution(16, 4, 2, 1), new Convolution(32, 4, 2, 1)), List.of(100)), 10);
    }

    Graph graph() {
        return Initialisation.KAIMING_UNIFORM.draw(layers.graph(image, classes), SEED);
    }

    /** Inputs, units of the hidden layers, classes. */
    List<Integer> widths() {
        List<Integer> widths = new ArrayList<>();
        for (int width : layers.widths(image, classes)) {
            widths.add(width);
        }
        return widths;
    }

    /** With dense hidden layers {@code factor} times as wide. */
    BenchNetwork widened(int factor) {
        return new BenchNetwork(image, new Architecture(layers.convolutions(),
                layers.dense().stream().map(width -> factor * width).toList()), classes);
    }

    /** Multiply-adds of one forward pass. */
    double multiplyAdds() {
        double sum = 0;
        for (int k = 0; k + 1 < widths().size(); ++k) {
            sum += multiplyAdds(k);
        }
        return sum;
    }

    /** Multiply-adds of a layer, the first one being number 0. */
    double multiplyAdds(int layer) {
        List<Integer> widths = widths();
        if (layer >= layers.convolutions().size()) {
            return (double) widths.get(layer) * widths.get(layer + 1);
        }
        ImageShape seen = image;
        for (Block block : layers.convolutions().subList(0, layer)) {
            seen = block.output(seen);
        }
        return layers.convolutions().get(layer).multiplyAdds(seen);
    }
}
