package dev.bulwark.properties;

import java.math.BigDecimal;
import java.util.List;

/**
 * An input whose outputs are unsafe.
 *
 * @param inputs  decimals in the box as written; the network is given the float nearest to each
 * @param outputs of a float forward pass, each as the shortest decimal that is read as the same float
 */
public record Witness(List<BigDecimal> inputs, List<BigDecimal> outputs) {

    public Witness {
        inputs = List.copyOf(inputs);
        outputs = List.copyOf(outputs);
    }

    /** The competition's form: {@code ((X_0 0.5)}, a line a variable, {@code (Y_0 -1.25))}. */
    @Override
    public String toString() {
        StringBuilder text = new StringBuilder("(");
        append(text, "X_", inputs);
        append(text.append("\n "), "Y_", outputs);
        return text.append(")").toString();
    }

    private static void append(StringBuilder text, String prefix, List<BigDecimal> values) {
        for (int i = 0; i < values.size(); ++i) {
            text.append(i == 0 ? "" : "\n ").append('(').append(prefix).append(i).append(' ').append(values.get(i)).append(')');
        }
    }
}
