package dev.bulwark.model;

import dev.bulwark.shapes.Shape;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.UnaryOperator;

/**
 * A classifier: operations in an order in which each follows all that it reads, from one input to one output of logits
 * {@code [classes]}. Values are numbered: 0 is the input, k + 1 what operation k makes.
 *
 * <p>Every operation contributes to the output; one that doesn't is refused, for it would cost time and mean nothing.
 */
public final class Graph {

    private final List<Node> nodes;
    private final List<Shape> shapes;

    /**
     * An operation at its place.
     *
     * @param name   what its file calls it, or what kind it is; for messages
     * @param inputs numbers of the values that it reads
     */
    public record Node(String name, Op op, List<Integer> inputs) {

        public Node {
            inputs = List.copyOf(inputs);
        }
    }

    private Graph(Shape input, List<Node> nodes) {
        this.nodes = List.copyOf(nodes);
        List<Shape> known = new ArrayList<>();
        known.add(input);
        for (int k = 0; k < nodes.size(); ++k) {
            known.add(shapeOf(nodes.get(k), k, known));
        }
        this.shapes = List.copyOf(known);
        if (nodes.isEmpty()) {
            throw new IllegalArgumentException("a network needs at least one operation");
        }
        if (output().rank() != 1) {
            throw new IllegalArgumentException("the output must be a vector of logits, not of shape " + output());
        }
        requireAllUsed();
    }

    private static Shape shapeOf(Node node, int k, List<Shape> known) {
        for (int value : node.inputs) {
            if (value < 0 || value > k) {
                throw new IllegalArgumentException(node.name + ", operation " + k + ", reads value " + value
                        + ", which is not made before it");
            }
        }
        try {
            return node.op.outputShape(node.inputs.stream().map(known::get).toList());
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException(node.name + ", operation " + k + ": " + e.getMessage(), e);
        }
    }

    private void requireAllUsed() {
        Set<Integer> read = new HashSet<>();
        nodes.forEach(node -> read.addAll(node.inputs));
        for (int value = 0; value < nodes.size(); ++value) {
            if (!read.contains(value)) {
                throw new IllegalArgumentException(value == 0 ? "nothing reads the input"
                        : "nothing reads what " + nodes.get(value - 1).name + ", operation " + (value - 1) + ", makes");
            }
        }
    }

    /** Operations one after the other, each reading what the one before it makes. */
    public static Graph sequence(Shape input, List<? extends Op> ops) {
        Builder builder = new Builder(input);
        int value = Builder.INPUT;
        for (Op op : ops) {
            value = builder.add(op, value);
        }
        return builder.build();
    }

    /** Puts a graph together; the last operation makes its output. */
    public static final class Builder {

        /** The number of the input's value. */
        public static final int INPUT = 0;

        private final Shape input;
        private final List<Node> nodes = new ArrayList<>();

        public Builder(Shape input) {
            this.input = input;
        }

        /** @return the number of the value that the operation makes */
        public int add(Op op, int... inputs) {
            return add(op.getClass().getSimpleName() + " " + nodes.size(), op, inputs);
        }

        /** @return the number of the value that the operation makes */
        public int add(String name, Op op, int... inputs) {
            List<Integer> values = new ArrayList<>();
            for (int value : inputs) {
                values.add(value);
            }
            nodes.add(new Node(name, op, values));
            return nodes.size();
        }

        /**
         * Shape of a value that was added.
         *
         * @throws IllegalArgumentException naming an operation that doesn't fit what it reads
         */
        public Shape shape(int value) {
            List<Shape> known = new ArrayList<>();
            known.add(input);
            for (int k = 0; k < value; ++k) {
                known.add(shapeOf(nodes.get(k), k, known));
            }
            return known.get(value);
        }

        /** @throws IllegalArgumentException naming an operation that doesn't fit what it reads, or that nothing reads */
        public Graph build() {
            return new Graph(input, nodes);
        }
    }

    /** The same graph of other operations, each in its place; {@code change} takes them first to last. */
    public Graph map(UnaryOperator<Op> change) {
        List<Node> changed = new ArrayList<>();
        nodes.forEach(node -> changed.add(new Node(node.name, change.apply(node.op), node.inputs)));
        return new Graph(input(), changed);
    }

    /** Shape of one input. */
    public Shape input() {
        return shapes.get(0);
    }

    /** Shape of the output, {@code [classes]}. */
    public Shape output() {
        return shapes.get(nodes.size());
    }

    /** Number of logits. */
    public int classes() {
        return output().size();
    }

    /** The operations; each follows all that it reads. */
    public List<Node> nodes() {
        return nodes;
    }

    /** Shape of value {@code number}. */
    public Shape shape(int number) {
        return shapes.get(number);
    }

    /** How many operations read value {@code number}. */
    public int readers(int number) {
        return (int) nodes.stream().flatMap(node -> node.inputs.stream()).filter(value -> value == number).count();
    }

    /** Numbers that make the operations what they are: see {@link Op#learned}. */
    public long learned() {
        return nodes.stream().mapToLong(node -> node.op.learned()).sum();
    }

    /** Numbers that the operations hold. */
    public long parameters() {
        return nodes.stream().flatMap(node -> node.op.constants().stream()).mapToLong(Tensor::size).sum();
    }
}
