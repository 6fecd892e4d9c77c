package dev.bulwark.device;

import static dev.bulwark.device.BackendFixture.ODD_LENGTHS;
import static dev.bulwark.device.BackendFixture.close;
import static dev.bulwark.device.BackendFixture.doubles;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.function.ToDoubleFunction;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Boxes for training, which are rounded to nearest. */
interface TrainingIntervalsContract extends OnBackend {

    @Test
    default void givenAPixelNearTheEdge_whenBoxed_thenTheBoxIsCutToZeroAndOne() {
        try (DeviceBuffer x = device(0f, 0.05f, 0.5f, 1f); DeviceBuffer epsilon = device(0.1f);
             DeviceBuffer centre = backend().allocate(4); DeviceBuffer radius = backend().allocate(4)) {
            backend().trainingIntervals().boxAround(x, 4, epsilon, centre, radius);
            close(new double[] {0.05, 0.075, 0.5, 0.95}, host(centre), 1e-6);
            close(new double[] {0.05, 0.075, 0.1, 0.05}, host(radius), 1e-6);
        }
    }

    @Test
    default void givenDeadCrossingAndLiveBoxes_whenRelu_thenCentresRadiiAndGradientsAreThoseOfTheEnds() {
        float[] c = {-2f, 0.25f, 2f, -0.25f};
        float[] r = {1f, 1f, 1f, 1f};
        try (DeviceBuffer centre = device(c); DeviceBuffer radius = device(r);
             DeviceBuffer outCentre = backend().allocate(4); DeviceBuffer outRadius = backend().allocate(4);
             DeviceBuffer gc = device(1f, 1f, 1f, 1f); DeviceBuffer gr = device(0.5f, 0.5f, 0.5f, 0.5f)) {
            backend().trainingIntervals().relu(centre, radius, 4, outCentre, outRadius);
            assertArrayEquals(new float[] {0f, 0.625f, 2f, 0.375f}, host(outCentre));
            assertArrayEquals(new float[] {0f, 0.625f, 1f, 0.375f}, host(outRadius));
            backend().trainingIntervals().reluGradient(centre, radius, 4, gc, gr);
            // A crossing box keeps its upper end only: (gc + gr) / 2 flows to c + r.
            assertArrayEquals(new float[] {0f, 0.75f, 1f, 0.75f}, host(gc));
            assertArrayEquals(new float[] {0f, 0.75f, 0.5f, 0.75f}, host(gr));
        }
    }

    @Test
    default void givenAnUnknownPixelOrEnd_whenBoxedOrRelu_thenItAloneIsUnknown() {
        float nan = Float.NaN;
        try (DeviceBuffer x = device(0.5f, nan, 0.75f); DeviceBuffer epsilon = device(0.125f);
             DeviceBuffer centre = backend().allocate(3); DeviceBuffer radius = backend().allocate(3)) {
            backend().trainingIntervals().boxAround(x, 3, epsilon, centre, radius);
            assertArrayEquals(new float[] {0.5f, nan, 0.75f}, host(centre));
            assertArrayEquals(new float[] {0.125f, nan, 0.125f}, host(radius));
            backend().write(new float[] {nan, 1f, 2f}, centre);
            backend().write(new float[] {1f, nan, 1f}, radius);
            backend().trainingIntervals().relu(centre, radius, 3, centre, radius);
            assertArrayEquals(new float[] {nan, nan, 2f}, host(centre));
            assertArrayEquals(new float[] {nan, nan, 1f}, host(radius));
        }
    }

