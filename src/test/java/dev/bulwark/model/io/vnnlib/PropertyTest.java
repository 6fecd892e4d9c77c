package dev.bulwark.model.io.vnnlib;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PropertyTest {

    private static final String DECLARED = "(declare-const X_0 Real) (declare-const X_1 Real)\n"
            + "(declare-const Y_0 Real) (declare-const Y_1 Real)\n";
    private static final String BOX = "(assert (and (>= X_0 0) (<= X_0 1) (>= X_1 0) (<= X_1 1)))\n";

    /** A comment ends with its line, which some systems end with a carriage return. */
    @Test
    void givenLinesThatEndOtherwise_whenRead_thenCommentsEndThere() {
        String text = DECLARED + BOX + "; the outputs\n(assert (<= Y_0 2))\n";
        for (String end : List.of("\r", "\r\n")) {
            assertEquals(parse(text).queries().toString(), parse(text.replace("\n", end)).queries().toString());
        }
    }

    private static Property parse(String text) {
        return Property.parse(text.getBytes(StandardCharsets.UTF_8));
    }

    private static List<BigDecimal> decimals(String... values) {
        return Arrays.stream(values).map(BigDecimal::new).toList();
    }

    private static void assertBox(Property.Query query, List<BigDecimal> lower, List<BigDecimal> upper) {
        for (int i = 0; i < lower.size(); ++i) {
            assertEquals(0, lower.get(i).compareTo(query.lower().get(i)), "lower end of X_" + i + ": " + query.lower().get(i));
            assertEquals(0, upper.get(i).compareTo(query.upper().get(i)), "upper end of X_" + i + ": " + query.upper().get(i));
        }
    }

    @Test
    void givenABoxInManyForms_whenParsed_thenItsEndsAreExactlyThoseWritten() {
        Property property = parse("; a comment (with brackets\n" + DECLARED + """
                (assert (>= X_0 -0.1000000000000000000000000000000000001)) ; not a float, nor a double
                (assert (<= X_0 2.5e-1))
                (assert (<= (- 0.5) X_1))
                (assert (<= (+ (* 2 X_1) 1) (- 3 1)))
                (assert (<= X_0 7))
                (assert (<= Y_0 Y_1))""");
        assertEquals(1, property.queries().size());
        assertBox(property.queries().get(0), decimals("-0.1000000000000000000000000000000000001", "-0.5"), decimals("0.25", "0.5"));
    }

    /** Whatever shape a formula has, outputs are unsafe exactly where it is true. */
    @Test
    void givenNestedFormulas_whenParsed_thenOutputsAreUnsafeWhereTheyAreTrue() {
        Property property = parse(DECLARED + BOX + """
                (assert (or (and (<= Y_0 (* 2 Y_1)) (or (>= Y_0 1) (<= (+ Y_0 Y_1 1) 0))) (>= (- Y_1) 3)))
                (assert (<= (- Y_0 Y_1 Y_1 0.5) 8))""");
        SplittableRandom random = new SplittableRandom(2);
        int unsafe = 0;
        for (int k = 0; k < 500; ++k) {
            float a = random.nextInt(-16, 17) / 4f;
            float b = random.nextInt(-16, 17) / 4f;
            boolean expected = (a <= 2 * b && (a >= 1 || a + b + 1 <= 0) || -b >= 3) && a - b - b - 0.5 <= 8;
            assertEquals(expected, property.queries().get(0).isUnsafe(new float[] {a, b}), a + ", " + b);
            unsafe += expected ? 1 : 0;
        }
        assertTrue(unsafe > 50 && unsafe < 450, "unsafe: " + unsafe);
    }

    @Test
    void givenBoxesToChooseFrom_whenParsed_thenEachIsAQueryOfItsOwn() {
        Property property = parse(DECLARED + BOX + """
                (assert (or (and (<= X_0 0.25) (<= Y_0 0)) (and (>= X_0 0.75) (<= Y_1 0)) (and (<= X_0 0.250) (<= Y_1 0))
                            (and (<= X_0 -1) (<= Y_0 0))))""");
        assertEquals(2, property.queries().size(), "equal boxes are one, and an empty one is none");
        assertBox(property.queries().get(0), decimals("0", "0"), decimals("0.25", "1"));
        assertEquals(2, property.queries().get(0).unsafe().size());
        assertBox(property.queries().get(1), decimals("0.75", "0"), decimals("1", "1"));
        assertFalse(property.queries().get(1).isUnsafe(new float[] {-1, 1}));
    }

    @Test
    void givenDemandsThatNothingFulfils_whenParsed_thenNoQueryIsLeft() {
        assertEquals(List.of(), parse(DECLARED + BOX + "(assert (<= X_0 -1)) (assert (<= Y_0 0))").queries());
        assertEquals(List.of(), parse(DECLARED + BOX + "(assert (<= 1 0))").queries());
        assertTrue(parse(DECLARED + BOX + "(assert (<= Y_0 Y_0))").queries().get(0).isUnsafe(new float[] {5, 5}));
    }

    @Test
    void givenOutputsThatAreNoNumbers_whenChecked_thenTheyFulfilNothing() {
        Property.Query query = parse(DECLARED + BOX + "(assert (<= Y_0 Y_1))").queries().get(0);
        assertFalse(query.isUnsafe(new float[] {Float.NaN, 0}));
        assertFalse(query.isUnsafe(new float[] {0, Float.POSITIVE_INFINITY}));
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
        "(assert (<= Y_0 Y_2))                     | line 4: Y_2 was not declared",
        "(assert (<= Y_0 0)                        | line 4: a bracket is opened and never closed",
        "(assert (<= Y_0 0)))                      | line 4: a bracket is closed that none has opened",
        "(assert (< Y_0 0))                        | line 4: \"<\" is none of <=, >=, and, or",
        "(assert (not (<= Y_0 0)))                 | line 4: \"not\" is none of <=, >=, and, or",
        "(assert (<= Y_0))                         | line 4: <= compares two terms, not 1",
        "(assert (<= (* Y_0 Y_1) 0))               | line 4: a product of two variables is not linear",
        "(assert (<= (/ Y_0 2) 0))                 | line 4: \"(/ ...)\" is no term: these are made with +, - and *",
        "(assert (<= Y_0 1e))                      | line 4: \"1e\" is no number, and no variable that was declared before",
        "(assert (<= Y_0 1e999999))                | line 4: \"1e999999\" has an exponent beyond 400, or more than 1000 digits",
        "(assert (<= Y_0 1e39))                    | line 4: it holds 1E+39, beyond the largest float",
        "(assert (<= Y_0 X_0))                     | line 4: it compares inputs with outputs: only boxes of inputs and linear constraints on outputs are read",
        "(assert (<= X_1 X_0))                     | line 4: it relates inputs to one another: only boxes of inputs are read",
        "(assert (<= (* 3 X_0) 1))                 | line 4: no decimal is the end that it gives an input: write it as X_i against a number",
        "(assert)                                  | line 4: an assert has one formula, not 0",
        "(declare-const Y_3 Real)                  | line 4: Y_3 is declared where Y_2 is due: variables are declared once, in their order",
        "(declare-const Z Real)                    | line 4: a declaration is (declare-const X_i Real) or (declare-const Y_i Real)",
        "(declare-fun f () Real)                   | line 4: \"(declare-fun ...)\" is neither declare-const nor assert",
        "(vnnlib-version <2.0>)                    | line 4: this is VNN-LIB 2: only version 1.0 is read here, with declare-const X_0 and Y_0",
        "Y_0                                       | line 4: \"Y_0\" is neither declare-const nor assert",
    })
    void givenWhatIsNotUnderstood_whenParsed_thenOneLineSaysWhere(String text, String message) {
        assertEquals(message, assertThrows(VnnLibException.class, () -> parse(DECLARED + BOX + text)).getMessage());
    }

    @Test
    void givenAnInputWithoutAnEnd_whenParsed_thenItIsNamed() {
        assertEquals("X_1 has no upper bound: every input needs both ends", assertThrows(VnnLibException.class, () -> parse(DECLARED
                + "(assert (>= X_0 0)) (assert (<= X_0 0)) (assert (>= X_1 0)) (assert (<= Y_0 0))")).getMessage());
        assertEquals("it declares no output Y_0: a property needs (declare-const X_0 Real) and (declare-const Y_0 Real)",
                assertThrows(VnnLibException.class, () -> parse("(declare-const X_0 Real)")).getMessage());
    }

    @Test
    void givenMoreThanMemoryHolds_whenParsed_thenItIsRefusedAtOnce() {
        String either = "(assert (or (<= Y_0 0) (<= Y_1 0)))\n";
        assertTrue(assertThrows(VnnLibException.class, () -> parse(DECLARED + BOX + either.repeat(40))).getMessage()
                .endsWith("make more than 65536 cases: split the property into several files"));
        assertTrue(assertThrows(VnnLibException.class, () -> parse("(".repeat(100_000))).getMessage().contains("nest deeper"));
    }
}
