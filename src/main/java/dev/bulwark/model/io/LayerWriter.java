package dev.bulwark.model.io;

import dev.bulwark.model.Graph;
import dev.bulwark.model.Op;
import dev.bulwark.model.Tensor;
import dev.bulwark.model.io.SafetensorsHeader.Entry;
import dev.bulwark.shapes.Shape;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * A network as the layers that a file can hold.
 *
 * @param tensors  by name: weight before bias, layer after layer
 * @param metadata what says how they are put together
 */
record LayerWriter(Map<String, Tensor> tensors, Map<String, String> metadata) {

    /** @throws ModelException naming the first operation that no file can hold */
    static LayerWriter of(Path file, Graph graph) {
        Map<String, Tensor> tensors = new LinkedHashMap<>();
        Map<String, String> metadata = new TreeMap<>();
        if (graph.input().rank() > 1) {
            metadata.put(StoredLayers.INPUT_SHAPE, graph.input().toString().replaceAll("[\\[\\] ]", ""));
        }
        List<Op> linear = requireStorable(file, graph);
        for (int i = 0; i < linear.size(); ++i) {
            if (linear.get(i) instanceof Op.Conv2d convolution) {
                metadata.put(StoredLayers.convolution(i), ConvolutionText.of(convolution).toString());
                tensors.put(StoredLayers.weight(i), convolution.weight());
                tensors.put(StoredLayers.bias(i), convolution.bias());
            } else if (linear.get(i) instanceof Op.Dense dense) {
                tensors.put(StoredLayers.weight(i), dense.weight());
                tensors.put(StoredLayers.bias(i), dense.bias());
            }
        }
        return new LayerWriter(tensors, metadata);
    }

    /** Dense layers and convolutions, first to last. */
    private static List<Op> requireStorable(Path file, Graph graph) {
        List<Op> linear = new ArrayList<>();
        boolean wanted = true; // a linear operation comes next; else a ReLU, or the end
        for (int k = 0; k < graph.nodes().size(); ++k) {
            Graph.Node node = graph.nodes().get(k);
            boolean isLinear = node.op() instanceof Op.Dense || node.op() instanceof Op.Conv2d;
            boolean isRelu = node.op() instanceof Op.Relu;
            boolean fits = isLinear ? wanted : isRelu ? !wanted : node.op() instanceof Op.Flatten;
            if (!fits || !node.inputs().equals(List.of(k))) {
                throw refused(file, node.name());
            }
            if (isLinear) {
                linear.add(node.op());
            }
            wanted = isRelu || wanted && !isLinear;
        }
        if (wanted) {
            throw refused(file, "the end");
        }
        return linear;
    }

    private static ModelException refused(Path file, String where) {
        return ModelException.in(file, "only dense layers and convolutions with a ReLU between each two can be stored, "
                + "which does not hold at %s: ONNX files hold all", where);
    }

    /** The header, with {@code provenance} beside the metadata. */
    SafetensorsHeader header(Precision precision, Map<String, String> provenance) {
        Map<String, String> all = new TreeMap<>(provenance);
        all.putAll(metadata);
        List<Entry> entries = new ArrayList<>();
        long begin = 0;
        for (Map.Entry<String, Tensor> tensor : tensors.entrySet()) {
            Shape shape = tensor.getValue().shape();
            long end = begin + (long) shape.size() * precision.bytes();
            entries.add(new Entry(tensor.getKey(), precision, shape, begin, end));
            begin = end;
        }
        return new SafetensorsHeader(all, entries);
    }
}
