package dev.bulwark.model.io.vnnlib;

import java.math.BigDecimal;
import java.util.List;

/**
 * {@code sum over j of coefficients[j] Y_j + constant <= 0}, in exact decimals.
 *
 * @param coefficients one for each output
 */
public record Constraint(List<BigDecimal> coefficients, BigDecimal constant) {

    public Constraint {
        coefficients = List.copyOf(coefficients);
    }

    /** Whether these outputs fulfil it, exactly. */
    public boolean holds(float[] outputs) {
        BigDecimal sum = constant;
        for (int j = 0; j < outputs.length; ++j) {
            if (coefficients.get(j).signum() != 0) {
                if (!Float.isFinite(outputs[j])) {
                    return false; // the network gives no answer there
                }
                sum = sum.add(coefficients.get(j).multiply(new BigDecimal(outputs[j])));
            }
        }
        return sum.signum() <= 0;
    }

    /** Whether all outputs between these ends fulfil it. */
    boolean holds(List<BigDecimal> lower, List<BigDecimal> upper) {
        BigDecimal most = constant;
        for (int j = 0; j < coefficients.size(); ++j) {
            BigDecimal coefficient = coefficients.get(j);
            most = most.add(coefficient.multiply((coefficient.signum() > 0 ? upper : lower).get(j)));
        }
        return most.signum() <= 0;
    }
}
