package dev.bulwark.runs;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.bulwark.model.Graph;
import dev.bulwark.model.Mlp;
import dev.bulwark.model.io.Precision;
import dev.bulwark.model.io.StoredNetwork;
import dev.bulwark.training.Preset;
import dev.bulwark.training.Recipe;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** The recipes are those that training itself writes, so that a renamed one shows here. */
class TrainedForTest {

    private static TrainedFor network(Map<String, String> metadata) {
        Graph network = Mlp.of(List.of(Mlp.dense(1, 1, new float[1], new float[1])));
        return TrainedFor.of(new StoredNetwork(network, Precision.F32, metadata, "0".repeat(64)));
    }

    private static TrainedFor by(Recipe recipe) {
        return network(Map.of("recipe", recipe.toString()));
    }

    @Test
    void givenTheSigmaOfTraining_whenSmoothed_thenNothingIsSaid() {
        assertEquals(Optional.empty(), by(Preset.QUICK.smoothing(0.5)).warningForNoise(0.5));
        assertEquals(Optional.empty(), network(Map.of()).warningForNoise(0.5));
    }

    @Test
    void givenAnotherSigma_whenSmoothed_thenBothAreNamed() {
        String warning = by(Preset.BEST.smoothing(0.25)).warningForNoise(0.5).orElseThrow().toString();
        assertTrue(warning.contains("sigma 0.25, not 0.5"), warning);
    }

    @Test
    void givenANetworkForBounds_whenSmoothed_thenThatIsSaid() {
        String warning = by(Preset.QUICK.ibp(0.1)).warningForNoise(0.5).orElseThrow().toString();
        assertTrue(warning.contains("for bounds at epsilon 0.1, without noise"), warning);
    }

    @Test
    void givenASmoothingNetwork_whenIntervalsBoundIt_thenCrownIsNamed() {
        String warning = by(Preset.REPORT.smoothing(1)).warningForIntervals(0.1).orElseThrow().toString();
        assertTrue(warning.contains("crown"), warning);
    }

    @Test
    void givenALargerBoxThanThatOfTraining_whenIntervalsBoundIt_thenBothAreNamed() {
        assertEquals(Optional.empty(), by(Preset.QUICK.ibp(0.1)).warningForIntervals(0.1));
        String warning = by(Preset.QUICK.ibp(0.1)).warningForIntervals(0.3).orElseThrow().toString();
        assertTrue(warning.contains("epsilon 0.1; at 0.3"), warning);
    }
}
