package dev.bulwark.device;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Lines that bound ReLUs, which must hold in exact numbers, and the units that need them. */
public interface ReluRelaxationsContract extends OnBackend {

    private ReluRelaxations relus() {
        return backend().reluRelaxations();
    }

    /** @param slopeAbove and the others: as {@link Relaxation} names them */
    record Lines(float[] slopeAbove, float[] intercept, float[] slopeBelow, float[] magnitude) {
    }

    private Lines relaxed(float[] lower, float[] upper) {
        int units = lower.length;
        try (DeviceMemory memory = new DeviceMemory(backend())) {
            Relaxation lines = new Relaxation(memory.allocate(units), memory.allocate(units), memory.allocate(units),
                    memory.allocate(units), memory.allocate(units), units);
            relus().relax(memory.holding(lower), memory.holding(upper), 1, lines);
            return new Lines(host(lines.upperSlope()), host(lines.upperIntercept()), host(lines.lowerSlope()),
                    host(lines.magnitude()));
        }
    }

    /** The ReLU is convex: a line that is not below it at both ends of an interval is nowhere below it. */
    @Test
    default void givenIntervalsOfAnySize_whenRelaxed_thenTheLineAboveIsNotBelowTheReluAtEitherEnd() {
        int units = 5000;
        float[] lower = mapped(values(units), v -> -Math.scalb(Math.abs(v), (int) (v * 1e4) % 120));
        float[] upper = mapped(values(units), v -> Math.scalb(Math.abs(v), (int) (v * 1e4) % 120));
        lower[0] = -Float.MIN_VALUE;
        upper[1] = Float.MIN_VALUE;
        lower[2] = -Float.MAX_VALUE;
        upper[3] = Float.MAX_VALUE;
        Lines lines = relaxed(lower, upper);
        for (int j = 0; j < units; ++j) {
            if (lower[j] < 0 && upper[j] > 0) {
                BigDecimal slope = new BigDecimal(lines.slopeAbove[j]);
                BigDecimal intercept = new BigDecimal(lines.intercept[j]);
                assertTrue(slope.signum() >= 0 && slope.compareTo(BigDecimal.ONE) <= 0 && intercept.signum() > 0);
                assertTrue(slope.multiply(new BigDecimal(lower[j])).add(intercept).signum() >= 0, "at lower " + j);
                BigDecimal atUpper = slope.multiply(new BigDecimal(upper[j])).add(intercept);
                assertTrue(atUpper.compareTo(new BigDecimal(upper[j])) >= 0, "at upper " + j);
                double best = (double) upper[j] * -lower[j] / ((double) upper[j] - lower[j]);
                assertEquals(best, lines.intercept[j], 0x1p-23 * ((double) upper[j] - lower[j])
                        + 0x1p-148 * (1 - lower[j]), "no looser");
                assertEquals(upper[j] > -lower[j] ? 1 : 0, lines.slopeBelow[j]);
                assertEquals(Math.max(upper[j], -lower[j]), lines.magnitude[j]);
            }
        }
    }

    @Test
    default void givenAKnownSignOrNoInterval_whenRelaxed_thenTheLinesAreTheReluOrUnknown() {
        float nan = Float.NaN;
        float inf = Float.POSITIVE_INFINITY;
        float[] lower = {-2, -2, 0, 1, 0, nan, -inf, -1};
        float[] upper = {-1, 0, 1, 2, 0, nan, 1, inf};
        Lines lines = relaxed(lower, upper);
        assertArrayEquals(new float[] {0, 0, 1, 1, 0, nan, nan, nan}, lines.slopeAbove);
        assertArrayEquals(new float[] {0, 0, 0, 0, 0, nan, nan, nan}, lines.intercept);
        assertArrayEquals(new float[] {0, 0, 1, 1, 0, nan, nan, nan}, lines.slopeBelow);
        assertArrayEquals(new float[] {2, 2, 1, 2, 0, nan, inf, inf}, lines.magnitude);
    }

    @Test
    default void givenBoxes_whenAskedForMagnitudes_thenTheyAreTheLargerEnds() {
        for (int length : BackendFixture.ODD_LENGTHS) {
            float[] lower = values(length);
            float[] upper = mapped(lower, v -> v + 0.5);
            lower[length / 2] = Float.NaN;
            upper[length / 2] = Float.NaN;
            float[] expected = new float[length];
            for (int i = 0; i < length; ++i) {
                expected[i] = Math.max(Math.abs(lower[i]), Math.abs(upper[i]));
            }
            try (DeviceBuffer low = device(lower); DeviceBuffer high = device(upper)) {
                relus().magnitudes(low, high, length, high);
                assertArrayEquals(expected, host(high));
            }
        }
    }

