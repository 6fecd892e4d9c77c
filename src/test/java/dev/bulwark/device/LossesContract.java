package dev.bulwark.device;

import static dev.bulwark.device.BackendFixture.close;
import static dev.bulwark.device.BackendFixture.doubles;
import static dev.bulwark.device.BackendFixture.same;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.Comparator;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Losses with their gradients, and worst-case logits. */
interface LossesContract extends OnBackend {

    @ParameterizedTest
    @CsvSource({"67,10", "1,1", "5,31", "9,33", "3,1021", "700,2"})
    default void givenLogits_whenCrossEntropy_thenLossAndGradientMatchTheDefinition(int rows, int classes) {
        float[] z = mapped(values(rows * classes), v -> 5 * v);
        int[] labels = new int[rows];
        double[] loss = new double[rows];
        double[] gradient = new double[rows * classes];
        for (int n = 0; n < rows; ++n) {
            labels[n] = random().nextInt(classes);
            double sum = 0;
            for (int c = 0; c < classes; ++c) {
                sum += Math.exp(z[n * classes + c]);
            }
            loss[n] = Math.log(sum) - z[n * classes + labels[n]];
            for (int c = 0; c < classes; ++c) {
                gradient[n * classes + c] = 0.25 / rows
                        * (Math.exp(z[n * classes + c]) / sum - (c == labels[n] ? 1 : 0));
            }
        }
        try (DeviceBuffer logits = device(z); DeviceBuffer y = deviceInts(labels); DeviceBuffer weight = device(0.25f);
             DeviceBuffer losses = backend().allocate(rows)) {
            backend().losses().crossEntropy(logits, y, rows, classes, weight, logits, losses);
            close(loss, host(losses), 1e-5);
            close(gradient, host(logits), 1e-7);
        }
    }

    @Test
    default void givenHugeLogits_whenCrossEntropy_thenNothingOverflows() {
        try (DeviceBuffer logits = device(1e30f, -1e30f); DeviceBuffer y = deviceInts(1); DeviceBuffer weight = device(1f);
             DeviceBuffer gradient = backend().allocate(2); DeviceBuffer losses = backend().allocate(1)) {
            backend().losses().crossEntropy(logits, y, 1, 2, weight, gradient, losses);
            assertArrayEquals(new float[] {1, -1}, host(gradient));
            assertEquals(2e30f, host(losses)[0], 1e24f);
        }
    }

    @Test
    default void givenAnUnknownLogit_whenCrossEntropy_thenItsRowAloneIsUnknown() {
        float[] z = values(3 * 40);
        z[40 + 37] = Float.NaN;
        try (DeviceBuffer logits = device(z); DeviceBuffer y = deviceInts(1, 2, 39); DeviceBuffer weight = device(1f);
             DeviceBuffer losses = backend().allocate(3)) {
            backend().losses().crossEntropy(logits, y, 3, 40, weight, logits, losses);
            float[] gradient = host(logits);
            float[] loss = host(losses);
            for (int k = 0; k < gradient.length; ++k) {
                assertEquals(k / 40 == 1, Float.isNaN(gradient[k]), "element " + k);
                assertEquals(k / 40 == 1, Float.isNaN(loss[k / 40]), "row " + k / 40);
            }
        }
    }

    /** The definition, in double: every row's loss with its penalty. */
    private static double consistencyLoss(double[][][] logits, int[] labels, int n, double lambda, double eta) {
        int copies = logits.length;
        int classes = logits[0][n].length;
        double[][] softmax = new double[copies][];
        double[] mean = new double[classes];
        double loss = 0;
        for (int i = 0; i < copies; ++i) {
            double sum = Arrays.stream(logits[i][n]).map(Math::exp).sum();
            softmax[i] = Arrays.stream(logits[i][n]).map(z -> Math.exp(z) / sum).toArray();
            loss -= Math.log(softmax[i][labels[n]]) / copies;
            for (int c = 0; c < classes; ++c) {
                mean[c] += softmax[i][c] / copies;
            }
        }
        for (int c = 0; c < classes; ++c) {
            for (int i = 0; i < copies; ++i) {
                loss += lambda / copies * mean[c] * Math.log(mean[c] / softmax[i][c]);
            }
            loss -= eta * mean[c] * Math.log(mean[c]);
        }
        return loss;
    }

