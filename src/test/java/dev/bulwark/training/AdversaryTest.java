package dev.bulwark.training;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.bulwark.training.Adversary.Use;
import org.junit.jupiter.api.Test;

class AdversaryTest {

    private static final StepRows CLEAN = new StepRows(1, 1, true, false, false);
    private static final StepRows BOXES = new StepRows(1, 1, false, true, false);
    private static final StepRows BOTH = new StepRows(1, 1, true, true, false);

    @Test
    void givenSmallBoxes_whenMeasured_thenBoxAndReachMakeTheWholeRadius() {
        Adversary adversary = Adversary.smallBoxes(3, 0.4);
        assertEquals(0.04, adversary.boxes(0.1), 1e-15);
        assertEquals(0.06, adversary.reach(0.1), 1e-15);
        assertEquals(0.1, Adversary.points(3).boxes(0.1));
        assertEquals(0.1, Adversary.points(3).reach(0.1));
        assertEquals(0.1, Adversary.none().boxes(0.1));
        assertEquals(0, Adversary.none().reach(0.1));
    }

    /** An attack whose points nothing reads is left out. */
    @Test
    void givenAStep_whenItsLossesNeedTheAttack_thenItAttacks() {
        assertTrue(Adversary.points(1).attacks(BOTH));
        assertFalse(Adversary.points(1).attacks(BOXES));
        assertFalse(Adversary.points(1).attacks(CLEAN));
        assertTrue(Adversary.smallBoxes(1, 0.5).attacks(BOXES));
        assertTrue(Adversary.smallBoxes(1, 0.5).attacks(BOTH));
        assertFalse(Adversary.smallBoxes(1, 0.5).attacks(CLEAN));
        assertFalse(Adversary.none().attacks(BOTH));
    }

    /** The end of the box must be within reach of the steps. */
    @Test
    void givenFewSteps_whenNamed_thenTheyReachTheEndOfTheBox() {
        for (int steps = 1; steps < 12; ++steps) {
            assertTrue(steps * Adversary.points(steps).length() >= 1);
            assertEquals(steps < 4 ? 1.0 / steps : 0.25, Adversary.smallBoxes(steps, 0.1).length());
        }
    }

    @Test
    void givenWhatContradictsItself_whenMade_thenRefused() {
        assertThrows(IllegalArgumentException.class, () -> new Adversary(Use.NONE, 1, 0, 1));
        assertThrows(IllegalArgumentException.class, () -> new Adversary(Use.POINTS, 1, 0.5, 0.5));
        assertThrows(IllegalArgumentException.class, () -> new Adversary(Use.POINTS, 0, 0.5, 1));
        assertThrows(IllegalArgumentException.class, () -> new Adversary(Use.CENTRES, 1, 0.5, 1));
        assertThrows(IllegalArgumentException.class, () -> new Adversary(Use.CENTRES, 1, 0.5, 0));
        assertThrows(IllegalArgumentException.class, () -> new Adversary(Use.CENTRES, 1, 0, 0.5));
        assertThrows(IllegalArgumentException.class, () -> Adversary.smallBoxes(0, 0.5));
    }
}
