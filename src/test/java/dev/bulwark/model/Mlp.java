package dev.bulwark.model;

import dev.bulwark.shapes.Shape;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;

/** Graphs of dense layers with a ReLU between each two, for tests. */
public final class Mlp {

    private Mlp() {
    }

    /** @param weight {@code [out,in]} */
    public static Op.Dense dense(int in, int out, float[] weight, float[] bias) {
        return new Op.Dense(Tensor.of(Shape.of(out, in), weight), Tensor.of(Shape.of(out), bias));
    }

    public static Graph of(List<Op.Dense> layers) {
        List<Op> ops = new ArrayList<>();
        for (Op.Dense layer : layers) {
            if (!ops.isEmpty()) {
                ops.add(new Op.Relu());
            }
            ops.add(layer);
        }
        return Graph.sequence(Shape.of(layers.get(0).in()), ops);
    }

    /** The dense layers of a graph, first to last. */
    public static List<Op.Dense> layers(Graph graph) {
        return graph.nodes().stream().map(Graph.Node::op).filter(Op.Dense.class::isInstance).map(Op.Dense.class::cast)
                .toList();
    }

    /** Weights and biases in [-scale, scale]. */
    public static Graph random(SplittableRandom random, double scale, int... widths) {
        List<Op.Dense> layers = new ArrayList<>();
        for (int i = 0; i + 1 < widths.length; ++i) {
            layers.add(dense(widths[i], widths[i + 1], values(random, widths[i] * widths[i + 1], -scale, scale),
                    values(random, widths[i + 1], -scale, scale)));
        }
        return of(layers);
    }

    public static float[] values(SplittableRandom random, int length, double from, double to) {
        float[] values = new float[length];
        for (int k = 0; k < length; ++k) {
            values[k] = (float) random.nextDouble(from, to);
        }
        return values;
    }
}