    private double[][][] copiesOf(float[] z, int copies, int rows, int classes) {
        double[][][] logits = new double[copies][rows][classes];
        for (int k = 0; k < z.length; ++k) {
            logits[k / classes / rows][k / classes % rows][k % classes] = z[k];
        }
        return logits;
    }

    @ParameterizedTest
    @CsvSource({
        // copies, rows, classes, lambda, eta
        "1, 67, 10,   0,  0.5",
        "2, 67, 10,   10, 0.5",
        "2, 1,  2,    20, 0",
        "3, 33, 31,   5,  0.25",
        "4, 9,  33,   1,  1",
        "2, 3,  1021, 3,  0.5",
        "4, 65, 1,    3,  0.5",
    })
    default void givenNoisyCopies_whenConsistencyLoss_thenLossAndGradientMatchTheDefinition(
            int copies, int rows, int classes, float lambda, float eta) {
        float[] z = mapped(values(copies * rows * classes), v -> 4 * v);
        int[] y = new int[rows];
        Arrays.setAll(y, n -> random().nextInt(classes));
        double[][][] moved = copiesOf(z, copies, rows, classes);
        double[] total = new double[rows];
        Arrays.setAll(total, n -> consistencyLoss(moved, y, n, lambda, eta));
        double[] plain = new double[rows];
        Arrays.setAll(plain, n -> consistencyLoss(moved, y, n, 0, 0));
        // Central differences in double: off by some 1e-16 / step in the loss's rounding and step^2 in its curvature.
        double step = 1e-5;
        double[] slopes = new double[z.length];
        for (int k = 0; k < z.length; ++k) {
            int n = k / classes % rows;
            double[] row = moved[k / classes / rows][n];
            double here = row[k % classes];
            row[k % classes] = here + step;
            double above = consistencyLoss(moved, y, n, lambda, eta);
            row[k % classes] = here - step;
            slopes[k] = 0.25 / rows * (above - consistencyLoss(moved, y, n, lambda, eta)) / (2 * step);
            row[k % classes] = here;
        }
        try (DeviceBuffer logits = device(z); DeviceBuffer labels = deviceInts(y); DeviceBuffer weight = device(0.25f);
             DeviceBuffer gradient = backend().allocate(z.length); DeviceBuffer losses = backend().allocate(rows);
             DeviceBuffer penalties = backend().allocate(rows)) {
            backend().losses().consistencyLoss(logits, labels, copies, rows, classes, lambda, eta, weight,
                    gradient, losses, penalties);
            close(plain, host(losses), 1e-6);
            float[] penalty = host(penalties);
            for (int n = 0; n < rows; ++n) {
                assertEquals(total[n] - plain[n], penalty[n], 1e-6 * (1 + total[n]), "row " + n);
            }
            close(slopes, host(gradient), 1e-7);
        }
    }

    @Test
    default void givenNoWeights_whenConsistencyLoss_thenItIsTheMeanCrossEntropyOfTheCopies() {
        int copies = 3;
        int rows = 33;
        int classes = 10;
        float[] z = mapped(values(copies * rows * classes), v -> 9 * v);
        int[] y = new int[copies * rows];
        Arrays.setAll(y, n -> n % rows % classes);
        try (DeviceBuffer logits = device(z); DeviceBuffer labels = deviceInts(y); DeviceBuffer weight = device(0.75f);
             DeviceBuffer gradient = backend().allocate(z.length); DeviceBuffer losses = backend().allocate(rows);
             DeviceBuffer penalties = backend().allocate(rows); DeviceBuffer each = backend().allocate(copies * rows)) {
            backend().losses().consistencyLoss(logits, labels, copies, rows, classes, 0, 0, weight, gradient, losses,
                    penalties);
            backend().losses().crossEntropy(logits, labels, copies * rows, classes, weight, logits, each);
            // Both divide in double and round once, but by a number of rows that is rounded at another place.
            close(doubles(host(logits)), host(gradient), 1e-9);
            float[] single = host(each);
            double[] means = new double[rows];
            for (int n = 0; n < copies * rows; ++n) {
                means[n % rows] += (double) single[n] / copies;
            }
            close(means, host(losses), 1e-6);
            assertArrayEquals(new float[rows], host(penalties));
        }
    }

