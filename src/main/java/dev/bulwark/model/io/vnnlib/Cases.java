package dev.bulwark.model.io.vnnlib;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;

/** A formula of comparisons, "and" and "or" as cases: it holds where in any of them all comparisons hold. */
final class Cases {

    /** No competition's file comes near; each takes memory, and a proof of its own. */
    private static final int MOST = 1 << 16;

    private final Function<Expression, Term> comparison;

    /** @param comparison reads a comparison as a term that is at most 0 where it holds */
    Cases(Function<Expression, Term> comparison) {
        this.comparison = comparison;
    }

    List<List<Term>> of(Expression formula) {
        switch (formula.operator()) {
            case "and":
                List<List<Term>> product = List.of(List.of());
                for (Expression part : formula.operands()) {
                    product = together(product, of(part), formula.line());
                }
                return product;
            case "or":
                List<List<Term>> all = new ArrayList<>();
                for (Expression part : formula.operands()) {
                    all.addAll(of(part));
                    requireFew(all.size(), formula.line());
                }
                return all;
            default:
                return List.of(List.of(comparison.apply(formula)));
        }
    }

    /** The cases in which both hold. */
    static List<List<Term>> together(List<List<Term>> first, List<List<Term>> second, int line) {
        requireFew((long) first.size() * second.size(), line);
        List<List<Term>> product = new ArrayList<>();
        for (List<Term> a : first) {
            for (List<Term> b : second) {
                List<Term> both = new ArrayList<>(a);
                both.addAll(b);
                product.add(both);
            }
        }
        return product;
    }

    private static void requireFew(long cases, int line) {
        if (cases > MOST) {
            throw VnnLibException.at(line, "\"and\" and \"or\" make more than %d cases: split the property into several files",
                    MOST);
        }
    }
}
