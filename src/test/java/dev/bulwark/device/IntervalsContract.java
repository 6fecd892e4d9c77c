package dev.bulwark.device;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.function.ToDoubleFunction;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The contract's part on intervals for training, which are rounded to nearest. */
abstract class IntervalsContract extends LossesContract {

    @Test
    void givenAPixelNearTheEdge_whenBoxed_thenTheBoxIsCutToZeroAndOne() {
        try (DeviceBuffer x = device(0f, 0.05f, 0.5f, 1f); DeviceBuffer epsilon = device(0.1f);
             DeviceBuffer centre = backend.allocate(4); DeviceBuffer radius = backend.allocate(4)) {
            backend.trainingIntervals().boxAround(x, 4, epsilon, centre, radius);
            close(new double[] {0.05, 0.075, 0.5, 0.95}, host(centre), 1e-6);
            close(new double[] {0.05, 0.075, 0.1, 0.05}, host(radius), 1e-6);
        }
    }

    @Test
    void givenDeadCrossingAndLiveBoxes_whenRelu_thenCentresRadiiAndGradientsAreThoseOfTheEnds() {
        float[] c = {-2f, 0.25f, 2f, -0.25f};
        float[] r = {1f, 1f, 1f, 1f};
        try (DeviceBuffer centre = device(c); DeviceBuffer radius = device(r);
             DeviceBuffer outCentre = backend.allocate(4); DeviceBuffer outRadius = backend.allocate(4);
             DeviceBuffer gc = device(1f, 1f, 1f, 1f); DeviceBuffer gr = device(0.5f, 0.5f, 0.5f, 0.5f)) {
            backend.trainingIntervals().relu(centre, radius, 4, outCentre, outRadius);
            assertArrayEquals(new float[] {0f, 0.625f, 2f, 0.375f}, host(outCentre));
            assertArrayEquals(new float[] {0f, 0.625f, 1f, 0.375f}, host(outRadius));
            backend.trainingIntervals().reluGradient(centre, radius, 4, gc, gr);
            // A crossing box keeps its upper end only: (gc + gr) / 2 flows to c + r.
            assertArrayEquals(new float[] {0f, 0.75f, 1f, 0.75f}, host(gc));
            assertArrayEquals(new float[] {0f, 0.75f, 0.5f, 0.75f}, host(gr));
        }
    }

    @Test
    void givenAnUnknownPixelOrEnd_whenBoxedOrRelu_thenItAloneIsUnknown() {
        float nan = Float.NaN;
        try (DeviceBuffer x = device(0.5f, nan, 0.75f); DeviceBuffer epsilon = device(0.125f);
             DeviceBuffer centre = backend.allocate(3); DeviceBuffer radius = backend.allocate(3)) {
            backend.trainingIntervals().boxAround(x, 3, epsilon, centre, radius);
            assertArrayEquals(new float[] {0.5f, nan, 0.75f}, host(centre));
            assertArrayEquals(new float[] {0.125f, nan, 0.125f}, host(radius));
            backend.write(new float[] {nan, 1f, 2f}, centre);
            backend.write(new float[] {1f, nan, 1f}, radius);
            backend.trainingIntervals().relu(centre, radius, 3, centre, radius);
            assertArrayEquals(new float[] {nan, nan, 2f}, host(centre));
            assertArrayEquals(new float[] {nan, nan, 1f}, host(radius));
        }
    }

    @Test
    void givenOddLengths_whenBoxesAreTakenBehindARelu_thenTheirEndsAreTheClosedForms() {
        for (int length : ODD_LENGTHS) {
            float[] x = mapped(values(length), v -> 0.5 + 0.5 * v);
            try (DeviceBuffer input = device(x); DeviceBuffer epsilon = device(0.25f);
                 DeviceBuffer centre = backend.allocate(length); DeviceBuffer radius = backend.allocate(length)) {
                backend.trainingIntervals().boxAround(input, length, epsilon, centre, radius);
                close(doubles(mapped(x, v -> (Math.min(v + 0.25, 1) + Math.max(v - 0.25, 0)) / 2)), host(centre), 1e-6);
                close(doubles(mapped(x, v -> (Math.min(v + 0.25, 1) - Math.max(v - 0.25, 0)) / 2)), host(radius), 1e-6);
                backend.write(mapped(x, v -> 2 * v - 1), centre);
                backend.fill(radius, 0.5f);
                backend.trainingIntervals().relu(centre, radius, length, centre, radius);
                close(doubles(mapped(x, v -> (Math.max(2 * v - 0.5, 0) + Math.max(2 * v - 1.5, 0)) / 2)), host(centre), 1e-6);
                close(doubles(mapped(x, v -> (Math.max(2 * v - 0.5, 0) - Math.max(2 * v - 1.5, 0)) / 2)), host(radius), 1e-6);
            }
        }
    }