    @Test
    default void givenSaturatedLogits_whenConsistencyLoss_thenAgreementIsFreeAndDisagreementFinite() {
        float[] agreed = {1e30f, -1e30f, 0};
        float[] opposed = {-1e4f, 1e4f, 0};
        float[] other = {1e4f, -1e4f, 0};
        float[] tied = {1e30f, 1e30f, -1e30f};
        float[] z = new float[2 * 3 * 3];
        float[][] rows = {agreed, opposed, tied, agreed, other, tied};
        for (int n = 0; n < rows.length; ++n) {
            System.arraycopy(rows[n], 0, z, 3 * n, 3);
        }
        try (DeviceBuffer logits = device(z); DeviceBuffer labels = deviceInts(0, 0, 0); DeviceBuffer weight = device(3f);
             DeviceBuffer gradient = backend().allocate(z.length); DeviceBuffer losses = backend().allocate(3);
             DeviceBuffer penalties = backend().allocate(3)) {
            backend().losses().consistencyLoss(logits, labels, 2, 3, 3, 10, 0.5f, weight, gradient, losses, penalties);
            // The middle row's copies are sure of two classes, F = (1/2, 1/2, 0): each finds one half of it 2e4 away.
            double divergence = 0.5 * (Math.log(0.5) + 2e4) + 0.5 * Math.log(0.5);
            close(new double[] {0, 1e4, Math.log(2)}, host(losses), 1e-6);
            close(new double[] {0, 10 * divergence + 0.5 * Math.log(2), 0.5 * Math.log(2)}, host(penalties), 1e-6);
            float[] slopes = host(gradient);
            assertArrayEquals(new float[] {0, 0, 0}, Arrays.copyOf(slopes, 3));
            for (float slope : slopes) {
                assertTrue(Float.isFinite(slope), () -> Arrays.toString(slopes));
            }
            // Each copy is drawn to the other's class by lambda / 2 halves, and the first also to the label.
            close(new double[] {0.5 * (-1 - 5), 0.5 * (1 + 5), 0}, Arrays.copyOfRange(slopes, 3, 6), 1e-6);
            close(new double[] {0.5 * 5, -0.5 * 5, 0}, Arrays.copyOfRange(slopes, 12, 15), 1e-6);
            close(new double[] {0.5 * -0.5, 0.5 * 0.5, 0}, Arrays.copyOfRange(slopes, 15, 18), 1e-6);
        }
    }

    @ParameterizedTest
    @ValueSource(floats = {Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY})
    default void givenALogitThatIsNotFinite_whenConsistencyLoss_thenItsRowAloneShowsIt(float bad) {
        float[] z = values(2 * 3 * 40);
        z[(3 + 1) * 40 + 37] = bad;
        for (float lambda : new float[] {0, 5}) {
            try (DeviceBuffer logits = device(z); DeviceBuffer labels = deviceInts(1, 2, 39);
                 DeviceBuffer weight = device(1f); DeviceBuffer gradient = backend().allocate(z.length);
                 DeviceBuffer losses = backend().allocate(3); DeviceBuffer penalties = backend().allocate(3)) {
                backend().losses().consistencyLoss(logits, labels, 2, 3, 40, lambda, 0.5f, weight, gradient, losses,
                        penalties);
                float[] penalty = host(penalties);
                float[] slopes = host(gradient);
                for (int n = 0; n < 3; ++n) {
                    assertEquals(n != 1, Float.isFinite(penalty[n] + host(losses)[n]), "row " + n);
                }
                for (int k = 0; k < z.length; ++k) {
                    assertTrue(k / 40 % 3 == 1 || Float.isFinite(slopes[k]), "element " + k);
                }
            }
        }
    }

    @ParameterizedTest
    @CsvSource({"67,10", "5,31", "9,33", "3,1021", "1021,2"})
    default void givenLogits_whenMarginGradient_thenItLeadsFromTheLabelToTheBestOtherClass(int rows, int classes) {
        float[] z = values(rows * classes);
        int[] labels = random().ints(rows, 0, classes).toArray();
        float[] expected = new float[rows * classes];
        for (int n = 0; n < rows; ++n) {
            int row = n * classes;
            int label = labels[n];
            // Every other row is classified rightly: the label is then the best class, and not the one to climb.
            z[row + label] += n % 2 == 0 ? 2 : 0;
            int best = IntStream.range(0, classes).filter(c -> c != label).boxed()
                    .max(Comparator.comparingDouble(c -> z[row + c])).orElseThrow();
            expected[row + best] = 1;
            expected[row + label] = -1;
        }
        try (DeviceBuffer logits = device(z); DeviceBuffer y = deviceInts(labels);
             DeviceBuffer gradient = backend().allocate(z.length)) {
            backend().losses().marginGradient(logits, y, rows, classes, gradient);
            assertArrayEquals(expected, host(gradient));
            backend().losses().marginGradient(logits, y, rows, classes, logits);
            assertArrayEquals(expected, host(logits), "in place");
        }
    }

