package dev.bulwark.model.io;

import dev.bulwark.model.io.SafetensorsHeader.Entry;
import dev.bulwark.model.io.StoredLayers.Layer;
import dev.bulwark.shapes.Shape;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/** Puts layers together from a file's header, before any of their numbers is read. */
final class LayerReader {

    private LayerReader() {
    }

    /** @throws ModelException naming {@code file}, unless tensors and metadata are those of one network in one precision */
    static StoredLayers require(Path file, SafetensorsHeader header) {
        if (header.tensors().isEmpty()) {
            throw ModelException.in(file, "the file holds no tensor");
        }
        requireOnePrecision(file, header.tensors());
        Map<String, Entry> left = new LinkedHashMap<>();
        header.tensors().forEach(entry -> left.put(entry.name(), entry));
        List<Layer> layers = new ArrayList<>();
        while (left.containsKey(StoredLayers.weight(layers.size())) || left.containsKey(StoredLayers.bias(layers.size()))) {
            layers.add(layer(file, left, layers.size(), header.metadata()));
        }
        requireNoneLeft(file, left, layers.size());
        requireNoneLeft(file, header.metadata(), layers);
        Shape input = input(file, header.metadata(), layers.get(0));
        requireChain(file, input, layers);
        return new StoredLayers(input, layers);
    }

    private static void requireOnePrecision(Path file, List<Entry> entries) {
        Entry first = entries.get(0);
        for (Entry entry : entries) {
            if (entry.precision() != first.precision()) {
                throw ModelException.in(file, "%s is %s, %s is %s",
                        first.name(), first.precision(), entry.name(), entry.precision());
            }
        }
    }

    private static Layer layer(Path file, Map<String, Entry> left, int number, Map<String, String> metadata) {
        Entry weight = take(file, left, StoredLayers.weight(number));
        String key = StoredLayers.convolution(number);
        Optional<String> text = Optional.ofNullable(metadata.get(key));
        if (weight.shape().rank() == 4 && text.isEmpty()) {
            throw ModelException.in(file, "shape of %s is %s, a convolution's, and no %s in __metadata__, such as "
                    + "\"stride=1 padding=0\", says the rest", weight.name(), weight.shape(), key);
        }
        requireRank(file, weight, text.isPresent() ? 4 : 2);
        Entry bias = take(file, left, StoredLayers.bias(number));
        requireRank(file, bias, 1);
        if (bias.shape().size() != weight.shape().dimension(0)) {
            throw ModelException.in(file, "%s of shape %s doesn't fit %s of shape %s",
                    bias.name(), bias.shape(), weight.name(), weight.shape());
        }
        return new Layer(weight, bias, text.map(words -> ConvolutionText.parse(file, key, words, weight.shape())));
    }

    /** The tensor, which is then accounted for. */
    private static Entry take(Path file, Map<String, Entry> left, String name) {
        return Optional.ofNullable(left.remove(name)).orElseThrow(() -> ModelException.in(file, "%s is missing", name));
    }

    private static void requireRank(Path file, Entry entry, int rank) {
        if (entry.shape().rank() != rank) {
            throw ModelException.in(file, "shape of %s is %s, not of rank %d", entry.name(), entry.shape(), rank);
        }
    }

    private static void requireNoneLeft(Path file, Map<String, Entry> left, int layers) {
        left.keySet().stream().findFirst().ifPresent(name -> {
            throw name.matches("layers\\.(0|[1-9][0-9]*)\\.(weight|bias)")
                    ? ModelException.in(file, "%s is missing, though there is %s", StoredLayers.weight(layers), name)
                    : ModelException.in(file, "unexpected tensor %s: layers.<i>.weight and layers.<i>.bias are read", name);
        });
    }

    /** Metadata of convolutions that are not there. */
    private static void requireNoneLeft(Path file, Map<String, String> metadata, List<Layer> layers) {
        List<String> known = new ArrayList<>();
        for (int i = 0; i < layers.size(); ++i) {
            known.add(StoredLayers.convolution(i));
        }
        new TreeMap<>(metadata).keySet().stream()
                .filter(key -> StoredLayers.isConvolution(key) && !known.contains(key)).findFirst().ifPresent(key -> {
                    throw ModelException.in(file, "metadata %s is for a layer that is not there", key);
                });
        metadata.keySet().stream().filter(key -> key.startsWith("layers.") && !known.contains(key)).sorted().findFirst()
                .ifPresent(key -> {
                    throw ModelException.in(file, "metadata %s says nothing of any layer: of a convolution it is called %s", key,
                            StoredLayers.convolution(0));
                });
    }

    private static Shape input(Path file, Map<String, String> metadata, Layer first) {
        Optional<String> text = Optional.ofNullable(metadata.get(StoredLayers.INPUT_SHAPE));
        if (text.isEmpty()) {
            if (first.convolution().isPresent()) {
                throw ModelException.in(file, "metadata %s, such as \"1,28,28\", is missing, which a convolution needs",
                        StoredLayers.INPUT_SHAPE);
            }
            return Shape.of(first.weight().shape().dimension(1));
        }
        if (!text.get().matches("[1-9][0-9]{0,8}(,[1-9][0-9]{0,8},[1-9][0-9]{0,8})?")) {
            throw ModelException.in(file, "metadata %s is %s, not a number or \"channels,height,width\"",
                    StoredLayers.INPUT_SHAPE, text.get());
        }
        try {
            return Shape.of(List.of(text.get().split(",")).stream().mapToInt(Integer::parseInt).toArray());
        } catch (IllegalArgumentException e) {
            throw ModelException.in(file, "metadata %s: %s", StoredLayers.INPUT_SHAPE, e.getMessage());
        }
    }

    /** Complains unless each layer takes what the one before it makes. */
    private static void requireChain(Path file, Shape input, List<Layer> layers) {
        Shape shape = input;
        Optional<Layer> before = Optional.empty();
        for (Layer layer : layers) {
            Shape weight = layer.weight().shape();
            boolean follows = layer.convolution().isPresent()
                    ? shape.isImage()
                            && shape.dimension(0) == (long) weight.dimension(1) * layer.convolution().get().groups()
                    : shape.size() == weight.dimension(1);
            if (!follows) {
                String last = before.map(of -> of.weight().name() + " of shape " + of.weight().shape())
                        .orElse("inputs");
                throw ModelException.in(file, "%s of shape %s doesn't follow %s%s%s", layer.weight().name(), weight, last,
                        before.isPresent() && before.get().convolution().isEmpty() ? "" : ", of shape " + shape,
                        layer.convolution().map(of -> "; groups=" + of.groups() + " means "
                                + (long) weight.dimension(1) * of.groups() + " channels").orElse(""));
            }
            shape = output(file, layer, shape);
            before = Optional.of(layer);
        }
    }

    private static Shape output(Path file, Layer layer, Shape input) {
        int out = layer.weight().shape().dimension(0);
        try {
            return layer.convolution().map(of -> of.windows().over(input.image(), out).shape())
                    .orElseGet(() -> Shape.of(out));
        } catch (IllegalArgumentException | ArithmeticException e) {
            throw ModelException.in(file, "%s: %s", layer.weight().name(), e.getMessage());
        }
    }
}
