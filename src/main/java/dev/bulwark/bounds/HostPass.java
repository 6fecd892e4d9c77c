package dev.bulwark.bounds;

import dev.bulwark.model.AffineMap;
import dev.bulwark.model.Graph;
import dev.bulwark.model.Op;
import java.util.ArrayList;
import java.util.List;

/** A graph evaluated on the host, one operation after the other, in an arithmetic of the caller's choice. */
final class HostPass {

    private HostPass() {
    }

    /** What operations do with values {@code T}, each of them all elements of one of a graph's values. */
    interface Arithmetic<T> {

        T affine(AffineMap map, T x);

        T relu(T x);

        T add(T x, T y);
    }

    /**
     * What {@code graph} makes of {@code input}.
     *
     * @throws UnsupportedOperationException naming the operation, if one is not covered
     */
    static <T> T run(Graph graph, T input, Arithmetic<T> arithmetic) {
        List<T> values = new ArrayList<>();
        values.add(input);
        for (Graph.Node node : graph.nodes()) {
            values.add(node.op().accept(new Evaluation<>(graph, node, values, arithmetic)));
        }
        return values.get(values.size() - 1);
    }

    /** One operation. */
    private record Evaluation<T>(Graph graph, Graph.Node node, List<T> values, Arithmetic<T> arithmetic)
            implements Op.Visitor<T> {

        private T input(int operand) {
            return values.get(node.inputs().get(operand));
        }

        @Override
        public T dense(Op.Dense op) {
            return arithmetic.affine(AffineMap.of(op), input(0));
        }

        @Override
        public T conv2d(Op.Conv2d op) {
            return arithmetic.affine(AffineMap.of(op, graph.shape(node.inputs().get(0)).image()), input(0));
        }

        @Override
        public T add(Op.Add op) {
            return arithmetic.add(input(0), input(1));
        }

        @Override
        public T relu(Op.Relu op) {
            return arithmetic.relu(input(0));
        }

        @Override
        public T flatten(Op.Flatten op) {
            return input(0);
        }

        @Override
        public T averagePool2d(Op.AveragePool2d op) {
            throw unsupported("average pooling");
        }

        @Override
        public T batchNorm(Op.BatchNorm op) {
            throw unsupported("a batch normalisation");
        }

        @Override
        public T scale(Op.Scale op) {
            throw unsupported("a scaling");
        }

        @Override
        public T reshape(Op.Reshape op) {
            return input(0);
        }

        @Override
        public T maxPool2d(Op.MaxPool2d op) {
            throw unsupported("maximum pooling");
        }

        @Override
        public T leakyRelu(Op.LeakyRelu op) {
            throw unsupported("a leaky ReLU");
        }

        @Override
        public T clip(Op.Clip op) {
            throw unsupported("a clip");
        }

        @Override
        public T sigmoid(Op.Sigmoid op) {
            throw unsupported("a sigmoid");
        }

        @Override
        public T tanh(Op.Tanh op) {
            throw unsupported("a hyperbolic tangent");
        }

        @Override
        public T concat(Op.Concat op) {
            throw unsupported("a concatenation");
        }

        @Override
        public T rearrange(Op.Rearrange op) {
            throw unsupported("a rearrangement");
        }

        private UnsupportedOperationException unsupported(String what) {
            return new UnsupportedOperationException(node.name() + " is " + what + ", of which no bounds are known yet");
        }
    }
}
