package dev.bulwark.model.io.onnx;

import dev.bulwark.model.Graph;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * A network out of an ONNX model.
 *
 * @param graph      takes one input, without a batch dimension, in the order of the model's
 * @param weights    how the model stores its weights: names as of {@code TensorProto.DataType}, {@code FLOAT} and so on
 * @param metadata   the model's {@code metadata_props}
 * @param notes      in what the graph differs from the model: a sentence each; empty if in nothing
 * @param logitsOnly whether a final softmax was left out, so that the outputs have the model's order but not its values
 * @param otherInFloat32 why float32 evaluations of the model may be others than those of the graph: "it ..."; empty if they
 *                   are the same
 */
public record OnnxModel(Graph graph, List<String> weights, Map<String, String> metadata, List<String> notes,
        boolean logitsOnly, Optional<String> otherInFloat32) {

    public OnnxModel {
        weights = List.copyOf(weights);
        metadata = Map.copyOf(metadata);
        notes = List.copyOf(notes);
    }
}