    @Test
    void givenAnOutputBox_whenWorstCase_thenTheLabelTakesItsLowerEndAndTheOthersTheirUpper() {
        try (DeviceBuffer centre = device(1, 2, 3, 4, 5, 6); DeviceBuffer radius = device(.5f, .25f, 1, 2, .5f, 4);
             DeviceBuffer labels = deviceInts(1, 0); DeviceBuffer worst = backend.allocate(6);
             DeviceBuffer g = device(.1f, .2f, .3f, .4f, .5f, .6f); DeviceBuffer gr = backend.allocate(6)) {
            backend.losses().worstCaseLogits(centre, radius, labels, 2, 3, worst);
            assertArrayEquals(new float[] {1.5f, 1.75f, 4f, 2f, 5.5f, 10f}, host(worst));
            backend.losses().worstCaseLogitsGradient(g, labels, 2, 3, g, gr);
            assertArrayEquals(new float[] {.1f, .2f, .3f, .4f, .5f, .6f}, host(g));
            assertArrayEquals(new float[] {.1f, -.2f, .3f, -.4f, .5f, .6f}, host(gr));
        }
    }

    @Test
    void givenALastLayer_whenElided_thenDifferencesAndTheirGradientsMatchTheDefinition() {
        int classes = 3;
        int in = 2;
        float[] w = {1, -2, 0.5f, 3, -1, -1};
        try (DeviceBuffer weight = device(w); DeviceBuffer pairs = backend.allocate(classes * classes * in);
             DeviceBuffer gradientPairs = backend.allocate(classes * classes * in);
             DeviceBuffer gradientWeight = device(0, 0, 0, 0, 0, 0);
             DeviceBuffer logits = device(1, 2, 4); DeviceBuffer spread = backend.allocate(9);
             DeviceBuffer labels = deviceInts(1); DeviceBuffer worst = backend.allocate(3);
             DeviceBuffer gradientSpread = backend.allocate(9)) {
            backend.losses().pairwiseDifferences(weight, classes, in, pairs);
            // Row y * 3 + c is |W[c] - W[y]|.
            assertArrayEquals(new float[] {0, 0, .5f, 5, 2, 1, .5f, 5, 0, 0, 1.5f, 4, 2, 1, 1.5f, 4, 0, 0}, host(pairs));

            float[] g = new float[18];
            g[2] = 10; // row (y 0, c 1), input 0: W[1,0] - W[0,0] = -0.5
            backend.write(g, gradientPairs);
            backend.losses().pairwiseDifferencesGradient(weight, gradientPairs, classes, in, gradientWeight);
            assertArrayEquals(new float[] {10, 0, -10, 0, 0, 0}, host(gradientWeight));

            backend.write(new float[] {0, 0, 0, 7, 0, 9, 0, 0, 0}, spread);
            backend.losses().elidedLogits(logits, spread, labels, 1, classes, worst);
            assertArrayEquals(new float[] {6, 0, 11}, host(worst));
            backend.losses().elidedLogitsGradient(logits, labels, 1, classes, logits, gradientSpread);
            assertArrayEquals(new float[] {1, -5, 4}, host(logits));
            assertArrayEquals(new float[] {0, 0, 0, 1, 0, 4, 0, 0, 0}, host(gradientSpread));
        }
    }

