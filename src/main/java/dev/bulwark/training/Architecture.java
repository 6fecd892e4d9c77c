package dev.bulwark.training;

import dev.bulwark.model.Graph;
import dev.bulwark.model.Op;
import dev.bulwark.model.Tensor;
import dev.bulwark.shapes.ImageShape;
import dev.bulwark.shapes.Shape;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * The layers of a network to train, whatever images and classes it is for: convolutions and residual blocks of them, if
 * any, dense layers, and a ReLU behind each. The output layer, one unit a class, is not named here.
 *
 * @param convolutions the first hidden layers or blocks of them, first to last
 * @param dense        widths of the dense hidden layers behind them, first to last
 */
public record Architecture(List<Block> convolutions, List<Integer> dense) {

    public Architecture {
        convolutions = List.copyOf(convolutions);
        dense = List.copyOf(dense);
        dense.forEach(width -> Checks.atLeast(1, "hidden width", width));
    }

    /** Dense layers alone. */
    public static Architecture dense(List<Integer> widths) {
        return new Architecture(List.of(), widths);
    }

    /**
     * With this convolution as the first hidden layer, instead of the convolutions that are there or the first dense layer.
     */
    public Architecture withStem(Convolution convolution) {
        return new Architecture(List.of(convolution), convolutions.isEmpty()
                ? dense.subList(Math.min(1, dense.size()), dense.size()) : dense);
    }

    /**
     * Inputs, units of the hidden layers and behind blocks, classes.
     *
     * @throws IllegalArgumentException if an image has no room for a window of a convolution
     */
    public int[] widths(ImageShape image, int classes) {
        IntStream.Builder units = IntStream.builder();
        ImageShape seen = image;
        for (Block block : convolutions) {
            seen = block.output(seen);
            units.add(seen.size());
        }
        return Stream.of(IntStream.of(image.size()), units.build(), dense.stream().mapToInt(Integer::intValue),
                IntStream.of(classes)).flatMapToInt(widths -> widths).toArray();
    }

    /**
     * The network to train, all its parameters 0. It reads images where a convolution does, else their elements.
     *
     * @throws IllegalArgumentException if an image has no room for a window of a convolution
     */
    public Graph graph(ImageShape image, int classes) {
        Shape input = convolutions.isEmpty() ? image.shape().flat() : image.shape();
        Graph.Builder builder = new Graph.Builder(input);
        int value = Graph.Builder.INPUT;
        ImageShape seen = image;
        for (Block block : convolutions) {
            value = block.add(builder, value, seen);
            seen = block.output(seen);
        }
        if (!convolutions.isEmpty()) {
            value = builder.add(new Op.Flatten(), value);
        }
        int[] widths = widths(image, classes);
        for (int k = convolutions.size(); k + 1 < widths.length; ++k) {
            value = builder.add(new Op.Dense(Tensor.zeros(widths[k + 1], widths[k]), Tensor.zeros(widths[k + 1])), value);
            if (k + 2 < widths.length) { // no ReLU behind the logits
                value = builder.add(new Op.Relu(), value);
            }
        }
        return builder.build();
    }

    /** In words: {@code 784-1024-512-256-10, the first layer 16 channels of 7 x 7 windows, 3 apart}. */
    public String words(ImageShape image, int classes) {
        String widths = IntStream.of(widths(image, classes)).mapToObj(Integer::toString).collect(Collectors.joining("-"));
        return switch (convolutions.size()) {
            case 0 -> widths;
            case 1 -> widths + ", the first layer " + convolutions.get(0).words();
            default -> widths + ", the first layers "
                    + convolutions.stream().map(Block::words).collect(Collectors.joining("; "));
        };
    }
}
