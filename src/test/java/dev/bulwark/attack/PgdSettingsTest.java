package dev.bulwark.attack;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PgdSettingsTest {

    @Test
    void standardAttackIsTheLabs() {
        assertEquals(new PgdSettings(0.3, 50, 0.03, 10, 5), PgdSettings.standard(0.3, 5));
    }

    @ParameterizedTest
    @ValueSource(doubles = {-0.1, Double.NaN, Double.POSITIVE_INFINITY})
    void givenValueThatIsNoDistance_whenSet_thenNamesIt(double value) {
        Exception epsilon = assertThrows(IllegalArgumentException.class, () -> new PgdSettings(value, 1, 0.1, 1, 0));
        assertEquals("epsilon must be finite and not negative: " + value, epsilon.getMessage());
        assertThrows(IllegalArgumentException.class, () -> new PgdSettings(0.1, 1, value, 1, 0));
    }

    @Test
    void givenNoLossOrOneTwice_whenSet_thenRefused() {
        PgdSettings settings = PgdSettings.standard(0.1, 0);
        assertEquals(List.of(AttackLoss.CROSS_ENTROPY), settings.losses());
        assertThrows(IllegalArgumentException.class, () -> settings.withLosses(List.of()));
        assertThrows(IllegalArgumentException.class,
                () -> settings.withLosses(List.of(AttackLoss.MARGIN, AttackLoss.MARGIN)));
    }

    @Test
    void givenNoStepsOrRestarts_whenSet_thenRefused() {
        assertThrows(IllegalArgumentException.class, () -> new PgdSettings(0.1, 0, 0.1, 1, 0));
        assertThrows(IllegalArgumentException.class, () -> new PgdSettings(0.1, 1, 0.1, 0, 0));
    }
}
