package dev.bulwark.bounds;

import dev.bulwark.model.Graph;
import dev.bulwark.model.Mlp;
import dev.bulwark.model.Op;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.math.BigDecimal;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class RealNetworkTest {

    private static final float[] POINT = {0.5f};

    /** Logits omega + 1 - omega and {@code rival}, behind hidden units that are 1 whatever the input is. */
    private static RealNetwork cancelling(float omega, float rival) {
        return new RealNetwork(Mlp.of(List.of(Mlp.dense(1, 3, new float[3], new float[] {1, 1, 1}),
                Mlp.dense(3, 2, new float[] {omega, 1, -omega, 0, 0, 0}, new float[] {0, rival}))));
    }

    @ParameterizedTest
    @ValueSource(floats = {0, 1, 0x1p24f, 1e8f, 1e17f, 1e38f})
    void givenOmegaPlusOneMinusOmega_whenAsked_thenItIsOne(float omega) {
        assertTrue(cancelling(omega, 0.5f).stands(POINT, 0));
        assertFalse(cancelling(omega, 0.5f).stands(POINT, 1));
        assertTrue(cancelling(omega, 1.5f).stands(POINT, 1));
        assertFalse(cancelling(omega, 1).stands(POINT, 0), "equal logits are no lead");
        assertFalse(cancelling(omega, 1).stands(POINT, 1), "nor for the other");
        assertTrue(cancelling(omega, Math.nextDown(1f)).stands(POINT, 0));
    }

    @Test
    void givenLogitsBelowADoublesPrecision_whenAsked_thenIntervalsLeaveItOpenAndFractionsDecide() {
        RealNetwork far = cancelling(1e17f, 0.5f);
        assertEquals(Optional.empty(), far.standsByIntervals(POINT, 0));
        assertTrue(far.standsExactly(POINT, 0));
        assertEquals(Optional.of(true), cancelling(1e8f, 0.5f).standsByIntervals(POINT, 0));
        assertEquals(Optional.of(false), cancelling(1e8f, 0.5f).standsByIntervals(POINT, 1));
    }

    @Test
    void givenActivationsBeyondADouble_whenAsked_thenStillDecided() {
        Op.Dense grow = Mlp.dense(1, 1, new float[] {3e38f}, new float[] {0});
        Graph huge = Mlp.of(List.of(grow, grow, grow, grow, grow, grow, grow, grow, grow,
                Mlp.dense(1, 3, new float[] {1, 1, 0}, new float[] {1, 0, 0})));
        assertEquals(Optional.empty(), new RealNetwork(huge).standsByIntervals(POINT, 0), "about 1e345, plus 1");
        assertTrue(new RealNetwork(huge).stands(POINT, 0));
        assertFalse(new RealNetwork(huge).stands(POINT, 1));
        assertEquals(Optional.of(false), new RealNetwork(huge).standsByIntervals(POINT, 2));
    }

    @Test
    void givenRandomNetworks_whenAsked_thenBothWaysSayWhatTheReferenceSays() {
        int decided = 0;
        for (long seed = 0; seed < 500; ++seed) {
            RandomCase any = RandomCase.of(seed);
            float[] point = any.point(new SplittableRandom(seed));
            BigDecimal[] logits = new ExactNetwork(any.network()).logits(point);
            boolean leads = IntStream.range(0, logits.length).filter(c -> c != any.label())
                    .allMatch(c -> logits[any.label()].compareTo(logits[c]) > 0);
            RealNetwork real = new RealNetwork(any.network());
            assertEquals(leads, real.standsExactly(point, any.label()), "seed " + seed);
            Optional<Boolean> quickly = real.standsByIntervals(point, any.label());
            assertEquals(leads, quickly.orElse(leads), "seed " + seed);
            decided += quickly.isPresent() ? 1 : 0;
        }
        assertTrue(decided > 450, decided + " of 500 by intervals");
    }

    @Test
    void givenWhatDoesNotFit_whenAsked_thenRefusedWithBothValues() {
        RealNetwork net = cancelling(1, 0);
        assertEquals("point has 2 elements, the network takes 1", assertThrows(IllegalArgumentException.class,
                () -> net.stands(new float[2], 0)).getMessage());
        assertEquals("label must lie in [0, 2): 2", assertThrows(IllegalArgumentException.class,
                () -> net.stands(POINT, 2)).getMessage());
    }
}
