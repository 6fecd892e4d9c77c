package dev.bulwark.nn;

import dev.bulwark.nn.SafetensorsHeader.Tensor;
import dev.bulwark.shapes.Shape;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** The tensors of a multilayer perceptron: {@code layers.<i>.weight} [out,in] and {@code layers.<i>.bias} [out]. */
final class MlpTensors {

    private MlpTensors() {
    }

    static String weight(int layer) {
        return "layers." + layer + ".weight";
    }

    static String bias(int layer) {
        return "layers." + layer + ".bias";
    }

    /** The layers' tensors, weight before bias, one behind the other from offset 0. */
    static List<Tensor> of(List<Dense> layers, Precision precision) {
        List<Tensor> tensors = new ArrayList<>();
        long begin = 0;
        for (int i = 0; i < layers.size(); ++i) {
            Dense layer = layers.get(i);
            Tensor weight = tensor(weight(i), precision, Shape.of(layer.out(), layer.in()), begin);
            Tensor bias = tensor(bias(i), precision, Shape.of(layer.out()), weight.end());
            tensors.add(weight);
            tensors.add(bias);
            begin = bias.end();
        }
        return tensors;
    }

    private static Tensor tensor(String name, Precision precision, Shape shape, long begin) {
        return new Tensor(name, precision, shape, begin, begin + (long) shape.size() * precision.bytes());
    }

    /**
     * The number of layers.
     *
     * @throws ModelException naming {@code file}, unless the tensors are those of one network in one precision
     */
    static int requireMlp(Path file, List<Tensor> tensors) {
        if (tensors.isEmpty()) {
            throw ModelException.in(file, "the file holds no tensor");
        }
        requireOnePrecision(file, tensors);
        Map<String, Tensor> left = new LinkedHashMap<>();
        tensors.forEach(tensor -> left.put(tensor.name(), tensor));
        int layers = 0;
        Optional<Tensor> previous = Optional.empty();
        while (left.containsKey(weight(layers)) || left.containsKey(bias(layers))) {
            Tensor weight = take(file, left, weight(layers), 2);
            Tensor bias = take(file, left, bias(layers), 1);
            if (rows(bias) != rows(weight)) {
                throw ModelException.in(file, "%s of shape %s doesn't fit %s of shape %s",
                        bias.name(), bias.shape(), weight.name(), weight.shape());
            }
            if (!previous.isEmpty() && columns(weight) != rows(previous.get())) {
                throw ModelException.in(file, "%s of shape %s doesn't follow %s of shape %s",
                        weight.name(), weight.shape(), previous.get().name(), previous.get().shape());
            }
            previous = Optional.of(weight);
            ++layers;
        }
        requireNoneLeft(file, left, layers);
        return layers;
    }

    private static void requireOnePrecision(Path file, List<Tensor> tensors) {
        Tensor first = tensors.get(0);
        for (Tensor tensor : tensors) {
            if (tensor.precision() != first.precision()) {
                throw ModelException.in(file, "%s is %s, %s is %s",
                        first.name(), first.precision(), tensor.name(), tensor.precision());
            }
        }
    }

    /** The tensor, which is then accounted for. */
    private static Tensor take(Path file, Map<String, Tensor> left, String name, int rank) {
        Tensor tensor = Optional.ofNullable(left.remove(name))
                .orElseThrow(() -> ModelException.in(file, "%s is missing", name));
        if (tensor.shape().dimensions().length != rank) {
            throw ModelException.in(file, "shape of %s is %s, not of rank %d", name, tensor.shape(), rank);
        }
        return tensor;
    }

    private static int rows(Tensor tensor) {
        return tensor.shape().dimensions()[0];
    }

    private static int columns(Tensor weight) {
        return weight.shape().dimensions()[1];
    }

    private static void requireNoneLeft(Path file, Map<String, Tensor> left, int layers) {
        left.keySet().stream().findFirst().ifPresent(name -> {
            throw name.matches("layers\\.(0|[1-9][0-9]*)\\.(weight|bias)")
                    ? ModelException.in(file, "%s is missing, though there is %s", weight(layers), name)
                    : ModelException.in(file, "unexpected tensor %s: layers.<i>.weight and layers.<i>.bias are read", name);
        });
    }
}
