package dev.bulwark.properties;

import dev.bulwark.bounds.Specification;
import dev.bulwark.model.io.vnnlib.Constraint;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** The opposite of unsafe outputs, as a specification in floats that says no less. */
final class SafeOutputs {

    private SafeOutputs() {
    }

    /**
     * A specification that no unsafe outputs fulfil; empty where floats can't say that.
     *
     * @param unsafe outputs that fulfil all constraints of any of these lists
     */
    static Optional<Specification> of(int outputs, List<List<Constraint>> unsafe) {
        List<Specification.Clause> clauses = new ArrayList<>();
        for (List<Constraint> all : unsafe) {
            List<Specification.Inequality> anyOf = all.stream().flatMap(constraint -> violated(constraint).stream()).toList();
            if (anyOf.isEmpty()) {
                return Optional.empty();
            }
            clauses.add(new Specification.Clause(anyOf));
        }
        return Optional.of(new Specification(outputs, clauses));
    }

    /**
     * Where this inequality holds, the constraint doesn't: its coefficients are the constraint's, or these times a power of
     * ten, exactly, and its constant is rounded down.
     */
    private static Optional<Specification.Inequality> violated(Constraint constraint) {
        int digits = 0;
        if (!constraint.coefficients().stream().allMatch(SafeOutputs::isFloat)) {
            digits = constraint.coefficients().stream().mapToInt(c -> c.stripTrailingZeros().scale()).max().orElse(0);
        }
        float[] coefficients = new float[constraint.coefficients().size()];
        for (int j = 0; j < coefficients.length; ++j) {
            BigDecimal scaled = constraint.coefficients().get(j).scaleByPowerOfTen(digits);
            if (!isFloat(scaled)) {
                return Optional.empty();
            }
            coefficients[j] = DecimalBox.nearest(scaled);
        }
        float constant = DecimalBox.down(constraint.constant().scaleByPowerOfTen(digits));
        return Float.isFinite(constant) ? Optional.of(new Specification.Inequality(coefficients, constant)) : Optional.empty();
    }

    private static boolean isFloat(BigDecimal value) {
        float nearest = DecimalBox.nearest(value);
        return Float.isFinite(nearest) && new BigDecimal(nearest).compareTo(value) == 0;
    }
}
