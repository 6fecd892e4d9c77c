package dev.bulwark.model.io.vnnlib;

import java.math.BigDecimal;
import java.math.MathContext;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.BinaryOperator;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** Reads commands one after the other, and keeps what was declared and asserted. */
final class PropertyParser {

    private static final Pattern VARIABLE = Pattern.compile("([XY])_(0|[1-9]\\d{0,8})");
    /** Commands of SMT-LIB's that say nothing about a property. */
    private static final Set<String> SILENT = Set.of("set-logic", "set-info", "check-sat", "get-model", "exit");

    private static final BigDecimal LARGEST = new BigDecimal(Float.MAX_VALUE);

    private final Cases cases = new Cases(this::comparison);
    private int inputs;
    private int outputs;
    /** What holds in every case: most files have thousands of ends of boxes, and few alternatives. */
    private final List<Term> common = new ArrayList<>();
    private List<List<Term>> alternatives = List.of(List.of());

    Property parse(List<Expression> commands) {
        commands.forEach(this::take);
        if (inputs == 0 || outputs == 0) {
            throw VnnLibException.of("it declares no %s: a property needs (declare-const X_0 Real) and (declare-const Y_0 Real)",
                    inputs == 0 ? "input X_0" : "output Y_0");
        }
        InputBox whole = new InputBox(inputs);
        List<Constraint> always = new ArrayList<>();
        boolean possible = true;
        for (Term term : common) {
            possible &= add(term, whole, always);
        }
        Map<InputBox, List<List<Constraint>>> queries = new LinkedHashMap<>();
        for (List<Term> alternative : possible ? alternatives : List.<List<Term>>of()) {
            InputBox box = whole.copy();
            List<Constraint> unsafe = new ArrayList<>(always);
            boolean holds = true;
            for (Term term : alternative) {
                holds &= add(term, box, unsafe);
            }
            box.requireBounded();
            if (holds && !box.isEmpty()) {
                queries.computeIfAbsent(box, unused -> new ArrayList<>()).add(unsafe);
            }
        }
        return new Property(inputs, outputs, queries.entrySet().stream()
                .map(query -> query.getKey().query(query.getValue())).toList());
    }

    /**
     * Adds a term that is to be at most 0 to what it speaks of.
     *
     * @return false if it is a constant above 0
     */
    private boolean add(Term term, InputBox box, List<Constraint> unsafe) {
        if (term.isConstant()) {
            return term.constant().signum() <= 0;
        }
        if (term.inputs().isEmpty()) {
            List<BigDecimal> coefficients = new ArrayList<>();
            for (int j = 0; j < outputs; ++j) {
                coefficients.add(term.outputs().getOrDefault(j, BigDecimal.ZERO));
            }
            unsafe.add(new Constraint(coefficients, term.constant()));
        } else {
            box.cut(term);
        }
        return true;
    }

    private void take(Expression command) {
        switch (command.operator()) {
            case "declare-const" -> declare(command);
            case "assert" -> {
                if (command.operands().size() != 1) {
                    throw VnnLibException.at(command.line(), "an assert has one formula, not %d", command.operands().size());
                }
                add(command.operands().get(0));
            }
            case "vnnlib-version", "declare-network" -> throw VnnLibException.at(command.line(),
                    "this is VNN-LIB 2: only version 1.0 is read here, with declare-const X_0 and Y_0");
            default -> {
                if (!SILENT.contains(command.operator())) {
                    throw VnnLibException.at(command.line(), "%s is neither declare-const nor assert", command.quoted());
                }
            }
        }
    }

    private void add(Expression formula) {
        if (formula.operator().equals("and")) {
            formula.operands().forEach(this::add);
            return;
        }
        List<List<Term>> found = cases.of(formula);
        if (found.size() == 1) {
            common.addAll(found.get(0));
        } else {
            alternatives = Cases.together(alternatives, found, formula.line());
        }
    }

