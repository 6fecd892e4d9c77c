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
 * {@code [out, in / groups, kernel height, kernel width]} of a convolution, and {@code layers.<i>.bias} {@code [out]},
 * which is 0 where it is missing. Other names are put in order by {@link LayerOrder}. There is a ReLU between each two, and
 * a flattening where a vector is asked for. Metadata say the rest: {@code input_shape}, as {@code 1,28,28}, where the input
 * is no vector, and {@code layers.<i>.convolution}, see {@link ConvolutionText}.
 *
 * @param input  shape of one input
 * @param layers first to last; each takes what the one before it makes
 * @param notes  what was made of names and tensors that leave something to be said
 */
record StoredLayers(Shape input, List<Layer> layers, List<String> notes) {

    static final String INPUT_SHAPE = "input_shape";

    /** What a layer's name is followed by in the metadata's key of a convolution. */
    static final String CONVOLUTION = "convolution";

    StoredLayers {
        layers = List.copyOf(layers);
        notes = List.copyOf(notes);
    }

    /** A layer's tensors; one without windows is dense. */
    record Layer(Entry weight, Optional<Entry> bias, Optional<ConvolutionText.Geometry> convolution) {

        private Op op(Map<String, float[]> values) {
            Tensor weights = Tensor.of(weight.shape(), values.get(weight.name()));
            Tensor biases = bias.map(of -> Tensor.of(of.shape(), values.get(of.name())))
                    .orElseGet(() -> Tensor.zeros(weight.shape().dimension(0)));
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
        return prefix(layer) + CONVOLUTION;
    }

    static boolean isConvolution(String key) {
        return key.startsWith("layers.") ? key.matches("layers\\.(0|[1-9][0-9]*)\\." + CONVOLUTION)
                : key.equals(CONVOLUTION) || key.endsWith("." + CONVOLUTION);
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
