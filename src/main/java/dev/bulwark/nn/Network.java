package dev.bulwark.nn;

import dev.bulwark.model.Graph;
import dev.bulwark.model.Op;
import dev.bulwark.model.Tensor;
import dev.bulwark.shapes.Shape;
import java.util.ArrayList;
import java.util.List;

/**
 * A feed-forward classifier: layers applied in order to one input shape, ending in logits {@code [classes]}.
 *
 * @param input  shape of one input
 * @param layers first to last; every shape fits its predecessor's
 */
public record Network(Shape input, List<Layer> layers) {

    public Network {
        layers = List.copyOf(layers);
        if (layers.isEmpty()) {
            throw new IllegalArgumentException("a network needs at least one layer");
        }
        Shape shape = input;
        for (Layer layer : layers) {
            shape = layer.outputShape(shape);
        }
    }

    /** Dense layers with a ReLU between each two. */
    public static Network mlp(List<Dense> dense) {
        if (dense.isEmpty()) {
            throw new IllegalArgumentException("a network needs at least one layer");
        }
        List<Layer> layers = new ArrayList<>();
        for (Dense layer : dense) {
            if (!layers.isEmpty()) {
                layers.add(new Relu());
            }
            layers.add(layer);
        }
        return new Network(Shape.of(dense.get(0).in()), layers);
    }

    /** This network as a graph. */
    public Graph graph() {
        Graph.Builder builder = new Graph.Builder(input);
        Layer.Visitor<Op> operation = new Layer.Visitor<>() {
            @Override
            public Op dense(Dense layer) {
                return new Op.Dense(Tensor.of(Shape.of(layer.out(), layer.in()), layer.weight()),
                        Tensor.vector(layer.bias()));
            }

            @Override
            public Op relu(Relu layer) {
                return new Op.Relu();
            }
        };
        int value = Graph.Builder.INPUT;
        for (Layer layer : layers) {
            value = builder.add(layer.accept(operation), value);
        }
        return builder.build();
    }

    /** Number of logits. */
    public int classes() {
        Shape shape = input;
        for (Layer layer : layers) {
            shape = layer.outputShape(shape);
        }
        return shape.size();
    }

    /** Input size of each dense layer, then the number of logits: {@code [784, 1024, 512, 256, 10]}. */
    public int[] widths() {
        List<Integer> widths = new ArrayList<>();
        for (Dense layer : denseLayers()) {
            widths.add(layer.in());
        }
        widths.add(classes());
        return widths.stream().mapToInt(Integer::intValue).toArray();
    }

    /** The dense layers, first to last. */
    public List<Dense> denseLayers() {
        List<Dense> dense = new ArrayList<>();
        Layer.Visitor<Void> collect = new Layer.Visitor<>() {
            @Override
            public Void dense(Dense layer) {
                dense.add(layer);
                return null;
            }

            @Override
            public Void relu(Relu layer) {
                return null;
            }
        };
        layers.forEach(layer -> layer.accept(collect));
        return List.copyOf(dense);
    }
}
