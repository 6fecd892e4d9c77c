package dev.bulwark.device;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.math.BigDecimal;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Multipliers of half-spaces, whose forms must be below the old ones wherever the half-spaces hold. */
public interface MultipliersContract extends OnBackend {

    private Multipliers multipliers() {
        return backend().multipliers();
    }

    /** A half-space of every element of a batch, some of none, two of the same unit. */
    private Halfspaces halfspaces(DeviceMemory memory, int[] units, float[] thresholds, float[] signs, float[] scales, int count) {
        return new Halfspaces(memory.holding(units), memory.holding(thresholds), memory.holding(signs), memory.holding(scales), count);
    }

    @ParameterizedTest
    @CsvSource({"1,1,1,1", "5,2,31,3", "33,3,33,7", "70,7,1021,2"})
    default void givenForms_whenMultipliersEnter_thenCoefficientsMoveToTheirSideAndConstantsAreJustBelowWhatIsPromised(
            int rows, int owners, int units, int count) {
        float[] a = values(rows * units);
        float[] constant = values(rows);
        float[] bias = values(units);
        float[] error = mapped(values(owners * units), v -> 1e-4 * Math.abs(v));
        int[] owner = random().ints(rows, 0, owners).toArray();
        int[] unit = random().ints(owners * count, -1, units).toArray();
        float[] threshold = mapped(values(owners * count), v -> v < 0 ? 0 : v);
        float[] sign = mapped(values(owners * count), v -> v < 0 ? -1 : 1);
        float[] scale = mapped(values(owners * count), Math::abs);
        float[] multiplier = values(rows * count); // those below 0 count as 0
        multiplier[0] = Float.NaN;
        try (DeviceMemory memory = new DeviceMemory(backend())) {
            DeviceBuffer forms = memory.holding(a);
            DeviceBuffer constants = memory.holding(constant);
            multipliers().apply(halfspaces(memory, unit, threshold, sign, scale, count), memory.holding(multiplier), rows,
                    memory.holding(owner), memory.holding(bias), memory.holding(error), units, forms, constants);
            float[] moved = host(forms);
            float[] gained = host(constants);
            float[] expected = a.clone();
            for (int r = 0; r < rows; ++r) {
                BigDecimal exact = new BigDecimal(constant[r]);
                double magnitude = Math.abs(constant[r]);
                for (int k = 0; k < count; ++k) {
                    int at = owner[r] * count + k;
                    float b = Math.max(0, multiplier[r * count + k]) * scale[at];
                    if (unit[at] >= 0 && b > 0) {
                        int element = r * units + unit[at];
                        float before = expected[element];
                        float after = before - sign[at] * b;
                        expected[element] = after;
                        assertTrue(sign[at] * (before - (double) after) >= 0, "the wrong side");
                        BigDecimal change = new BigDecimal(after).subtract(new BigDecimal(before));
                        BigDecimal lost = change.abs().add(new BigDecimal(after == before ? 0 : LinearRelaxations.NEGLIGIBLE))
                                .multiply(new BigDecimal(error[owner[r] * units + unit[at]]));
                        exact = exact.subtract(change.multiply(new BigDecimal(threshold[at])))
                                .add(change.multiply(new BigDecimal(bias[unit[at]]))).subtract(lost);
                        magnitude += 4 * Math.max(Math.abs(before), Math.abs(after));
                    }
                }
                assertJustBelow(exact, gained[r], 8 * count, magnitude, "constant " + r);
            }
            assertArrayEquals(expected, moved);
        }
    }

    /** What the definition says, point by point: z at least t, or at most t. */
    @Test
    default void givenAFormByHand_whenMultipliersEnter_thenItIsBelowTheOldOneWithinTheHalfspaces() {
        try (DeviceMemory memory = new DeviceMemory(backend())) {
            DeviceBuffer forms = memory.holding(2, -1);
            DeviceBuffer constants = memory.holding(0.5f);
            multipliers().apply(halfspaces(memory, new int[] {0, 1}, new float[] {0.25f, -0.5f}, new float[] {1, -1},
                            new float[] {2, 1}, 2), memory.holding(0.5f, 3), 1, memory.holding(new int[1]),
                    memory.zeros(2), memory.zeros(2), 2, forms, constants);
            assertArrayEquals(new float[] {1, 2}, host(forms)); // 2 - 0.5 2, -1 + 3
            assertEquals(0.5 + 0.25 + 3 * 0.5, host(constants)[0], 1e-6);
            for (float[] z : new float[][] {{0.25f, -0.5f}, {1, -0.5f}, {0.25f, -3}, {7, -2}}) {
                assertTrue(z[0] + 2 * z[1] + host(constants)[0] <= 2 * z[0] - z[1] + 0.5, Arrays.toString(z));
            }
        }
    }

    @Test
    default void givenAnUnknownOrEndlessMultiplier_whenItEnters_thenNothingWrongIsKnown() {
        try (DeviceMemory memory = new DeviceMemory(backend())) {
            for (float threshold : new float[] {0, 1, -1}) {
                DeviceBuffer constants = memory.holding(0.5f);
                multipliers().apply(halfspaces(memory, new int[] {0}, new float[] {threshold}, new float[] {1}, new float[] {1}, 1),
                        memory.holding(Float.POSITIVE_INFINITY), 1, memory.holding(new int[1]), memory.holding(1),
                        memory.holding(1e-6f), 1, memory.holding(2), constants);
                float constant = host(constants)[0];
                assertTrue(Float.isNaN(constant) || constant == Float.NEGATIVE_INFINITY, "constant " + constant);
            }
        }
    }

    @ParameterizedTest
    @CsvSource({"1,1,1,1", "33,3,33,7", "70,7,301,2"})
    default void givenPoints_whenDifferentiated_thenGradientsSayHowFarTheyAreInside(int rows, int owners, int units, int count) {
        float[] z = values(rows * units);
        int[] owner = random().ints(rows, 0, owners).toArray();
        int[] unit = random().ints(owners * count, -1, units).toArray();
        float[] threshold = values(owners * count);
        float[] sign = mapped(values(owners * count), v -> v < 0 ? -1 : 1);
        float[] scale = mapped(values(owners * count), Math::abs);
        try (DeviceMemory memory = new DeviceMemory(backend())) {
            DeviceBuffer gradient = memory.holding(new float[rows * count]);
            multipliers().differentiate(halfspaces(memory, unit, threshold, sign, scale, count), rows, memory.holding(owner),
                    memory.holding(z), units, gradient);
            float[] actual = host(gradient);
            for (int r = 0; r < rows; ++r) {
                for (int k = 0; k < count; ++k) {
                    int at = owner[r] * count + k;
                    double expected = unit[at] < 0 ? 0
                            : (double) sign[at] * scale[at] * ((double) z[r * units + unit[at]] - threshold[at]);
                    assertEquals(expected, actual[r * count + k], 1e-6, "gradient " + r + ", " + k);
                }
            }
        }
    }
}
