package dev.bulwark.model.io.vnnlib;

import java.math.BigDecimal;
import java.util.Arrays;
import java.util.List;
import java.util.Map;

/** Ends of inputs, as far as they are known. */
final class InputBox {

    private static final BigDecimal LARGEST = new BigDecimal(Float.MAX_VALUE);

    /** Null where an end is not known yet. */
    private final BigDecimal[] lower;
    private final BigDecimal[] upper;

    InputBox(int inputs) {
        this(new BigDecimal[inputs], new BigDecimal[inputs]);
    }

    private InputBox(BigDecimal[] lower, BigDecimal[] upper) {
        this.lower = lower;
        this.upper = upper;
    }

    InputBox copy() {
        return new InputBox(lower.clone(), upper.clone());
    }

    /** Complains of a term in inputs that gives no end of one of them. */
    static void requireEnd(Term term, int line) {
        if (term.inputs().size() > 1) {
            throw VnnLibException.at(line, "it relates inputs to one another: only boxes of inputs are read");
        }
        term.inputs().values().forEach(coefficient -> {
            try {
                requireFloat(term.constant().divide(coefficient), line);
            } catch (ArithmeticException e) {
                throw VnnLibException.at(line, "no decimal is the end that it gives an input: write it as X_i against a number");
            }
        });
    }

    private static void requireFloat(BigDecimal end, int line) {
        if (end.abs().compareTo(LARGEST) > 0) {
            throw VnnLibException.at(line, "an input ends beyond the largest float");
        }
    }

    /** @param term in one input, to be at most 0 */
    void cut(Term term) {
        Map.Entry<Integer, BigDecimal> input = term.inputs().entrySet().iterator().next();
        int i = input.getKey();
        // Without trailing zeros, so that equal boxes are equal.
        BigDecimal end = term.constant().negate().divide(input.getValue()).stripTrailingZeros();
        if (input.getValue().signum() > 0) {
            upper[i] = upper[i] == null ? end : upper[i].min(end);
        } else {
            lower[i] = lower[i] == null ? end : lower[i].max(end);
        }
    }

    void requireBounded() {
        for (int i = 0; i < lower.length; ++i) {
            if (lower[i] == null || upper[i] == null) {
                throw VnnLibException.of("X_%d has no %s bound: every input needs both ends", i, lower[i] == null ? "lower" : "upper");
            }
        }
    }

    boolean isEmpty() {
        for (int i = 0; i < lower.length; ++i) {
            if (lower[i].compareTo(upper[i]) > 0) {
                return true;
            }
        }
        return false;
    }

    Property.Query query(List<List<Constraint>> unsafe) {
        return new Property.Query(Arrays.asList(lower), Arrays.asList(upper), unsafe);
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof InputBox box && Arrays.equals(lower, box.lower) && Arrays.equals(upper, box.upper);
    }

    @Override
    public int hashCode() {
        return 31 * Arrays.hashCode(lower) + Arrays.hashCode(upper);
    }
}
