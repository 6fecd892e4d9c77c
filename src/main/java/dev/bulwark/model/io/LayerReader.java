package dev.bulwark.model.io;

import dev.bulwark.model.io.SafetensorsHeader.Entry;
import dev.bulwark.model.io.StoredLayers.Layer;
import dev.bulwark.shapes.Shape;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Puts layers together from a file's header, before any of their numbers is read. */
final class LayerReader {

    private static final Pattern TENSOR = Pattern.compile("(|.*\\.)(weight|bias)", Pattern.DOTALL);

    /** What a batch normalisation has beside a weight and a bias. */
    private static final Pattern STATISTICS = Pattern.compile("(|.*\\.)(running_mean|running_var|num_batches_tracked)", Pattern.DOTALL);

    private LayerReader() {
    }

    /** Complains of a tensor that shows a batch normalisation: what it does, and behind which layer, no tensor says. */
    static void requireNoStatistics(Path file, String name) {
        if (STATISTICS.matcher(name).matches()) {
            throw ModelException.in(file, "%s is a batch normalisation's, which safetensors files can't place: export the network "
                    + "as ONNX, with torch.onnx.export behind network.eval()", name);
        }
    }

    /** @throws ModelException naming {@code file}, unless tensors and metadata are those of one network in one precision */
    static StoredLayers require(Path file, SafetensorsHeader header) {
        if (header.tensors().isEmpty()) {
            throw ModelException.in(file, "the file holds no tensor");
        }
        header.tensors().forEach(entry -> requireNoStatistics(file, entry.name()));
        requireOnePrecision(file, header.tensors());
        Map<String, Entry> weights = new TreeMap<>();
        Map<String, Entry> biases = new TreeMap<>();
        for (Entry entry : header.tensors()) {
            Matcher name = TENSOR.matcher(entry.name());
            if (!name.matches()) {
                throw ModelException.in(file,
                        "unexpected tensor %s: weights and biases of dense layers and convolutions are read; "
                        + "export other networks as ONNX", entry.name());
            }
            (name.group(2).equals("weight") ? weights : biases).put(name.group(1), entry);
        }
        biases.keySet().stream().filter(name -> !weights.containsKey(name)).findFirst().ifPresent(name -> {
            throw ModelException.in(file, "%sweight is missing, though there is %sbias", name, name);
        });
        requireMetadata(file, weights, header.metadata());
        Map<String, Layer> layers = new TreeMap<>();
        weights.forEach((name, weight) -> layers.put(name, layer(file, name, weight, Optional.ofNullable(biases.get(name)),
                header.metadata())));
        requireNoneLeft(file, header.metadata(), layers.keySet());
        Map<String, Integer> groups = new TreeMap<>();
        layers.forEach((name, layer) -> layer.convolution().ifPresent(of -> groups.put(name, of.groups())));
        List<String> order = LayerOrder.of(file, weights, groups);
        List<Layer> chain = order.stream().map(layers::get).toList();
        Shape input = input(file, header.metadata(), chain.get(0));
        requireChain(file, input, chain);
        return new StoredLayers(input, chain, notes(order, chain));
    }

    /** Whether names are as {@link ModelFile#write} has them. */
    private static boolean isOwn(Set<String> names) {
        for (int k = 0; k < names.size(); ++k) {
            if (!names.contains(StoredLayers.prefix(k))) {
                return false;
            }
        }
        return true;
    }

    private static List<String> notes(List<String> order, List<Layer> chain) {
        List<String> notes = new ArrayList<>();
        if (!isOwn(Set.copyOf(order)) && order.size() > 1) {
            notes.add("layers were taken in the order " + String.join(", ",
                    chain.stream().map(layer -> layer.weight().name()).toList())
                    + ", with a ReLU between each two");
        }
        List<String> without = chain.stream().filter(layer -> layer.bias().isEmpty()).map(layer ->
                layer.weight().name()).toList();
        if (!without.isEmpty()) {
            notes.add("no bias stands beside " + String.join(", ", without) + ": it is 0");
        }
        return notes;
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

    /** @param name what the names of its tensors begin with: empty, or with a dot at the end */
    private static Layer layer(Path file, String name, Entry weight, Optional<Entry> bias, Map<String, String> metadata) {
        String key = name + StoredLayers.CONVOLUTION;
        Optional<String> text = Optional.ofNullable(metadata.get(key));
        requireRank(file, weight, text.isPresent() ? 4 : 2);
        bias.ifPresent(of -> {
            requireRank(file, of, 1);
            if (of.shape().size() != weight.shape().dimension(0)) {
                throw ModelException.in(file, "%s of shape %s doesn't fit %s of shape %s",
                        of.name(), of.shape(), weight.name(), weight.shape());
            }
        });
        return new Layer(weight, bias, text.map(words -> ConvolutionText.parse(file, key, words, weight.shape())));
    }

    /** Names all that is missing at once: adding one after the other takes a user as many tries. */
    private static void requireMetadata(Path file, Map<String, Entry> weights, Map<String, String> metadata) {
        List<String> convolutions = weights.keySet().stream().filter(name -> weights.get(name).shape().rank() == 4).toList();
        List<String> missing = new ArrayList<>();
        if (!convolutions.isEmpty() && !metadata.containsKey(StoredLayers.INPUT_SHAPE)) {
            missing.add(StoredLayers.INPUT_SHAPE + ", such as \"1,28,28\"");
        }
        List<String> keys = convolutions.stream().map(name -> name + StoredLayers.CONVOLUTION)
                .filter(key -> !metadata.containsKey(key)).toList();
        if (!keys.isEmpty()) {
            missing.add(String.join(", ", keys) + ", such as \"stride=1 padding=0\"");
        }
        if (!missing.isEmpty()) {
            Entry first = weights.get(convolutions.get(0));
            throw ModelException.in(file, "shape of %s is %s, a convolution's, for which __metadata__ lack %s: add %s, or export "
                    + "the network as ONNX", first.name(), first.shape(), String.join("; and ", missing),
                    missing.size() > 1 || keys.size() > 1 ? "them" : "it");
        }
    }

    private static void requireRank(Path file, Entry entry, int rank) {
        if (entry.shape().rank() != rank) {
            throw ModelException.in(file, "shape of %s is %s, not of rank %d%s", entry.name(), entry.shape(), rank,
                    rank == 2 ? ": export networks of other layers as ONNX" : "");
        }
    }

    /** Metadata of convolutions that are not there. */
    private static void requireNoneLeft(Path file, Map<String, String> metadata, Set<String> layers) {
        List<String> known = layers.stream().map(name -> name + StoredLayers.CONVOLUTION).toList();
        List<String> unknown = metadata.keySet().stream().filter(key -> !known.contains(key)).sorted().toList();
        unknown.stream().filter(StoredLayers::isConvolution).findFirst().ifPresent(key -> {
            throw ModelException.in(file, "metadata %s is for a layer that is not there", key);
        });
        unknown.stream().filter(key -> key.startsWith("layers.")).findFirst().ifPresent(key -> {
            throw ModelException.in(file, "metadata %s says nothing of any layer: of a convolution it is called %s", key,
                    StoredLayers.convolution(0));
        });
    }

    private static Shape input(Path file, Map<String, String> metadata, Layer first) {
        Optional<String> text = Optional.ofNullable(metadata.get(StoredLayers.INPUT_SHAPE));
        if (text.isEmpty()) {
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
