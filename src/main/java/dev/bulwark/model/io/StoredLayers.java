package dev.bulwark.model.io;

import dev.bulwark.model.Graph;
import dev.bulwark.model.Op;
import dev.bulwark.model.Tensor;
import dev.bulwark.model.io.SafetensorsHeader.Entry;
import dev.bulwark.shapes.Shape;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * The layers of a model file: {@code layers.<i>.weight}, {@code [out,in]} of a dense layer and
 * {@code [out, in / groups, kernel height, kernel width]} of a convolution, and {@code layers.<i>.bias} {@code [out]}. There
 * is a ReLU between each two, and a flattening where a vector is asked for. Metadata say the rest: {@code input_shape}, as
 * {@code 1,28,28}, where the input is no vector, and {@code layers.<i>.convolution}, see {@link ConvolutionText}.
 *
 * @param input  shape of one input
 * @param layers first to last; each takes what the one before it makes
 */
record StoredLayers(Shape input, List<Layer> layers) {

    static final String INPUT_SHAPE = "input_shape";

    private static final String CONVOLUTION = "layers\\.(0|[1-9][0-9]*)\\.convolution";

    StoredLayers {
        layers = List.copyOf(layers);
    }

    /** A layer's tensors; one without windows is dense. */
    record Layer(Entry weight, Entry bias, Optional<ConvolutionText.Geometry> convolution) {

        private Op op(Map<String, float[]> values) {
            Tensor weights = Tensor.of(weight.shape(), values.get(weight.name()));
            Tensor biases = Tensor.of(bias.shape(), values.get(bias.name()));
            return convolution.<Op>map(
                    of -> new Op.Conv2d(weights, biases, of.windows(), of.groups()))
                    .orElseGet(() -> new Op.Dense(weights, biases));
        }
    }

    static String weight(int layer) {
        return prefix(layer) + "weight";
    }

    static String bias(int layer) {
        return prefix(layer) + "bias";
    }

    /** What the names of a layer's tensors begin with. */
    static String prefix(int layer) {
        return "layers." + layer + ".";
    }

    static String convolution(int layer) {
        return "layers." + layer + ".convolution";
    }

    static boolean isConvolution(String key) {
        return key.matches(CONVOLUTION);
    }

    /** Whether a key of the metadata says how layers are put together. */
    static boolean isReserved(String key) {
        return key.equals(INPUT_SHAPE) || isConvolution(key);
    }

    /** Metadata without what says how layers are put together. */
    static Map<String, String> provenance(Map<String, String> metadata) {
        Map<String, String> rest = new TreeMap<>(metadata);
        rest.keySet().removeIf(StoredLayers::isReserved);
        return rest;
    }

    /** The network of these layers, with its numbers by the tensors' names. */
    Graph graph(Map<String, float[]> values) {
        List<Op> ops = new ArrayList<>();
        Shape shape = input;
        for (int i = 0; i < layers.size(); ++i) {
            Op op = layers.get(i).op(values);
            if (layers.get(i).convolution.isEmpty() && shape.rank() > 1) {
                ops.add(new Op.Flatten());
                shape = shape.flat();
            }
            ops.add(op);
            shape = op.outputShape(List.of(shape));
            if (i + 1 < layers.size()) {
                ops.add(new Op.Relu());
            }
        }
        if (shape.rank() > 1) {
            ops.add(new Op.Flatten());
        }
        return Graph.sequence(input, ops);
    }
}
