package dev.bulwark.model.io;

import dev.bulwark.model.Graph;
import dev.bulwark.model.Op;
import dev.bulwark.model.Tensor;
import dev.bulwark.shapes.Shape;
import java.util.Arrays;

/** Networks whose numbers are all rounded once, to the nearest of a precision, ties to even. */
final class Rounding implements Op.Visitor<Op> {

    private final Precision precision;
    /** Of dense layers and convolutions. */
    private int layer;
    private String node = "";

    private Rounding(Precision precision) {
        this.precision = precision;
    }

    /** @throws ArithmeticException if a number rounds to infinity */
    static Graph of(Graph graph, Precision precision) {
        Rounding rounding = new Rounding(precision);
        Graph.Builder builder = new Graph.Builder(graph.input());
        for (Graph.Node each : graph.nodes()) {
            rounding.node = each.name();
            builder.add(each.name(), each.op().accept(rounding),
                    each.inputs().stream().mapToInt(Integer::intValue).toArray());
        }
        return builder.build();
    }

    /** @throws ArithmeticException naming the tensor if one of its numbers rounds to infinity */
    static Tensor of(String name, Tensor tensor, Precision precision) {
        float[] rounded = new float[tensor.size()];
        for (int k = 0; k < rounded.length; ++k) {
            rounded[k] = precision.round(tensor.at(k));
            if (!Float.isFinite(rounded[k])) {
                throw new ArithmeticException(name + " holds " + tensor.at(k) + " at " + position(k, tensor.shape())
                        + ", the largest " + precision + " is " + precision.largest());
            }
        }
        return Tensor.of(tensor.shape(), rounded);
    }

    /** Where element {@code k} lies: {@code [row, column]} of a matrix. */
    static String position(int k, Shape shape) {
        int[] position = new int[shape.rank()];
        int left = k;
        for (int axis = position.length - 1; axis >= 0; --axis) {
            position[axis] = left % shape.dimension(axis);
            left /= shape.dimension(axis);
        }
        return Arrays.toString(position);
    }

    private Tensor rounded(String part, Tensor tensor) {
        return of(node + " " + part, tensor, precision);
    }

    @Override
    public Op dense(Op.Dense op) {
        int i = layer++;
        return new Op.Dense(of(StoredLayers.weight(i), op.weight(), precision),
                of(StoredLayers.bias(i), op.bias(), precision));
    }

    @Override
    public Op conv2d(Op.Conv2d op) {
        int i = layer++;
        return new Op.Conv2d(of(StoredLayers.weight(i), op.weight(), precision),
                of(StoredLayers.bias(i), op.bias(), precision), op.windows(), op.groups());
    }

    @Override
    public Op averagePool2d(Op.AveragePool2d op) {
        return op;
    }

    @Override
    public Op batchNorm(Op.BatchNorm op) {
        return new Op.BatchNorm(rounded("gamma", op.gamma()), rounded("beta", op.beta()), rounded("mean", op.mean()),
                rounded("variance", op.variance()), op.epsilon());
    }

    @Override
    public Op scale(Op.Scale op) {
        return new Op.Scale(rounded("factor", op.factor()), rounded("offset", op.offset()));
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
