package dev.bulwark.plan;

import dev.bulwark.device.HostArrays;
import dev.bulwark.model.Graph;
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
        graph.nodes().forEach(node -> tensors.addAll(node.op().constants()));
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
        int[] at = {0};
        return graph.map(op -> op.withConstants((name, old) -> {
            int from = at[0];
            at[0] += old.size();
            return Tensor.of(old.shape(), Arrays.copyOfRange(values, from, at[0]));
        }));
    }
}
