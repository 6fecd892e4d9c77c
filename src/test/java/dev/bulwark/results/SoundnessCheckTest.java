package dev.bulwark.results;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.bulwark.bounds.Claim;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class SoundnessCheckTest {

    private static final BoundsRow CERTIFIED = SampleRows.bounds(17, 0.1, 0, 1, false);
    private static final BoundsRow CERTIFIED_BY_BOX_ONLY = SampleRows.bounds(18, 0.1, 0, -1, true);
    private static final BoundsRow OPEN = SampleRows.bounds(19, 0.1, 0, -1, false);

    private static final Path FILE = Path.of("pgd", "epsilon-0.10.jsonl");

    private static void check(List<BoundsRow> bounds, List<AttackRow> attacks) {
        SoundnessCheck.of(bounds, attacks, FILE);
    }

    private static String complaint(List<BoundsRow> bounds, List<AttackRow> attacks) {
        return assertThrows(SoundnessException.class, () -> check(bounds, attacks)).getMessage();
    }

    @Test
    void givenOnlyUncertifiedImageBroken_whenChecked_thenSound() {
        assertDoesNotThrow(() -> check(List.of(CERTIFIED, OPEN),
                List.of(SampleRows.attack(17, 0, false), SampleRows.attack(19, 0, true), SampleRows.attack(99, 0, true))));
    }

    @Test
    void givenCertifiedImageBrokenAndNoWordOnTheRealNetwork_whenChecked_thenFailureNamesImageAndFile() {
        assertEquals(FILE + ": certified at epsilon 0.1 and yet misclassified: image 17 (label 0, classified 1 at distance "
                + "0.1); nothing says that the real-number network stands there, so the bounds count as unsound and none "
                + "of these results can be used",
                complaint(List.of(OPEN, CERTIFIED),
                        List.of(SampleRows.attack(17, 0, true), SampleRows.attack(19, 0, true))));
    }

    @Test
    void givenACertificateOfEveryEvaluationAndOneThatBreaks_whenChecked_thenFailureWhateverTheRealNetworkDoes() {
        String message = complaint(List.of(CERTIFIED.of(Claim.DEPLOYED)),
                List.of(SampleRows.attack(17, 0, true).with(AttackRow.RealNetwork.STANDS)));
        assertTrue(message.contains("image 17") && message.contains("no float32 evaluation is wrong there"), message);
        complaint(List.of(SampleRows.bounds(17, 0.1, 1, 1, false).of(Claim.DEPLOYED)), List.of());
    }

    @Test
    void givenCertifiedImageBrokenInTheRealNetworkToo_whenChecked_thenFailureSaysTheBoundsAreUnsound() {
        String message = complaint(List.of(OPEN, CERTIFIED),
                List.of(SampleRows.attack(17, 0, true).with(AttackRow.RealNetwork.BREAKS)));
        assertTrue(message.startsWith(FILE + ": ") && message.contains("image 17 (label 0, classified 1 at distance 0.1)"),
                message);
        assertTrue(message.endsWith("the real-number network breaks too, so the bounds are unsound and none of these "
                + "results can be used"), message);
    }

    @Test
    void givenCertifiedImageBrokenAndTheRealNetworkStanding_whenChecked_thenSound() {
        assertDoesNotThrow(() -> check(List.of(CERTIFIED, CERTIFIED_BY_BOX_ONLY), List.of(
                SampleRows.attack(17, 0, true).with(AttackRow.RealNetwork.STANDS),
                SampleRows.attack(18, 0, true).with(AttackRow.RealNetwork.STANDS))));
    }

    @Test
    void givenImageCertifiedByBoxOnlyAndBroken_whenChecked_thenFailure() {
        complaint(List.of(CERTIFIED_BY_BOX_ONLY), List.of(SampleRows.attack(18, 0, true)));
    }

    @Test
    void givenCertifiedImageClassifiedWrongUnperturbed_whenChecked_thenFailureUnlessTheRealNetworkStands() {
        List<BoundsRow> wrong = List.of(SampleRows.bounds(5, 0.1, 1, 1, false));
        String message = complaint(wrong, List.of());
        assertTrue(message.contains("image 5 (label 0, classified 1 unperturbed)"), message);
        complaint(wrong, List.of(SampleRows.attack(5, 1, true)));
        complaint(wrong, List.of(SampleRows.attack(5, 1, true).with(AttackRow.RealNetwork.BREAKS)));
        assertDoesNotThrow(() -> check(wrong, List.of(SampleRows.attack(5, 1, true).with(AttackRow.RealNetwork.STANDS))));
    }

    @Test
    void givenManyContradictions_whenChecked_thenTheFirstTenAreNamedAndTheRestCounted() {
        String message = complaint(
                IntStream.range(0, 13).mapToObj(i -> SampleRows.bounds(i, 0.1, 0, 1, false)).toList(),
                IntStream.range(0, 13).mapToObj(i -> SampleRows.attack(i, 0, true)).toList());
        assertTrue(message.contains("image 9 ") && !message.contains("image 10 ") && message.contains("and 3 more"),
                message);
    }

    @Test
    void givenTwoLabelsForOneImage_whenChecked_thenRefused() {
        assertThrows(IllegalArgumentException.class,
                () -> check(List.of(CERTIFIED), List.of(AttackRow.stands(new CleanPrediction(17, 1, 1), 1))));
    }
}
