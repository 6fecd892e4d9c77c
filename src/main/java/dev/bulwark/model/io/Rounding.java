package dev.bulwark.model.io;

import dev.bulwark.model.Graph;
import dev.bulwark.model.Op;
import dev.bulwark.model.Tensor;
import dev.bulwark.shapes.Shape;
import java.util.Arrays;

/** Networks whose numbers are all rounded once, to the nearest of a precision, ties to even. */
final class Rounding {

    private Rounding() {
    }

    /** @throws ArithmeticException if a number rounds to infinity */
    static Graph of(Graph graph, Precision precision) {
        Graph.Builder builder = new Graph.Builder(graph.input());
        int layer = 0; // dense or a convolution
        for (Graph.Node node : graph.nodes()) {
            boolean stored = node.op() instanceof Op.Dense || node.op() instanceof Op.Conv2d;
            String owner = stored ? StoredLayers.prefix(layer++) : node.name() + " ";
            builder.add(node.name(), node.op().withConstants((name, constant) -> of(owner + name, constant, precision)),
                    node.inputs().stream().mapToInt(Integer::intValue).toArray());
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
}
