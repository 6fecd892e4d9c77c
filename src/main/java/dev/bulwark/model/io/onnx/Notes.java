package dev.bulwark.model.io.onnx;

import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** In what the graph differs from the model, a sentence each, in the order in which it was found. */
final class Notes {

    private final Set<String> sentences = new LinkedHashSet<>();
    private boolean logitsOnly;
    private Optional<String> otherInFloat32 = Optional.empty();

    void computed() {
        otherInFloat32("computes constants from others, which may round otherwise");
        sentences.add("constants that the model computes from others were computed in double and rounded to float once");
    }

    void rounded() {
        sentences.add("float64 weights were rounded to float once");
    }

    void half(String type) {
        otherInFloat32("computes values in " + type);
        sentences.add("values that the model computes in " + type + " are computed in float");
    }

    /** The softmax at the end has no place in the graph. */
    void logits() {
        logitsOnly = true;
        otherInFloat32("ends in a softmax, whose rounding has no known bound");
        sentences.add("the final softmax was left out: outputs are logits, in the same order");
    }

    /** A factor of a matrix product may be multiplied into its operands or its sums, which over- and underflow elsewhere. */
    void factors() {
        otherInFloat32("multiplies matrix products by factors, before or after their sums");
    }

    /** Of many values no two need be added first. */
    void sums() {
        otherInFloat32("adds more than two values by one Sum, in an order that is the runtime's");
    }

    private void otherInFloat32(String what) {
        otherInFloat32 = otherInFloat32.or(() -> Optional.of("it " + what));
    }

    /** Why float32 evaluations of the model may be others than those of the graph, if they may. */
    Optional<String> otherInFloat32() {
        return otherInFloat32;
    }

    boolean logitsOnly() {
        return logitsOnly;
    }

    List<String> sentences() {
        return List.copyOf(sentences);
    }
}
