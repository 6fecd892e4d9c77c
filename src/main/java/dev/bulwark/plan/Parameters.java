package dev.bulwark.plan;

import dev.bulwark.device.HostArrays;
import dev.bulwark.model.Graph;
import dev.bulwark.model.Op;
import dev.bulwark.model.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** A network's parameters in one array: operation after operation, the weight before the bias. */
public final class Parameters {

    private Parameters() {
    }

    /** All parameters of {@code graph}. */
    public static float[] of(Graph graph) {
        List<Tensor> tensors = new ArrayList<>();
        graph.nodes().forEach(node -> tensors.addAll(node.op().accept(TENSORS)));
        float[] values = new float[HostArrays.length("a network's parameters",
                tensors.stream().mapToLong(Tensor::size).sum())];
        int at = 0;
        for (Tensor tensor : tensors) {
            tensor.copyTo(values, at);
            at += tensor.size();
        }
        return values;
    }

    /**
     * {@code graph} with other parameters.
     *
     * @param values in the order of {@link #of}
     * @throws IllegalArgumentException if they are more or fewer than the graph's, or one is NaN or infinite
     */
    public static Graph replaced(Graph graph, float[] values) {
        if (values.length != graph.parameters()) {
            throw new IllegalArgumentException("a network of " + graph.parameters() + " parameters can't take "
                    + values.length);
        }
        Replacement replacement = new Replacement(values);
        return graph.map(op -> op.accept(replacement));
    }

    /** Operations with the next parameters. */
    private static final class Replacement implements Op.Visitor<Op> {

        private final float[] values;
        private int at;

        Replacement(float[] values) {
            this.values = values;
        }

        private Tensor next(Tensor old) {
            Tensor tensor = Tensor.of(old.shape(), Arrays.copyOfRange(values, at, at + old.size()));
            at += old.size();
            return tensor;
        }

        @Override
        public Op dense(Op.Dense op) {
            return new Op.Dense(next(op.weight()), next(op.bias()));
        }

        @Override
        public Op conv2d(Op.Conv2d op) {
            return new Op.Conv2d(next(op.weight()), next(op.bias()), op.windows(), op.groups());
        }

        @Override
        public Op averagePool2d(Op.AveragePool2d op) {
            return op;
        }

        @Override
        public Op batchNorm(Op.BatchNorm op) {
            return new Op.BatchNorm(next(op.gamma()), next(op.beta()), next(op.mean()), next(op.variance()), op.epsilon());
        }

        @Override
        public Op scale(Op.Scale op) {
            return new Op.Scale(next(op.factor()), next(op.offset()));
        }

        @Override
        public Op add(Op.Add op) {
            return op;
        }

        @Override
        public Op relu(Op.Relu op) {
            return op;
        }

        @Override
        public Op flatten(Op.Flatten op) {
            return op;
        }
    }

    private static final Op.Visitor<List<Tensor>> TENSORS = new Op.Visitor<>() {
        @Override
        public List<Tensor> dense(Op.Dense op) {
            return List.of(op.weight(), op.bias());
        }

        @Override
        public List<Tensor> conv2d(Op.Conv2d op) {
            return List.of(op.weight(), op.bias());
        }

        @Override
        public List<Tensor> averagePool2d(Op.AveragePool2d op) {
            return List.of();
        }

        @Override
        public List<Tensor> batchNorm(Op.BatchNorm op) {
            return List.of(op.gamma(), op.beta(), op.mean(), op.variance());
        }

        @Override
        public List<Tensor> scale(Op.Scale op) {
            return List.of(op.factor(), op.offset());
        }

        @Override
        public List<Tensor> add(Op.Add op) {
            return List.of();
        }

        @Override
        public List<Tensor> relu(Op.Relu op) {
            return List.of();
        }

        @Override
        public List<Tensor> flatten(Op.Flatten op) {
            return List.of();
        }
    };
}
