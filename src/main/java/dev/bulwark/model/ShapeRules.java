package dev.bulwark.model;

import dev.bulwark.shapes.ImageShape;
import dev.bulwark.shapes.Shape;
import dev.bulwark.shapes.Windows;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;

/** What the inputs and constants of an {@link Op} must be, and the shapes that follow from them. */
final class ShapeRules {

    private ShapeRules() {
    }

    static Shape only(String what, List<Shape> inputs) {
        if (inputs.size() != 1) {
            throw new IllegalArgumentException(what + " has one input, not " + inputs.size());
        }
        return inputs.get(0);
    }

    /** @throws IllegalArgumentException if a window has no element of the image */
    static Shape pooled(Windows windows, ImageShape input) {
        ImageShape output = windows.over(input, input.channels());
        boolean empty = IntStream.range(0, output.height()).anyMatch(v -> windows.height().inside(v, input.height()) == 0)
                || IntStream.range(0, output.width()).anyMatch(u -> windows.width().inside(u, input.width()) == 0);
        if (empty) {
            throw new IllegalArgumentException("a pooling of an image of shape " + input
                    + " has a window that lies outside it: " + windows.words());
        }
        return output.shape();
    }

    /** Devices hold what channels are multiplied by as floats. */
    static void requireFloat(String what, int channel, double value) {
        if (!(Math.abs(value) <= Float.MAX_VALUE)) {
            throw new IllegalArgumentException("the " + what + " would be " + value + " in channel " + channel
                    + ", beyond the largest float");
        }
    }

    static void requireRank(String what, Tensor tensor, int rank) {
        if (tensor.shape().rank() != rank) {
            throw new IllegalArgumentException(what + " has shape " + tensor.shape() + ", not " + rank + " dimensions");
        }
    }

    static Shape requireChannels(String what, Shape input, int channels) {
        if (input.dimension(0) != channels) {
            throw new IllegalArgumentException(what + " of " + channels + " channels follows an output of shape " + input);
        }
        return input;
    }

    /** One behind the other along the first dimension. */
    static Shape concatenated(List<Shape> inputs) {
        if (inputs.size() < 2) {
            throw new IllegalArgumentException("a concatenation has at least two inputs, not " + inputs.size());
        }
        int[] dimensions = inputs.get(0).dimensions();
        dimensions[0] = 0;
        for (Shape input : inputs) {
            int[] next = input.dimensions();
            if (next.length != dimensions.length
                    || !Arrays.equals(next, 1, next.length, dimensions, 1, dimensions.length)) {
                throw new IllegalArgumentException("a concatenation needs inputs that are alike but for their first "
                        + "dimension, not " + inputs);
            }
            dimensions[0] = Math.addExact(dimensions[0], next[0]);
        }
        return Shape.of(dimensions);
    }

    /** @throws IllegalArgumentException if {@code source} names an element that {@code input} has not, or one twice */
    static void requireEachAtMostOnce(int[] source, Shape input) {
        boolean[] used = new boolean[input.size()];
        for (int k : source) {
            if (k != Op.Rearrange.ZERO && (k < 0 || k >= used.length || used[k])) {
                throw new IllegalArgumentException("a rearrangement names element " + k + " of an input of shape " + input
                        + (k < 0 || k >= used.length ? ", which has no such element" : " twice"));
            }
            if (k != Op.Rearrange.ZERO) {
                used[k] = true;
            }
        }
    }
}
