package dev.bulwark.smoothing;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;

class PredictionTest {

    private static final Prediction ABSTAIN = new Prediction.Abstain();

    @Test
    void givenClearLead_whenPredicted_thenLeaderIsTheLabel() {
        assertEquals(new Prediction.Label(2), Prediction.of(new int[] {0, 10, 90}, 0.001));
    }

    @Test
    void givenPValueAroundAlpha_whenPredicted_thenAbstainsAboveIt() {
        // Two-sided p of 60 to 40 is 0.0569, of 61 to 39 is 0.0352.
        assertEquals(ABSTAIN, Prediction.of(new int[] {40, 60}, 0.05));
        assertEquals(new Prediction.Label(1), Prediction.of(new int[] {39, 61}, 0.05));
    }

    @Test
    void givenPValueEqualToAlpha_whenPredicted_thenAnswers() {
        // Six to none: 2 / 2^6, exact in double.
        assertEquals(new Prediction.Label(0), Prediction.of(new int[] {6, 0}, 0x1p-5));
    }

    @Test
    void givenTie_whenPredicted_thenAbstains() {
        assertEquals(ABSTAIN, Prediction.of(new int[] {500, 500, 0}, 0.05));
    }

    @Test
    void givenNoVotes_whenPredicted_thenAbstains() {
        assertEquals(ABSTAIN, Prediction.of(new int[] {0, 0}, 0.05));
    }

    @Test
    void onlyTheTwoLeadingClassesCount() {
        assertEquals(Prediction.of(new int[] {61, 39}, 0.05), Prediction.of(new int[] {61, 39, 38, 37}, 0.05));
    }
}