    @ParameterizedTest
    @CsvSource({"1,1", "7,33", "300,10", "3,40"})
    void givenAnyNumberOfClasses_whenWorstCaseOrElided_thenLogitsAndGradientsMatchTheDefinition(int rows, int classes) {
        float[] z = values(rows * classes);
        float[] r = values(rows * classes);
        float[] s = values(rows * classes * classes);
        int[] y = random.ints(rows, 0, classes).toArray();
        double[] worst = new double[z.length];
        double[] elided = new double[z.length];
        double[] gradientCentre = new double[z.length];
        double[] gradientSpread = new double[s.length];
        float[] flipped = z.clone();
        for (int k = 0; k < z.length; ++k) {
            int n = k / classes;
            int label = n * classes + y[n];
            worst[k] = z[k] + (k == label ? -(double) r[k] : r[k]);
            if (k == label) {
                flipped[k] = -z[k];
            } else {
                int pair = label * classes + k % classes;
                elided[k] = (double) z[k] - z[label] + s[pair];
                gradientSpread[pair] = z[k];
                gradientCentre[k] = z[k];
                gradientCentre[label] -= z[k];
            }
        }
        try (DeviceBuffer logits = device(z); DeviceBuffer radius = device(r); DeviceBuffer spread = device(s);
             DeviceBuffer labels = deviceInts(y); DeviceBuffer result = backend.allocate(z.length)) {
            backend.losses().worstCaseLogits(logits, radius, labels, rows, classes, result);
            close(worst, host(result), 1e-6);
            backend.losses().worstCaseLogitsGradient(logits, labels, rows, classes, logits, result);
            same(z, host(logits));
            same(flipped, host(result));
            backend.losses().elidedLogits(logits, spread, labels, rows, classes, result);
            close(elided, host(result), 1e-6);
            backend.fill(spread, Float.NaN);
            backend.losses().elidedLogitsGradient(logits, labels, rows, classes, logits, spread);
            close(gradientCentre, host(logits), 1e-5);
            close(gradientSpread, host(spread), 0);
        }
    }

    @ParameterizedTest
    @CsvSource({"1,1", "10,33", "33,31"})
    void givenAnyNumberOfClasses_whenDifferencesArePaired_thenTheirGradientIsTheSumOverPairs(int classes, int in) {
        float[] w = values(classes * in);
        float[] g = values(classes * classes * in);
        double[] pairs = new double[g.length];
        double[] gradient = new double[w.length];
        Arrays.fill(gradient, 0.5);
        for (int k = 0; k < g.length; ++k) {
            int i = k % in;
            int y = k / in / classes * in + i;
            int c = k / in % classes * in + i;
            pairs[k] = Math.abs((double) w[c] - w[y]);
            gradient[c] += Math.signum(w[c] - w[y]) * g[k];
            gradient[y] -= Math.signum(w[c] - w[y]) * g[k];
        }
        float[] half = new float[w.length];
        Arrays.fill(half, 0.5f);
        try (DeviceBuffer weight = device(w); DeviceBuffer target = device(g); DeviceBuffer result = device(half)) {
            backend.losses().pairwiseDifferencesGradient(weight, target, classes, in, result);
            close(gradient, host(result), 1e-5);
            backend.losses().pairwiseDifferences(weight, classes, in, target);
            close(pairs, host(target), 1e-7);
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {31, 57, 1021, 5000})
    void givenAPreActivationBox_whenRegularised_thenGradientsMatchCentralDifferences(int length) {
        checkRegulariser(mapped(values(length), v -> v + 0.4));
    }

    /** Some centres far out on one side of zero: the spreads differ as the sums do, and their term counts. */
    @ParameterizedTest
    @CsvSource({"57,1", "57,-1", "1021,1", "1021,-1"})
    void givenCentresFarOutOnOneSide_whenRegularised_thenGradientsMatchCentralDifferences(int length, int side) {
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
             DeviceBuffer gradientCentre = device(new float[length]); DeviceBuffer gradientRadius = device(new float[length]);
             DeviceBuffer loss = device(1f)) {
            backend.trainingIntervals().regulariser(centre, radius, length, input, tau, weight, gradientCentre,
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
    void givenCentresOfOneSign_whenRegularised_thenOnlyTightnessCounts() {
        int length = 33;
        float[] c = mapped(values(length), v -> v + 1.5);
        try (DeviceBuffer centre = device(c); DeviceBuffer radius = backend.allocate(length);
             DeviceBuffer input = device(0.125f); DeviceBuffer weight = device(2f);
             DeviceBuffer gradientCentre = device(c); DeviceBuffer gradientRadius = device(new float[length]);
             DeviceBuffer loss = device(0f)) {
            backend.fill(radius, 1f);
            backend.trainingIntervals().regulariser(centre, radius, length, input, 0.5f, weight, gradientCentre,
                    gradientRadius, loss);
            // weight / tau (tau - 0.125 / 1), and its slope weight / tau 0.125 / 1 / length
            assertEquals(1.5f, host(loss)[0], 1e-6f);
            assertArrayEquals(c, host(gradientCentre));
            close(doubles(mapped(c, v -> 0.5 / length)), host(gradientRadius), 1e-7);
            backend.fill(radius, 0.0625f);
            backend.trainingIntervals().regulariser(centre, radius, length, input, 0.5f, weight, gradientCentre,
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
