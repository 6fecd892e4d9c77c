package dev.bulwark.report;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class SoundnessCheckTest {

    private static final BoundsRow CERTIFIED = Rows.bounds(17, 0.1, 0, 1, false);
    private static final BoundsRow CERTIFIED_BY_BOX_ONLY = Rows.bounds(18, 0.1, 0, -1, true);
    private static final BoundsRow OPEN = Rows.bounds(19, 0.1, 0, -1, false);

    @Test
    void givenOnlyUncertifiedImageBroken_whenChecked_thenSound() {
        assertDoesNotThrow(() -> SoundnessCheck.of(List.of(CERTIFIED, OPEN),
                List.of(Rows.attack(17, 0, false), Rows.attack(19, 0, true), Rows.attack(99, 0, true))));
    }

    @Test
    void givenCertifiedImageBroken_whenChecked_thenFailureNamesIt() {
        String message = assertThrows(SoundnessException.class, () -> SoundnessCheck.of(List.of(OPEN, CERTIFIED),
                List.of(Rows.attack(17, 0, true), Rows.attack(19, 0, true)))).getMessage();
        assertEquals("certified at epsilon 0.1 and yet misclassified: image 17 (label 0, classified 1 at distance 0.1); "
                + "the bounds are unsound, so none of these results can be used", message);
    }

    @Test
    void givenImageCertifiedByBoxOnlyAndBroken_whenChecked_thenFailure() {
        assertThrows(SoundnessException.class,
                () -> SoundnessCheck.of(List.of(CERTIFIED_BY_BOX_ONLY), List.of(Rows.attack(18, 0, true))));
    }

    @Test
    void givenCertifiedImageClassifiedWrongUnperturbed_whenChecked_thenFailureWithoutAnAttack() {
        String message = assertThrows(SoundnessException.class,
                () -> SoundnessCheck.of(List.of(Rows.bounds(5, 0.1, 1, 1, false)), List.of())).getMessage();
        assertTrue(message.contains("image 5 (label 0, classified 1 unperturbed)"), message);
    }

    @Test
    void givenManyContradictions_whenChecked_thenTheFirstTenAreNamedAndTheRestCounted() {
        String message = assertThrows(SoundnessException.class, () -> SoundnessCheck.of(
                IntStream.range(0, 13).mapToObj(i -> Rows.bounds(i, 0.1, 0, 1, false)).toList(),
                IntStream.range(0, 13).mapToObj(i -> Rows.attack(i, 0, true)).toList())).getMessage();
        assertTrue(message.contains("image 9 ") && !message.contains("image 10 ") && message.contains("and 3 more"), message);
    }

    @Test
    void givenTwoLabelsForOneImage_whenChecked_thenRefused() {
        assertThrows(IllegalArgumentException.class,
                () -> SoundnessCheck.of(List.of(CERTIFIED), List.of(new AttackRow(17, 1, 1, false, 1, 0, Optional.empty()))));
    }
}
