package dev.bulwark.training;

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
import java.util.stream.Stream;

/**
 * The layers of a network to train, whatever images and classes it is for: a convolution or none, dense layers, and a ReLU
 * behind each. The output layer, one unit a class, is not named here.
 *
 * @param stem  the first hidden layer, where it is a convolution
 * @param dense widths of the dense hidden layers, first to last
 */
public record Architecture(Optional<Convolution> stem, List<Integer> dense) {

    public Architecture {
        Checks.named("convolution, or that there is none,", stem);
        dense = List.copyOf(dense);
        dense.forEach(width -> Checks.atLeast(1, "hidden width", width));
    }

    /** Dense layers alone. */
    public static Architecture dense(List<Integer> widths) {
        return new Architecture(Optional.empty(), widths);
    }

    /** With this convolution as the first hidden layer, instead of what is the first one now. */
    public Architecture withStem(Convolution convolution) {
        return new Architecture(Optional.of(convolution), stem.isPresent() ? dense : dense.subList(Math.min(1, dense.size()),
                dense.size()));
    }

    /**
     * Inputs, units of the hidden layers, classes.
     *
     * @throws IllegalArgumentException if the image has no room for a window of the convolution
     */
    public int[] widths(ImageShape image, int classes) {
        return Stream.of(IntStream.of(image.size()), stem.stream().mapToInt(convolution -> units(convolution, image)),
                dense.stream().mapToInt(Integer::intValue), IntStream.of(classes)).flatMapToInt(widths -> widths).toArray();
    }

    /** Units of a convolution over {@code image}. @throws IllegalArgumentException if it has no room for a window */
    public static int units(Convolution convolution, ImageShape image) {
        return convolution.over(image).outputShape(List.of(image.shape())).size();
    }

    /**
     * The network to train, all its parameters 0. It reads images where a convolution does, else their elements.
     *
     * @throws IllegalArgumentException if the image has no room for a window of the convolution
     */
    public Graph graph(ImageShape image, int classes) {
        List<Op> operations = new ArrayList<>();
        stem.ifPresent(convolution -> operations.addAll(List.of(convolution.over(image), new Op.Relu(), new Op.Flatten())));
        int[] widths = widths(image, classes);
        for (int k = stem.isPresent() ? 1 : 0; k + 1 < widths.length; ++k) {
            operations.add(new Op.Dense(Tensor.zeros(widths[k + 1], widths[k]), Tensor.zeros(widths[k + 1])));
            operations.add(new Op.Relu());
        }
        Shape input = stem.isPresent() ? image.shape() : image.shape().flat();
        return Graph.sequence(input, operations.subList(0, operations.size() - 1)); // no ReLU behind the logits
    }

    /** In words: {@code 784-1024-512-256-10, the first layer 16 channels of 7 x 7 windows, 3 apart}. */
    public String words(ImageShape image, int classes) {
        return IntStream.of(widths(image, classes)).mapToObj(Integer::toString).collect(Collectors.joining("-"))
                + stem.map(convolution -> ", the first layer " + convolution.words()).orElse("");
    }
}