    @Test
    default void givenTiesAndEndlessLogits_whenMarginGradient_thenTheLowestOfTheBestIsTaken() {
        float end = Float.POSITIVE_INFINITY;
        float[] z = {3, 3, 3, 3, 1, 7, 1, 1, -end, -end, -end, 0, 1e38f, end, end, -1};
        float[] expected = {-1, 1, 0, 0, 1, -1, 0, 0, 1, 0, 0, -1, 0, 1, 0, -1};
        try (DeviceBuffer logits = device(z); DeviceBuffer y = deviceInts(0, 1, 3, 3);
             DeviceBuffer gradient = backend().allocate(z.length)) {
            backend().losses().marginGradient(logits, y, 4, 4, gradient);
            assertArrayEquals(expected, host(gradient));
        }
    }

    @Test
    default void givenAnUnknownLogitOrNoOtherClass_whenMarginGradient_thenTheRowStandsStill() {
        float[] z = {1, 2, 3, Float.NaN, 2, 3, 1, Float.NaN, 3, 1, 2, Float.NaN};
        float[] expected = {-1, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0};
        try (DeviceBuffer logits = device(z); DeviceBuffer y = deviceInts(0, 0, 1, 0);
             DeviceBuffer gradient = backend().allocate(z.length); DeviceBuffer single = backend().allocate(4)) {
            backend().losses().marginGradient(logits, y, 4, 3, gradient);
            assertArrayEquals(expected, host(gradient));
            backend().zeroInts(y);
            backend().losses().marginGradient(logits, y, 4, 1, single);
            assertArrayEquals(new float[4], host(single));
        }
    }

    @Test
    default void givenAnOutputBox_whenWorstCase_thenTheLabelTakesItsLowerEndAndTheOthersTheirUpper() {
        try (DeviceBuffer centre = device(1, 2, 3, 4, 5, 6); DeviceBuffer radius = device(.5f, .25f, 1, 2, .5f, 4);
             DeviceBuffer labels = deviceInts(1, 0); DeviceBuffer worst = backend().allocate(6);
             DeviceBuffer g = device(.1f, .2f, .3f, .4f, .5f, .6f); DeviceBuffer gr = backend().allocate(6)) {
            backend().losses().worstCaseLogits(centre, radius, labels, 2, 3, worst);
            assertArrayEquals(new float[] {1.5f, 1.75f, 4f, 2f, 5.5f, 10f}, host(worst));
            backend().losses().worstCaseLogitsGradient(g, labels, 2, 3, g, gr);
            assertArrayEquals(new float[] {.1f, .2f, .3f, .4f, .5f, .6f}, host(g));
            assertArrayEquals(new float[] {.1f, -.2f, .3f, -.4f, .5f, .6f}, host(gr));
        }
    }

    @Test
    default void givenALastLayer_whenElided_thenDifferencesAndTheirGradientsMatchTheDefinition() {
        int classes = 3;
        int in = 2;
        float[] w = {1, -2, 0.5f, 3, -1, -1};
        try (DeviceBuffer weight = device(w); DeviceBuffer pairs = backend().allocate(classes * classes * in);
             DeviceBuffer gradientPairs = backend().allocate(classes * classes * in);
             DeviceBuffer gradientWeight = device(0, 0, 0, 0, 0, 0);
             DeviceBuffer logits = device(1, 2, 4); DeviceBuffer spread = backend().allocate(9);
             DeviceBuffer labels = deviceInts(1); DeviceBuffer worst = backend().allocate(3);
             DeviceBuffer gradientSpread = backend().allocate(9)) {
            backend().losses().pairwiseDifferences(weight, classes, in, pairs);
            // Row y * 3 + c is |W[c] - W[y]|.
            assertArrayEquals(new float[] {0, 0, .5f, 5, 2, 1, .5f, 5, 0, 0, 1.5f, 4, 2, 1, 1.5f, 4, 0, 0}, host(pairs));

            float[] g = new float[18];
            g[2] = 10; // row (y 0, c 1), input 0: W[1,0] - W[0,0] = -0.5
            backend().write(g, gradientPairs);
            backend().losses().pairwiseDifferencesGradient(weight, gradientPairs, classes, in, gradientWeight);
            assertArrayEquals(new float[] {10, 0, -10, 0, 0, 0}, host(gradientWeight));

            backend().write(new float[] {0, 0, 0, 7, 0, 9, 0, 0, 0}, spread);
            backend().losses().elidedLogits(logits, spread, labels, 1, classes, worst);
            assertArrayEquals(new float[] {6, 0, 11}, host(worst));
            backend().losses().elidedLogitsGradient(logits, labels, 1, classes, logits, gradientSpread);
            assertArrayEquals(new float[] {1, -5, 4}, host(logits));
            assertArrayEquals(new float[] {0, 0, 0, 1, 0, 4, 0, 0, 0}, host(gradientSpread));
        }
    }

