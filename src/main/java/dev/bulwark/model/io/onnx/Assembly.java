package dev.bulwark.model.io.onnx;

import dev.bulwark.model.Graph;
import dev.bulwark.model.Op;
import dev.bulwark.shapes.Shape;
import java.nio.IntBuffer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * The graph under construction. Orders of elements and shapes become operations here, where an operation asks for them: one
 * rearranging or reshaping for all that read it.
 */
final class Assembly {

    private final Shape input;
    private final List<Graph.Node> nodes = new ArrayList<>();
    private final List<Shape> shapes = new ArrayList<>();
    private final Map<Ordered, Integer> rearranged = new HashMap<>();
    private final Map<Shaped, Integer> reshaped = new HashMap<>();

    private record Ordered(int value, IntBuffer source) {
    }

    private record Shaped(int value, Shape shape) {
    }

    Assembly(Shape input) {
        this.input = input;
        shapes.add(input);
    }

    /** @return the number of the value that the operation makes. @throws IllegalArgumentException if it doesn't fit */
    int add(String name, Op op, int... inputs) {
        List<Integer> read = new ArrayList<>();
        List<Shape> seen = new ArrayList<>();
        for (int value : inputs) {
            read.add(value);
            seen.add(shapes.get(value));
        }
        Shape made = op.outputShape(seen);
        Dims.requireActivation(made.dimensions());
        nodes.add(new Graph.Node(name, op, read));
        shapes.add(made);
        return nodes.size();
    }

    /** Shape of a value of the graph. */
    Shape shape(int value) {
        return shapes.get(value);
    }

    /** The number of a value that holds these elements in their order, in {@code shape}. */
    int laidOut(String name, Activation activation, Shape shape) {
        return inShape(name, inOrder(name, activation, shape), shape);
    }

    /** The number of a value that holds these elements in their order, in any shape. */
    int inOrder(String name, Activation activation) {
        int[] dims = activation.dims();
        boolean batch = dims.length > 1 && dims[0] == 1;
        return inOrder(name, activation, Dims.shape(batch ? Dims.without(dims, 0) : dims));
    }

    private int inOrder(String name, Activation activation, Shape shape) {
        if (activation.source().isEmpty()) {
            return activation.value();
        }
        int[] source = activation.source().get();
        return rearranged.computeIfAbsent(new Ordered(activation.value(), IntBuffer.wrap(source)),
                key -> add(name, new Op.Rearrange(source, shape), activation.value()));
    }

    private int inShape(String name, int value, Shape shape) {
        if (shape(value).equals(shape)) {
            return value;
        }
        return reshaped.computeIfAbsent(new Shaped(value, shape),
                key -> add(name, shape.rank() == 1 ? new Op.Flatten() : new Op.Reshape(shape), value));
    }

    /** Input and operations, of which some may not be needed. */
    Unfinished finish() {
        return new Unfinished(input, List.copyOf(nodes));
    }

    /** A graph that is not one yet. */
    record Unfinished(Shape input, List<Graph.Node> nodes) {
    }
}
