package dev.bulwark.training;

import dev.bulwark.device.NoiseKey;
import dev.bulwark.device.Philox;
import dev.bulwark.model.Graph;
import dev.bulwark.model.Op;
import dev.bulwark.model.Tensor;
import dev.bulwark.shapes.Shape;
import java.util.ArrayList;
import java.util.List;

/** Where training starts: parameters as a function of the seed alone. */
public enum Initialisation {

    /** PyTorch's linear layer: weights and biases uniform within {@code 1/sqrt(fan-in)} (Kaiming uniform, a = sqrt 5). */
    KAIMING_UNIFORM {
        @Override
        float weight(NoiseKey key, int layer, boolean last, int fanIn, int element) {
            return symmetric(key, layer, WEIGHTS, element, fanIn);
        }

        @Override
        float bias(NoiseKey key, int layer, boolean last, int fanIn, int element) {
            return symmetric(key, layer, BIASES, element, fanIn);
        }
    },

    /**
     * IBP initialisation of Shi et al. 2021, section 4.1: weights from N(0, (sqrt(2 pi)/fan-in)^2) and no biases, so that
     * boxes keep their width from layer to layer; the last layer as {@link #KAIMING_UNIFORM}.
     */
    SHI {
        @Override
        float weight(NoiseKey key, int layer, boolean last, int fanIn, int element) {
            return last
                    ? KAIMING_UNIFORM.weight(key, layer, true, fanIn, element)
                    : (float) (Math.sqrt(2 * Math.PI) / fanIn) * Philox.normal(key, layer, WEIGHTS, element);
        }

        @Override
        float bias(NoiseKey key, int layer, boolean last, int fanIn, int element) {
            return last ? KAIMING_UNIFORM.bias(key, layer, true, fanIn, element) : 0f;
        }
    };

    /** The sample coordinate of a weight's draw, and of a bias's; the image coordinate is the layer. */
    private static final int WEIGHTS = 0;
    private static final int BIASES = 1;

    /** Dense layers, a ReLU between each two. @param widths inputs, hidden widths, classes */
    public Graph network(int[] widths, long seed) {
        List<Op> operations = new ArrayList<>();
        for (int k = 0; k + 1 < widths.length; ++k) {
            if (k > 0) {
                operations.add(new Op.Relu());
            }
            operations.add(new Op.Dense(Tensor.zeros(widths[k + 1], widths[k]), Tensor.zeros(widths[k + 1])));
        }
        return draw(Graph.sequence(Shape.of(widths[0]), operations), seed);
    }

    /**
     * {@code graph} with drawn parameters of its dense layers and convolutions, which are counted through as one. A
     * parameter depends on the number of its layer, its place in its tensor and the layer's fan-in; a convolution's is the
     * number of inputs that one output reads. Other operations stay.
     */
    public Graph draw(Graph graph, long seed) {
        long layers = graph.nodes().stream().filter(node -> node.op() instanceof Op.Dense || node.op() instanceof Op.Conv2d)
                .count();
        int[] next = {0};
        return graph.map(op -> {
            if (op instanceof Op.Dense dense) {
                Drawer drawer = new Drawer(this, seed, next[0]++, next[0] == layers, dense.in());
                return new Op.Dense(drawer.weight(dense.weight()), drawer.bias(dense.bias()));
            }
            if (op instanceof Op.Conv2d convolution) {
                Tensor weight = convolution.weight();
                Drawer drawer = new Drawer(this, seed, next[0]++, next[0] == layers, weight.size() / convolution.channels());
                return new Op.Conv2d(drawer.weight(weight), drawer.bias(convolution.bias()), convolution.windows(),
                        convolution.groups());
            }
            return op;
        });
    }

    /** A layer's parameters. */
    private record Drawer(Initialisation how, NoiseKey key, int layer, boolean last, int fanIn) {

        Drawer(Initialisation how, long seed, int layer, boolean last, int fanIn) {
            this(how, new NoiseKey(seed, NoiseKey.Stream.INITIALISATION), layer, last, fanIn);
        }

        Tensor weight(Tensor like) {
            return Tensor.of(like.shape(), weights(like.size()));
        }

        Tensor bias(Tensor like) {
            return Tensor.of(like.shape(), biases(like.size()));
        }

        float[] weights(int count) {
            float[] values = new float[count];
            for (int k = 0; k < count; ++k) {
                values[k] = how.weight(key, layer, last, fanIn, k);
            }
            return values;
        }

        float[] biases(int count) {
            float[] values = new float[count];
            for (int k = 0; k < count; ++k) {
                values[k] = how.bias(key, layer, last, fanIn, k);
            }
            return values;
        }
    }

    abstract float weight(NoiseKey key, int layer, boolean last, int fanIn, int element);

    abstract float bias(NoiseKey key, int layer, boolean last, int fanIn, int element);

    private static float symmetric(NoiseKey key, int layer, int sample, int element, int fanIn) {
        return (2f * Philox.uniform(key, layer, sample, element) - 1f) / (float) Math.sqrt(fanIn);
    }
}