    /** Spans of a device's own size begin and end within images. */
    @ParameterizedTest
    @CsvSource({"1,1", "3,31", "5,1000", "2,4096", "7,5003"})
    default void givenUnits_whenTheOpenAreListed_thenEachHasItsTwoFormsInOrder(int images, int units) {
        float[] lower = mapped(values(images * units), v -> v < 0.5 ? v : -0.0);
        float[] upper = mapped(lower, v -> v < -0.25 ? -0.125 : v + 0.75);
        lower[lower.length / 2] = Float.NaN;
        upper[lower.length / 2] = Float.NaN;
        List<Integer> owners = new ArrayList<>();
        List<Integer> forms = new ArrayList<>();
        for (int k = 0; k < lower.length; ++k) {
            if (!(lower[k] >= 0 || upper[k] <= 0)) {
                owners.addAll(List.of(k / units, k / units));
                forms.addAll(List.of(k % units, k % units + units));
            }
        }
        try (DeviceBuffer low = device(lower); DeviceBuffer high = device(upper);
             DeviceBuffer owner = backend().allocate(2L * lower.length);
             DeviceBuffer form = backend().allocate(2L * lower.length); DeviceBuffer count = deviceInts(-1)) {
            relus().openSides(0, Float.POSITIVE_INFINITY, low, high, images, units, owner, form, count);
            assertEquals(owners.size(), hostInts(count)[0]);
            assertEquals(owners, boxed(hostInts(owner.slice(0, owners.size()))));
            assertEquals(forms, boxed(hostInts(form.slice(0, forms.size()))));
        }
    }

    /** Of a function with bends those whose interval goes over one; of one without, all. */
    @Test
    default void givenBends_whenTheOpenAreListed_thenIntervalsWithinALineAreNot() {
        float inf = Float.POSITIVE_INFINITY;
        float nan = Float.NaN;
        float[] lower = {-3, -3, -1, -1, 0, 2, 2, 1, nan};
        float[] upper = {-2, -1, 0, 2, 3, 2, 3, 9, nan};
        assertEquals(List.of(4, 7, 8), open(-1, 2, lower, upper));
        assertEquals(List.of(3, 8), open(0, inf, lower, upper));
        assertEquals(List.of(4, 7, 8), open(-inf, 2, lower, upper));
        assertEquals(List.of(0, 1, 2, 3, 4, 5, 6, 7, 8), open(nan, nan, lower, upper));
    }

    private List<Integer> open(float first, float last, float[] lower, float[] upper) {
        int units = lower.length;
        try (DeviceBuffer low = device(lower); DeviceBuffer high = device(upper); DeviceBuffer owner = backend()
                .allocate(2 * units);
             DeviceBuffer form = backend().allocate(2 * units); DeviceBuffer count = deviceInts(-1)) {
            relus().openSides(first, last, low, high, 1, units, owner, form, count);
            int[] forms = hostInts(form);
            List<Integer> open = new ArrayList<>();
            for (int k = 0; k < hostInts(count)[0]; k += 2) {
                open.add(forms[k]);
                assertEquals(forms[k] + units, forms[k + 1]);
            }
            return open;
        }
    }

    private static List<Integer> boxed(int[] values) {
        return Arrays.stream(values).boxed().toList();
    }

    @Test
    default void givenBoundsOfForms_whenTightened_thenTheBetterStaysAndHalfAnIntervalIsNone() {
        float nan = Float.NaN;
        float inf = Float.POSITIVE_INFINITY;
        int units = 4;
        // Image 1: better and worse; no bound at all, unknown before; one end found of an unknown one; both ends found.
        float[] lower = {9, 9, 9, 9, -3, nan, nan, nan};
        float[] upper = {9, 9, 9, 9, 4, nan, nan, nan};
        try (DeviceBuffer low = device(lower); DeviceBuffer high = device(upper);
             DeviceBuffer minima = device(-2, -5, nan, inf, -1, -inf, -6, -7);
             DeviceBuffer owners = deviceInts(1, 1, 1, 1, 1, 1, 1, 1);
             DeviceBuffer forms = deviceInts(0, 4, 1, 5, 2, 6, 3, 7)) {
            relus().tighten(minima, 8, owners, forms, units, low, high);
            assertArrayEquals(new float[] {9, 9, 9, 9, -2, nan, nan, -6}, host(low));
            assertArrayEquals(new float[] {9, 9, 9, 9, 4, nan, nan, 7}, host(high));
        }
    }
}
