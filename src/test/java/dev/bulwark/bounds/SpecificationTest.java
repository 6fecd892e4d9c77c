package dev.bulwark.bounds;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.bulwark.bounds.Specification.Clause;
import dev.bulwark.bounds.Specification.Inequality;
import dev.bulwark.data.Ball;
import dev.bulwark.data.Epsilon;
import java.util.List;
import org.junit.jupiter.api.Test;

class SpecificationTest {

    private static final Inequality FIRST = new Inequality(new float[] {1, -2}, 0.5f);
    private static final Inequality SECOND = new Inequality(new float[] {0, 1}, 0);

    private static boolean proven(Specification specification, double... lower) {
        return specification.provenBy(k -> lower[k]);
    }

    @Test
    void givenClauses_whenAsked_thenAllNeedOneInequalityAboveZero() {
        Specification both = new Specification(2, List.of(new Clause(List.of(FIRST)), new Clause(List.of(SECOND))));
        Specification either = new Specification(2, List.of(new Clause(List.of(FIRST, SECOND))));
        assertTrue(proven(both, 1, 1));
        assertFalse(proven(both, 1, 0), "equality is no certificate");
        assertFalse(proven(both, Double.NaN, 1), "nor is what is unknown");
        assertTrue(proven(either, -1, 1));
        assertTrue(proven(either, 1, Double.NaN));
        assertFalse(proven(either, 0, Double.NEGATIVE_INFINITY));
    }

    @Test
    void givenALabel_whenSpecified_thenItsLogitExceedsEveryOther() {
        Specification label = Specification.label(1, 3);
        assertEquals(List.of(new Inequality(new float[] {-1, 1, 0}, 0), new Inequality(new float[] {0, 1, -1}, 0)),
                label.inequalities());
        assertEquals(2, label.clauses().size());
        assertTrue(proven(Specification.label(0, 1), 1), "of one class it always holds");
        assertTrue(Specification.labelProvenBy(1, 3, c -> c == 1 ? Double.NaN : 0.1));
        assertFalse(Specification.labelProvenBy(0, 3, c -> c == 1 ? Double.NaN : 0.1));
    }

    @Test
    void givenWhatIsNone_whenMade_thenRefused() {
        assertThrows(IllegalArgumentException.class, () -> new Specification(2, List.of()));
        assertThrows(IllegalArgumentException.class, () -> new Clause(List.of()));
        assertThrows(IllegalArgumentException.class, () -> new Inequality(new float[] {Float.NaN}, 0));
        assertThrows(IllegalArgumentException.class, () -> new Specification(0,
                List.of(new Clause(List.of(new Inequality(new float[0], 1))))));
        assertThrows(IllegalArgumentException.class, () -> Specification.label(3, 3));
        assertThrows(IllegalArgumentException.class, () -> Region.around(new float[] {1.5f}, 0.1));
        assertThrows(IllegalArgumentException.class,
                () -> Region.around(new float[] {0.123456f}, new Ball(Epsilon.parse("0.1"), Ball.Centre.BYTE)));
        String message = assertThrows(IllegalArgumentException.class,
                () -> new Specification(3, List.of(new Clause(List.of(FIRST))))).getMessage();
        assertEquals("an inequality in 2 logits is none in 3", message);
    }

    @Test
    void givenAnInequality_whenPrinted_thenItReadsAsOne() {
        assertEquals("1.0 logit 0 + -2.0 logit 1 + 0.5 > 0", FIRST.toString());
    }
}