    @ParameterizedTest
    @CsvSource({"1,1", "7,33", "300,10", "3,40"})
    default void givenAnyNumberOfClasses_whenWorstCaseOrElided_thenLogitsAndGradientsMatchTheDefinition(int rows,
            int classes) {
        float[] z = values(rows * classes);
        float[] r = values(rows * classes);
        float[] s = values(rows * classes * classes);
        int[] y = random().ints(rows, 0, classes).toArray();
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
             DeviceBuffer labels = deviceInts(y); DeviceBuffer result = backend().allocate(z.length)) {
            backend().losses().worstCaseLogits(logits, radius, labels, rows, classes, result);
            close(worst, host(result), 1e-6);
            backend().losses().worstCaseLogitsGradient(logits, labels, rows, classes, logits, result);
            same(z, host(logits));
            same(flipped, host(result));
            backend().losses().elidedLogits(logits, spread, labels, rows, classes, result);
            close(elided, host(result), 1e-6);
            backend().fill(spread, Float.NaN);
            backend().losses().elidedLogitsGradient(logits, labels, rows, classes, logits, spread);
            close(gradientCentre, host(logits), 1e-5);
            close(gradientSpread, host(spread), 0);
        }
    }

    @ParameterizedTest
    @CsvSource({"1,1", "10,33", "33,31"})
    default void givenAnyNumberOfClasses_whenDifferencesArePaired_thenTheirGradientIsTheSumOverPairs(int classes, int in) {
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
            backend().losses().pairwiseDifferencesGradient(weight, target, classes, in, result);
            close(gradient, host(result), 1e-5);
            backend().losses().pairwiseDifferences(weight, classes, in, target);
            close(pairs, host(target), 1e-7);
        }
    }

    /** In double, by sorting. @param target -1 for the best other class */
    private static double logitRatio(double[] z, int label, int target) {
        double[] falling = Arrays.stream(z).map(v -> -v).sorted().map(v -> -v).toArray();
        double best = IntStream.range(0, z.length).filter(c -> c != label).mapToDouble(c -> z[c]).max().orElseThrow();
        double below = z.length < 3 ? 1 : target < 0 || z.length < 4 ? falling[0] - falling[2]
                : falling[0] - (falling[2] + falling[3]) / 2;
        return ((target < 0 ? best : z[target]) - z[label]) / below;
    }

    @ParameterizedTest
    @CsvSource({"67,10", "3,2", "9,3", "9,4", "5,31", "300,5"})
    default void givenLogits_whenLogitRatio_thenLossIsTheDefinitionAndGradientItsCentralDifferences(int rows, int classes) {
        float[] z = mapped(values(rows * classes), v -> 5 * v);
        int[] labels = random().ints(rows, 0, classes).toArray();
        int[] targets = Arrays.stream(labels).map(y -> (y + 1 + random().nextInt(classes - 1)) % classes).toArray();
        for (boolean targeted : new boolean[] {false, true}) {
            double[] loss = new double[rows];
            double[] gradient = new double[rows * classes];
            for (int n = 0; n < rows; ++n) {
                double[] row = doubles(Arrays.copyOfRange(z, n * classes, (n + 1) * classes));
                int target = targeted ? targets[n] : -1;
                loss[n] = logitRatio(row, labels[n], target);
                for (int c = 0; c < classes; ++c) {
                    double middle = row[c];
                    row[c] = middle + 1e-7;
                    double above = logitRatio(row, labels[n], target);
                    row[c] = middle - 1e-7;
                    gradient[n * classes + c] = (above - logitRatio(row, labels[n], target)) / 2e-7;
                    row[c] = middle;
                }
            }
            try (DeviceBuffer logits = device(z); DeviceBuffer y = deviceInts(labels); DeviceBuffer t = deviceInts(targets);
                 DeviceBuffer losses = backend().allocate(rows)) {
                if (targeted) {
                    backend().losses().targetedDlr(logits, y, t, rows, classes, logits, losses);
                } else {
                    backend().losses().dlr(logits, y, rows, classes, logits, losses);
                }
                float[] found = host(losses);
                float[] slopes = host(logits);
                for (int k = 0; k < slopes.length; ++k) { // small denominators magnify the rounding of the logits
                    double scale = 1 + Math.abs(gradient[k]);
                    assertEquals(gradient[k], slopes[k], 2e-4 * scale * scale, "row " + k / classes);
                }
                for (int n = 0; n < rows; ++n) {
                    assertEquals(loss[n], found[n], 1e-4 * (1 + loss[n] * loss[n]));
                }
            }
        }
    }

    @Test
    default void givenLogitsShiftedAndScaled_whenLogitRatio_thenItIsTheSame() {
        float[] z = {3, 1, -2, 0.5f, 0.25f, 24 + 100, 8 + 100, -16 + 100, 4 + 100, 2 + 100}; // all exact
        try (DeviceBuffer logits = device(z); DeviceBuffer y = deviceInts(0, 0); DeviceBuffer t = deviceInts(2, 2);
             DeviceBuffer gradient = backend().allocate(z.length); DeviceBuffer losses = backend().allocate(2)) {
            backend().losses().dlr(logits, y, 2, 5, gradient, losses);
            assertEquals(-2 / 2.5, host(losses)[0], 1e-6);
            assertEquals(host(losses)[0], host(losses)[1]);
            backend().losses().targetedDlr(logits, y, t, 2, 5, gradient, losses);
            assertEquals(-5 / (3 - 0.375), host(losses)[0], 1e-6);
            assertEquals(host(losses)[0], host(losses)[1]);
        }
    }

    @Test
    default void givenTargets_whenTargetedMargin_thenItIsTheDifferenceOfTwoLogits() {
        float nan = Float.NaN;
        float[] z = {3, 1, -2, 5, nan, 1, 0, Float.POSITIVE_INFINITY, 1};
        try (DeviceBuffer logits = device(z); DeviceBuffer y = deviceInts(0, 0, 0); DeviceBuffer t = deviceInts(2, 2, 2);
             DeviceBuffer gradient = backend().allocate(9); DeviceBuffer losses = backend().allocate(3)) {
            backend().losses().targetedMargin(logits, y, t, 3, 3, gradient, losses);
            assertArrayEquals(new float[] {-5, nan, nan}, host(losses));
            assertArrayEquals(new float[] {-1, 0, 1, 0, 0, 0, 0, 0, 0}, host(gradient));
            backend().losses().dlr(logits, y, 3, 3, gradient, losses);
            assertArrayEquals(new float[] {-2 / 5f, nan, nan}, host(losses));
            assertArrayEquals(new float[6], Arrays.copyOfRange(host(gradient), 3, 9));
        }
    }

    @ParameterizedTest
    @CsvSource({"67,10", "3,2", "300,5"})
    default void givenLogits_whenMargins_thenTheyAreTheBestOtherLessTheLabels(int rows, int classes) {
        float[] z = mapped(values(rows * classes), v -> 5 * v);
        int[] labels = random().ints(rows, 0, classes).toArray();
        z[classes - 1] = Float.NaN;
        try (DeviceBuffer logits = device(z); DeviceBuffer y = deviceInts(labels); DeviceBuffer losses = backend().allocate(rows)) {
            backend().losses().margins(logits, y, rows, classes, losses);
            float[] found = host(losses);
            assertTrue(Float.isNaN(found[0]));
            for (int n = 1; n < rows; ++n) {
                int row = n * classes;
                int label = labels[n];
                double best = IntStream.range(0, classes).filter(c -> c != label).mapToDouble(c -> z[row + c]).max().orElseThrow();
                assertEquals(best - z[row + label], found[n], 1e-6);
            }
        }
    }
}