    private void declare(Expression command) {
        List<Expression> operands = command.operands();
        Matcher name = VARIABLE.matcher(operands.isEmpty() ? "" : operands.get(0).word());
        if (operands.size() != 2 || !operands.get(1).word().equals("Real") || !name.matches()) {
            throw VnnLibException.at(command.line(), "a declaration is (declare-const X_i Real) or (declare-const Y_i Real)");
        }
        boolean input = name.group(1).equals("X");
        int expected = input ? inputs : outputs;
        if (Integer.parseInt(name.group(2)) != expected) {
            throw VnnLibException.at(command.line(), "%s is declared where %s_%d is due: variables are declared once, in their order",
                    name.group(), name.group(1), expected);
        }
        inputs += input ? 1 : 0;
        outputs += input ? 0 : 1;
    }

    /** A term that is at most 0 where the comparison holds. */
    private Term comparison(Expression expression) {
        String operator = expression.operator();
        if (!operator.equals("<=") && !operator.equals(">=")) {
            throw VnnLibException.at(expression.line(), "%s is none of <=, >=, and, or", expression.isWord()
                    ? expression.quoted() : VnnLibException.quote(operator));
        }
        if (expression.operands().size() != 2) {
            throw VnnLibException.at(expression.line(), "%s compares two terms, not %d", operator, expression.operands().size());
        }
        Term left = term(expression.operands().get(0));
        Term right = term(expression.operands().get(1));
        Term difference = operator.equals("<=") ? left.minus(right) : right.minus(left);
        if (!difference.inputs().isEmpty() && !difference.outputs().isEmpty()) {
            throw VnnLibException.at(expression.line(), "it compares inputs with outputs: only boxes of inputs and linear "
                    + "constraints on outputs are read");
        }
        InputBox.requireEnd(difference, expression.line());
        Stream.of(difference.inputs().values(), difference.outputs().values(), List.of(difference.constant()))
                .flatMap(Collection::stream).filter(number -> number.abs().compareTo(LARGEST) > 0).findFirst().ifPresent(number -> {
                    throw VnnLibException.at(expression.line(), "it holds %s, beyond the largest float",
                            number.abs().round(new MathContext(6)).stripTrailingZeros());
                });
        return difference;
    }

    private Term term(Expression expression) {
        if (expression.isWord()) {
            return variableOrNumber(expression);
        }
        List<Term> parts = new ArrayList<>();
        if (!expression.parts().isEmpty()) {
            expression.operands().forEach(part -> parts.add(term(part)));
        }
        BinaryOperator<Term> fold = switch (parts.isEmpty() ? "" : expression.operator()) {
            case "+" -> Term::plus;
            case "-" -> Term::minus;
            case "*" -> (a, b) -> product(a, b, expression.line());
            default -> throw VnnLibException.at(expression.line(), "%s is no term: these are made with +, - and *",
                    expression.quoted());
        };
        boolean negated = parts.size() == 1 && expression.operator().equals("-");
        return negated ? parts.get(0).times(BigDecimal.ONE.negate()) : parts.stream().reduce(fold).orElseThrow();
    }

    private static Term product(Term a, Term b, int line) {
        if (!a.isConstant() && !b.isConstant()) {
            throw VnnLibException.at(line, "a product of two variables is not linear");
        }
        return a.isConstant() ? b.times(a.constant()) : a.times(b.constant());
    }

    private Term variableOrNumber(Expression word) {
        Matcher name = VARIABLE.matcher(word.word());
        if (!name.matches()) {
            return Term.constant(Term.number(word));
        }
        int number = Integer.parseInt(name.group(2));
        boolean input = name.group(1).equals("X");
        if (number >= (input ? inputs : outputs)) {
            throw VnnLibException.at(word.line(), "%s was not declared", name.group());
        }
        return input ? Term.input(number) : Term.output(number);
    }
}
