package dev.bulwark.model.io.onnx;

import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/** In what the graph differs from the model, a sentence each, in the order in which it was found. */
final class Notes {

    private final Set<String> sentences = new LinkedHashSet<>();
    private boolean logitsOnly;

    void computed() {
        sentences.add("constants that the model computes from others were computed in double and rounded to float once");
    }

    void rounded() {
        sentences.add("float64 weights were rounded to float once");
    }

    void half(String type) {
        sentences.add("values that the model computes in " + type + " are computed in float");
    }

    /** The softmax at the end has no place in the graph. */
    void logits() {
        logitsOnly = true;
        sentences.add("the final softmax was left out: outputs are logits, in the same order");
    }

    boolean logitsOnly() {
        return logitsOnly;
    }

    List<String> sentences() {
        return List.copyOf(sentences);
    }
}
