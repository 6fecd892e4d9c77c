package dev.bulwark.model.io.vnnlib;

import java.math.BigDecimal;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A linear term in inputs and outputs, in exact decimals; coefficients that are 0 are left out.
 *
 * @param inputs  coefficients by number
 * @param outputs likewise
 */
record Term(Map<Integer, BigDecimal> inputs, Map<Integer, BigDecimal> outputs, BigDecimal constant) {

    private static final Pattern NUMBER = Pattern.compile("[+-]?(\\d+\\.?\\d*|\\.\\d+)([eE]([+-]?\\d{1,9}))?");
    /** Beyond any float's, and few enough to compute with. */
    private static final int LARGEST_EXPONENT = 400;
    private static final int MOST_DIGITS = 1000;

    static Term constant(BigDecimal value) {
        return new Term(Map.of(), Map.of(), value);
    }

    static Term input(int number) {
        return new Term(Map.of(number, BigDecimal.ONE), Map.of(), BigDecimal.ZERO);
    }

    static Term output(int number) {
        return new Term(Map.of(), Map.of(number, BigDecimal.ONE), BigDecimal.ZERO);
    }

    boolean isConstant() {
        return inputs.isEmpty() && outputs.isEmpty();
    }

    Term plus(Term other) {
        return new Term(sum(inputs, other.inputs), sum(outputs, other.outputs), constant.add(other.constant));
    }

    Term times(BigDecimal factor) {
        return new Term(product(inputs, factor), product(outputs, factor), constant.multiply(factor));
    }

    Term minus(Term other) {
        return plus(other.times(BigDecimal.ONE.negate()));
    }

    private static Map<Integer, BigDecimal> sum(Map<Integer, BigDecimal> a, Map<Integer, BigDecimal> b) {
        Map<Integer, BigDecimal> sum = new TreeMap<>(a);
        b.forEach((number, coefficient) -> sum.merge(number, coefficient, BigDecimal::add));
        sum.values().removeIf(coefficient -> coefficient.signum() == 0);
        return sum;
    }

    private static Map<Integer, BigDecimal> product(Map<Integer, BigDecimal> a, BigDecimal factor) {
        Map<Integer, BigDecimal> product = new TreeMap<>();
        if (factor.signum() != 0) {
            a.forEach((number, coefficient) -> product.put(number, coefficient.multiply(factor)));
        }
        return product;
    }

    /** A number as written. */
    static BigDecimal number(Expression expression) {
        Matcher matcher = NUMBER.matcher(expression.word());
        if (!matcher.matches()) {
            throw VnnLibException.at(expression.line(), "%s is no number, and no variable that was declared before",
                    expression.quoted());
        }
        int exponent = matcher.group(3) == null ? 0 : Integer.parseInt(matcher.group(3));
        if (Math.abs(exponent) > LARGEST_EXPONENT || expression.word().length() > MOST_DIGITS) {
            throw VnnLibException.at(expression.line(), "%s has an exponent beyond %d, or more than %d digits",
                    expression.quoted(), LARGEST_EXPONENT, MOST_DIGITS);
        }
        return new BigDecimal(expression.word());
    }
}
