package dev.bulwark.model.io.onnx;

import java.util.Arrays;
import java.util.Optional;

/**
 * A value that depends on the input: elements of a value of the graph, in an order that may not be the graph's yet.
 *
 * @param value    its number in the graph
 * @param whole    how many elements that has
 * @param source   where each element lies in it, each at most once; empty if all lie in their order
 * @param dims     as the model sees it
 * @param squashed whether a softmax that was left out stands in front
 */
record Activation(int value, int whole, Optional<int[]> source, int[] dims, boolean squashed) implements Value {

    /** All of a value of the graph. */
    static Activation of(int value, int... dims) {
        return new Activation(value, Dims.size(dims), Optional.empty(), dims, false);
    }

    @Override
    public Activation reshaped(int[] other) {
        return new Activation(value, whole, source, other, squashed);
    }

    @Override
    public Activation ordered(Order order) {
        Order composed = source.map(order::after).orElse(order);
        if (composed.repeats(whole)) {
            throw OnnxException.of("an element is used twice, which no operation here expresses");
        }
        return new Activation(value, whole, composed.isSame(whole) ? Optional.empty() : Optional.of(composed.source()),
                order.dims(), squashed);
    }

    /** Whether all elements of the graph's value are here, in whatever order, and nothing else. */
    boolean isPermutation() {
        return source.map(places -> places.length == whole && Arrays.stream(places).noneMatch(k -> k == Order.NONE))
                .orElse(true);
    }

    /** The elements of another value of the graph that lie there as these do here. */
    Activation in(int other) {
        return new Activation(other, whole, source, dims, squashed);
    }
}
