package dev.bulwark.training;

import dev.bulwark.model.Graph;
import dev.bulwark.model.Op;
import dev.bulwark.model.Tensor;
import dev.bulwark.plan.Parameters;
import dev.bulwark.shapes.Shape;
import dev.bulwark.shapes.Windows;
import java.util.List;
import java.util.Random;

/** Tiny classifiers of three classes, one of each kind that training must know, with parameters of order 1. */
enum Nets {

    /** Odd sizes, and one layer narrower than the classes squared. */
    DENSE {
        @Override
        Graph structure() {
            return Graph.sequence(Shape.of(7), List.of(dense(7, 11), new Op.Relu(), dense(11, 5), new Op.Relu(),
                    dense(5, 3)));
        }
    },

    ONE_LAYER {
        @Override
        Graph structure() {
            return Graph.sequence(Shape.of(7), List.of(dense(7, 3)));
        }
    },

    /** As the presets have it. */
    CONVOLUTION_FIRST {
        @Override
        Graph structure() {
            return Graph.sequence(Shape.of(1, 4, 4), List.of(conv(1, 3, Windows.square(2, 2)), new Op.Relu(),
                    new Op.Flatten(), dense(12, 5), new Op.Relu(), dense(5, 3)));
        }
    },

    /** Strides, uneven padding, groups and several channels; a ReLU behind the flattening. */
    CONVOLUTIONS {
        @Override
        Graph structure() {
            Windows uneven = new Windows(new Windows.Axis(3, 2, 1, 0, 1), new Windows.Axis(2, 1, 0, 1, 2));
            return Graph.sequence(Shape.of(2, 5, 4), List.of(conv(2, 4, Windows.square(3, 1, 1)), new Op.Relu(),
                    new Op.Conv2d(Tensor.zeros(6, 2, 3, 2), Tensor.zeros(6), uneven, 2), new Op.Flatten(), new Op.Relu(),
                    dense(36, 3)));
        }
    },

    /** Layers without a ReLU between them, and a convolution that makes the logits. */
    CONVOLUTION_LAST {
        @Override
        Graph structure() {
            return Graph.sequence(Shape.of(1, 3, 3),
                    List.of(conv(1, 2, Windows.square(2, 1)), conv(2, 4, Windows.square(1, 1)),
                    new Op.Relu(), conv(4, 3, Windows.square(2, 1)), new Op.Flatten()));
        }
    },

    /** A block whose sum goes through a ReLU, and one of which the ReLU comes first (He et al. 2016, both papers). */
    RESIDUAL {
        @Override
        Graph structure() {
            Windows same = Windows.square(3, 1, 1);
            Graph.Builder builder = new Graph.Builder(Shape.of(1, 4, 3));
            int x = builder.add(new Op.Relu(), builder.add(conv(1, 2, same), Graph.Builder.INPUT));
            int block = builder.add(conv(2, 2, same), builder.add(new Op.Relu(), builder.add(conv(2, 2, same), x)));
            int sum = builder.add(new Op.Add(), x, block);
            int second = builder.add(conv(2, 2, same), builder.add(new Op.Relu(), sum));
            int flat = builder.add(new Op.Flatten(), builder.add(new Op.Add(), second, sum));
            builder.add(dense(24, 3), builder.add(new Op.Relu(), flat));
            return builder.build();
        }
    },

    /** A ReLU behind a dense layer with two readers, a value added to itself, a sum of dense layers as logits. */
    FORKED {
        @Override
        Graph structure() {
            Graph.Builder builder = new Graph.Builder(Shape.of(7));
            int x = builder.add(new Op.Relu(), builder.add(dense(7, 6), Graph.Builder.INPUT));
            int twice = builder.add(new Op.Add(), x, x);
            int y = builder.add(new Op.Relu(), builder.add(dense(6, 5), twice));
            builder.add(new Op.Add(), builder.add(dense(5, 3), y), builder.add(dense(6, 3), x));
            return builder.build();
        }
    },

    /** The input itself is read twice, once by a ReLU, and joined where no parameter has been yet. */
    FORKED_INPUT {
        @Override
        Graph structure() {
            Graph.Builder builder = new Graph.Builder(Shape.of(7));
            int relu = builder.add(new Op.Relu(), Graph.Builder.INPUT);
            int sum = builder.add(new Op.Add(), relu, Graph.Builder.INPUT);
            int layer = builder.add(dense(7, 7), sum);
            int joined = builder.add(new Op.Add(), Graph.Builder.INPUT, layer);
            builder.add(dense(7, 3), builder.add(new Op.Relu(), joined));
            return builder.build();
        }
    };

    abstract Graph structure();

    /** The same for the same seed. */
    Graph drawn(long seed) {
        Random random = new Random(seed);
        float[] parameters = new float[(int) structure().parameters()];
        for (int k = 0; k < parameters.length; ++k) {
            parameters[k] = (float) (0.5 * random.nextGaussian());
        }
        return Parameters.replaced(structure(), parameters);
    }

    /** Whether the last operation is a dense layer, which alone can be elided. */
    boolean canBeElided() {
        List<Graph.Node> nodes = structure().nodes();
        return nodes.get(nodes.size() - 1).op() instanceof Op.Dense;
    }

    private static Op.Dense dense(int in, int out) {
        return new Op.Dense(Tensor.zeros(out, in), Tensor.zeros(out));
    }

    private static Op.Conv2d conv(int in, int channels, Windows windows) {
        return new Op.Conv2d(Tensor.zeros(channels, in, windows.height().kernel(), windows.width().kernel()),
                Tensor.zeros(channels), windows, 1);
    }
}
