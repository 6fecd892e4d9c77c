package dev.bulwark.data;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.math.BigDecimal;
import java.util.Optional;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class EpsilonTest {

    @ParameterizedTest
    @CsvSource({"0.1,0.1", "0.10,0.1", "1e-1,0.1", ".1,0.1", "1/10,0.1", "8/255,8/255", "16/510,8/255", " 8 / 255 ,8/255",
        "0.8/25.5,8/255", "25.5/255,0.1", "3,3", "1e3,1000", "-0,0", "0/7,0", "-1/-4,0.25",
        "0.1000000000000000000000000000000000001,0.1000000000000000000000000000000000001"})
    void givenANumberInAnyForm_whenParsed_thenItsValueCounts(String text, String value) {
        assertEquals(value, Epsilon.parse(text).toString());
        assertEquals(Epsilon.parse(value), Epsilon.parse(text));
        assertEquals(Epsilon.parse(value).hashCode(), Epsilon.parse(text).hashCode());
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "none", "8/", "/255", "8/255/2", "8:255", "1/0", "NaN", "Infinity", "0x1p-3", "0,1",
        "1e999999999", "1e-999999999", "1/1e999999999"})
    void givenWhatIsNoNumber_whenParsed_thenSaysWhatIs(String text) {
        String complaint = assertThrows(IllegalArgumentException.class, () -> Epsilon.parse(text)).getMessage();
        assertEquals("epsilon must be a number such as 0.1 or 8/255: " + text, complaint);
    }

    @ParameterizedTest
    @ValueSource(strings = {"-0.1", "-1/255", "1/-255", "1e309", "1e200/1e-200"})
    void givenWhatIsNoDistance_whenParsed_thenNamesIt(String text) {
        String complaint = assertThrows(IllegalArgumentException.class, () -> Epsilon.parse(text)).getMessage();
        assertEquals("epsilon must be finite and not negative: " + text, complaint);
    }

    @Test
    void givenAnyFraction_whenTakenAsDoubles_thenTheyAreTheNeighbours() {
        SplittableRandom random = new SplittableRandom(4);
        for (int k = 0; k < 2000; ++k) {
            long p = random.nextLong(1_000_000);
            long q = random.nextLong(1, 1_000_000);
            Epsilon epsilon = Epsilon.parse(p + "e" + random.nextInt(-20, 20) + "/" + q);
            String[] parts = epsilon.toString().split("/");
            BigDecimal above = new BigDecimal(parts[0]);
            BigDecimal below = parts.length == 1 ? BigDecimal.ONE : new BigDecimal(parts[1]);
            assertTrue(new BigDecimal(epsilon.lower()).multiply(below).compareTo(above) <= 0);
            assertTrue(new BigDecimal(epsilon.upper()).multiply(below).compareTo(above) >= 0);
            assertTrue(epsilon.upper() == epsilon.lower() || epsilon.upper() == Math.nextUp(epsilon.lower()));
            BigDecimal toLower = above.subtract(new BigDecimal(epsilon.lower()).multiply(below)).abs();
            BigDecimal toUpper = above.subtract(new BigDecimal(epsilon.upper()).multiply(below)).abs();
            assertEquals(toLower.compareTo(toUpper) <= 0 ? epsilon.lower() : epsilon.upper(), epsilon.nearest());
        }
        Epsilon exact = Epsilon.parse("0.375");
        assertTrue(exact.lower() == 0.375 && exact.upper() == 0.375 && exact.nearest() == 0.375);
        assertEquals(8 / 255.0, Epsilon.parse("8/255").nearest());
        assertEquals(Double.MIN_VALUE, Epsilon.parse("1e-390").upper());
        assertEquals(0, Epsilon.parse("1e-390").lower());
    }

    @Test
    void givenADouble_whenTaken_thenItIsTheDecimalThatItPrintsAs() {
        assertEquals(Epsilon.parse("1/10"), Epsilon.of(0.1));
        assertNotEquals(Epsilon.parse(new BigDecimal(0.1).toString()), Epsilon.of(0.1));
        assertTrue(Epsilon.of(0.1).lower() < 0.1 && Epsilon.of(0.1).upper() == 0.1, "0.1 is above a tenth");
        assertEquals(1e300, Epsilon.of(1e300).nearest());
        assertEquals(Double.MIN_VALUE, Epsilon.of(Double.MIN_VALUE).nearest());
        assertEquals(Double.MAX_VALUE, Epsilon.of(Double.MAX_VALUE).nearest());
    }

    @Test
    void givenANumberThatADoublePrintsAs_whenRecorded_thenNothingIsToBeAdded() {
        assertEquals(Optional.empty(), Epsilon.parse("0.1").beyondDouble());
        assertEquals(Optional.empty(), Epsilon.parse("1/8").beyondDouble());
        assertEquals(Optional.of("8/255"), Epsilon.parse("8/255").beyondDouble());
        assertEquals(Optional.of("0.10000000000000000001"), Epsilon.parse("0.10000000000000000001").beyondDouble());
    }
}