    @Test
    default void givenOddLengths_whenBoxesAreTakenBehindARelu_thenTheirEndsAreTheClosedForms() {
        for (int length : ODD_LENGTHS) {
            float[] x = mapped(values(length), v -> 0.5 + 0.5 * v);
            try (DeviceBuffer input = device(x); DeviceBuffer epsilon = device(0.25f);
                 DeviceBuffer centre = backend().allocate(length); DeviceBuffer radius = backend().allocate(length)) {
                backend().trainingIntervals().boxAround(input, length, epsilon, centre, radius);
                close(doubles(mapped(x, v -> (Math.min(v + 0.25, 1) + Math.max(v - 0.25, 0)) / 2)), host(centre), 1e-6);
                close(doubles(mapped(x, v -> (Math.min(v + 0.25, 1) - Math.max(v - 0.25, 0)) / 2)), host(radius), 1e-6);
                backend().write(mapped(x, v -> 2 * v - 1), centre);
                backend().fill(radius, 0.5f);
                backend().trainingIntervals().relu(centre, radius, length, centre, radius);
                close(doubles(mapped(x, v -> (Math.max(2 * v - 0.5, 0) + Math.max(2 * v - 1.5, 0)) / 2)), host(centre),
                        1e-6);
                close(doubles(mapped(x, v -> (Math.max(2 * v - 0.5, 0) - Math.max(2 * v - 1.5, 0)) / 2)), host(radius),
                        1e-6);
            }
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {31, 57, 1021, 5000})
    default void givenAPreActivationBox_whenRegularised_thenGradientsMatchCentralDifferences(int length) {
        checkRegulariser(mapped(values(length), v -> v + 0.4));
    }

    /** Some centres far out on one side of zero: the spreads differ as the sums do, and their term counts. */
    @ParameterizedTest
    @CsvSource({"57,1", "57,-1", "1021,1", "1021,-1"})
    default void givenCentresFarOutOnOneSide_whenRegularised_thenGradientsMatchCentralDifferences(int length, int side) {
        float[] c = mapped(values(length), v -> side * (v > 0.6 ? 2 + v : 0.1 * (v - 1)));
        double mean = Arrays.stream(doubles(c)).average().orElseThrow();
        double squares = Arrays.stream(doubles(c)).filter(v -> side * v > 0).map(v -> (v - mean) * (v - mean)).sum();
        double others = Arrays.stream(doubles(c)).filter(v -> side * v < 0).map(v -> (v - mean) * (v - mean)).sum();
        assertTrue(others < 0.45 * squares, "or the term would be zero");
        checkRegulariser(c);
    }

    private void checkRegulariser(float[] c) {
        float tau = 0.5f;
        double inputRadius = 0.05;
        int length = c.length;
        float[] r = mapped(values(length), v -> 0.2 + 0.1 * v);
        float[] gc;
        float[] gr;
        try (DeviceBuffer centre = device(c); DeviceBuffer radius = device(r);
             DeviceBuffer input = device((float) inputRadius); DeviceBuffer weight = device(3f);
             DeviceBuffer gradientCentre = device(new float[length]);
             DeviceBuffer gradientRadius = device(new float[length]);
             DeviceBuffer loss = device(1f)) {
            backend().trainingIntervals().regulariser(centre, radius, length, input, tau, weight, gradientCentre,
                    gradientRadius, loss);
            assertEquals(1 + regulariser(doubles(c), doubles(r), inputRadius, tau, 3), host(loss)[0], 1e-5);
            gc = host(gradientCentre);
            gr = host(gradientRadius);
        }
        for (int i = 0; i < length; i += Math.max(1, length / 57)) {
            int element = i;
            double slope = centralDifference(doubles(c), element, x -> regulariser(x, doubles(r), inputRadius, tau, 3));
            // Means over the elements: slopes shrink as 1 / length, the central difference's own error doesn't.
            assertEquals(slope, gc[i], 1e-5 * Math.abs(slope) + 1e-8, "centre " + i);
            slope = centralDifference(doubles(r), element, x -> regulariser(doubles(c), x, inputRadius, tau, 3));
            assertEquals(slope, gr[i], 1e-5 * Math.abs(slope) + 1e-8, "radius " + i);
        }
    }

    private static double centralDifference(double[] x, int element, ToDoubleFunction<double[]> f) {
        double h = 1e-6;
        double at = x[element];
        x[element] = at + h;
        double above = f.applyAsDouble(x);
        x[element] = at - h;
        return (above - f.applyAsDouble(x)) / (2 * h);
    }

    @Test
    default void givenCentresOfOneSign_whenRegularised_thenOnlyTightnessCounts() {
        int length = 33;
        float[] c = mapped(values(length), v -> v + 1.5);
        try (DeviceBuffer centre = device(c); DeviceBuffer radius = backend().allocate(length);
             DeviceBuffer input = device(0.125f); DeviceBuffer weight = device(2f);
             DeviceBuffer gradientCentre = device(c); DeviceBuffer gradientRadius = device(new float[length]);
             DeviceBuffer loss = device(0f)) {
            backend().fill(radius, 1f);
            backend().trainingIntervals().regulariser(centre, radius, length, input, 0.5f, weight, gradientCentre,
                    gradientRadius, loss);
            // weight / tau (tau - 0.125 / 1), and its slope weight / tau 0.125 / 1 / length
            assertEquals(1.5f, host(loss)[0], 1e-6f);
            assertArrayEquals(c, host(gradientCentre));
            close(doubles(mapped(c, v -> 0.5 / length)), host(gradientRadius), 1e-7);
            backend().fill(radius, 0.0625f);
            backend().trainingIntervals().regulariser(centre, radius, length, input, 0.5f, weight, gradientCentre,
                    gradientRadius, loss);
            assertEquals(1.5f, host(loss)[0], 1e-6f);
            assertArrayEquals(c, host(gradientCentre));
        }
    }

    private static double regulariser(double[] c, double[] r, double inputRadius, double tau, double weight) {
        double meanRadius = Arrays.stream(r).average().orElseThrow();
        double mean = Arrays.stream(c).average().orElseThrow();
        double a = Arrays.stream(c).filter(v -> v > 0).sum();
        double b = -Arrays.stream(c).filter(v -> v < 0).sum();
        double va = Arrays.stream(c).filter(v -> v > 0).map(v -> (v - mean) * (v - mean)).sum();
        double vb = Arrays.stream(c).filter(v -> v < 0).map(v -> (v - mean) * (v - mean)).sum();
        return weight / tau * (Math.max(0, tau - inputRadius / meanRadius)
                + Math.max(0, tau - Math.min(a / b, b / a)) + Math.max(0, tau - Math.min(va / vb, vb / va)));
    }
}
