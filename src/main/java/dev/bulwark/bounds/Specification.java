package dev.bulwark.bounds;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.IntToDoubleFunction;

/**
 * What must hold of the logits: all of some clauses, of each at least one linear inequality. This is the one place that says
 * when lower bounds prove it.
 *
 * @param classes number of logits
 * @param clauses all must hold
 */
public record Specification(int classes, List<Clause> clauses) {

    /** At least one must hold. */
    public record Clause(List<Inequality> anyOf) {

        public Clause {
            anyOf = List.copyOf(anyOf);
            if (anyOf.isEmpty()) {
                throw new IllegalArgumentException("a clause of no inequality holds nowhere");
            }
        }
    }

    /** {@code sum over c of coefficients[c] logit[c] + constant > 0}: where it is 0, it does not hold. */
    public static final class Inequality {

        private final float[] coefficients;
        private final float constant;

        /** @param coefficients {@code [classes]}, finite, as is the constant */
        public Inequality(float[] coefficients, float constant) {
            for (float coefficient : coefficients) {
                requireFinite(coefficient);
            }
            requireFinite(constant);
            this.coefficients = coefficients.clone();
            this.constant = constant;
        }

        private static void requireFinite(float number) {
            if (!Float.isFinite(number)) {
                throw new IllegalArgumentException("an inequality has finite numbers, not " + number);
            }
        }

        public float[] coefficients() {
            return coefficients.clone();
        }

        public float constant() {
            return constant;
        }

        @Override
        public boolean equals(Object other) {
            return other instanceof Inequality that && Arrays.equals(coefficients, that.coefficients)
                    && constant == that.constant;
        }

        @Override
        public int hashCode() {
            return 31 * Arrays.hashCode(coefficients) + Float.hashCode(constant);
        }

        @Override
        public String toString() {
            StringBuilder text = new StringBuilder();
            for (int c = 0; c < coefficients.length; ++c) {
                if (coefficients[c] != 0) {
                    text.append(text.length() > 0 ? " + " : "").append(coefficients[c]).append(" logit ").append(c);
                }
            }
            return text.append(text.length() > 0 ? " + " : "").append(constant).append(" > 0").toString();
        }
    }

    /** @throws IllegalArgumentException if there is no clause, or an inequality is of another number of logits */
    public Specification {
        clauses = List.copyOf(clauses);
        if (classes < 1) {
            throw new IllegalArgumentException("a network has at least one logit, not " + classes);
        }
        if (clauses.isEmpty()) {
            throw new IllegalArgumentException("a specification of no clause says nothing");
        }
        for (Clause clause : clauses) {
            for (Inequality inequality : clause.anyOf) {
                if (inequality.coefficients.length != classes) {
                    throw new IllegalArgumentException("an inequality in " + inequality.coefficients.length
                            + " logits is none in " + classes);
                }
            }
        }
    }

    /** The logit of {@code label} exceeds every other; where there is no other, that always holds. */
    public static Specification label(int label, int classes) {
        if (label < 0 || label >= classes) {
            throw new IllegalArgumentException("label must lie in [0, " + classes + "): " + label);
        }
        List<Clause> clauses = new ArrayList<>();
        if (classes == 1) {
            clauses.add(new Clause(List.of(new Inequality(new float[1], 1))));
        }
        for (int c = 0; c < classes; ++c) {
            if (c != label) {
                float[] coefficients = new float[classes];
                coefficients[label] = 1;
                coefficients[c] = -1;
                clauses.add(new Clause(List.of(new Inequality(coefficients, 0))));
            }
        }
        return new Specification(classes, clauses);
    }

    /** All inequalities, clause after clause. */
    public List<Inequality> inequalities() {
        return clauses.stream().flatMap(clause -> clause.anyOf.stream()).toList();
    }

    /**
     * Whether lower bounds prove the specification: of each clause one inequality's is above 0. (A clause may hold although
     * none of its inequalities holds everywhere; bounds of each alone can't show that.)
     *
     * @param lower of the left side of inequality k, in the order of {@link #inequalities}; NaN where none is known
     */
    public boolean provenBy(IntToDoubleFunction lower) {
        int k = 0;
        for (Clause clause : clauses) {
            boolean proven = false;
            for (int i = 0; i < clause.anyOf.size(); ++i, ++k) {
                proven |= isPositive(lower.applyAsDouble(k));
            }
            if (!proven) {
                return false;
            }
        }
        return true;
    }

    /**
     * As {@link #provenBy}, of {@link #label}.
     *
     * @param marginLower lower bound of {@code logit[label] - logit[c]} for class c; not asked at the label
     */
    public static boolean labelProvenBy(int label, int classes, IntToDoubleFunction marginLower) {
        for (int c = 0; c < classes; ++c) {
            if (c != label && !isPositive(marginLower.applyAsDouble(c))) {
                return false;
            }
        }
        return true;
    }

    /** Equality is no certificate, and an unknown bound proves nothing. */
    private static boolean isPositive(double lower) {
        return lower > 0;
    }
}
