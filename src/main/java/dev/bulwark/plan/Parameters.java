package dev.bulwark.plan;

import dev.bulwark.device.HostArrays;
import dev.bulwark.model.Graph;
import dev.bulwark.model.Op;
import dev.bulwark.model.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * What training changes of a network, in one array: weights and biases of dense layers and convolutions, operation after
 * operation, the weight before the bias. Scalings and statistics of batch normalisations are fixed and not among them.
 */
public final class Parameters {

    private Parameters() {
    }

    /** Those of {@code graph}. */
    public static float[] of(Graph graph) {
        List<Tensor> tensors = new ArrayList<>();
        graph.nodes().stream().filter(node -> isLearned(node.op())).forEach(node -> tensors.addAll(node.op().constants()));
        float[] values = new float[HostArrays.length("a network's parameters",
                tensors.stream().mapToLong(Tensor::size).sum())];
        int at = 0;
        for (Tensor tensor : tensors) {
            tensor.copyTo(values, at);
            at += tensor.size();
        }
        return values;
    }

    /** 1 in place of each weight and 0 in place of each bias, in the order of {@link #of}. */
    public static float[] weights(Graph graph) {
        return of(graph.map(op -> !isLearned(op) ? op : op.withConstants((name, old) -> {
            float[] values = new float[old.size()];
            Arrays.fill(values, name.equals("weight") ? 1 : 0);
            return Tensor.of(old.shape(), values);
        })));
    }

    /**
     * {@code graph} with other parameters.
     *
     * @param values in the order of {@link #of}
     * @throws IllegalArgumentException if they are more or fewer than the graph's, or one is NaN or infinite
     */
    public static Graph replaced(Graph graph, float[] values) {
        long parameters = graph.nodes().stream().filter(node -> isLearned(node.op()))
                .flatMap(node -> node.op().constants().stream()).mapToLong(Tensor::size).sum();
        if (values.length != parameters) {
            throw new IllegalArgumentException("a network of " + parameters + " parameters can't take " + values.length);
        }
        int[] at = {0};
        return graph.map(op -> !isLearned(op) ? op : op.withConstants((name, old) -> {
            int from = at[0];
            at[0] += old.size();
            return Tensor.of(old.shape(), Arrays.copyOfRange(values, from, at[0]));
        }));
    }

    private static boolean isLearned(Op op) {
        return op instanceof Op.Dense || op instanceof Op.Conv2d;
    }
}
