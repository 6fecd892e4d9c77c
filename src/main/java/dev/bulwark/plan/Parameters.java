package dev.bulwark.plan;

import dev.bulwark.device.HostArrays;
import dev.bulwark.model.Graph;
import dev.bulwark.model.Op;
import dev.bulwark.model.Tensor;
import java.util.ArrayList;
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
