package dev.bulwark.device;

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

/** The contract's part on losses and their gradients. */
abstract class LossesContract extends ElementwiseContract {

    @ParameterizedTest
    @CsvSource({"67,10", "1,1", "5,31", "9,33", "3,1021", "700,2"})
    void givenLogits_whenCrossEntropy_thenLossAndGradientMatchTheDefinition(int rows, int classes) {
        float[] z = mapped(values(rows * classes), v -> 5 * v);
        int[] labels = new int[rows];
        double[] loss = new double[rows];
        double[] gradient = new double[rows * classes];
        for (int n = 0; n < rows; ++n) {
            labels[n] = random.nextInt(classes);
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
             DeviceBuffer losses = backend.allocate(rows)) {
            backend.losses().crossEntropy(logits, y, rows, classes, weight, logits, losses);
            close(loss, host(losses), 1e-5);
            close(gradient, host(logits), 1e-7);
        }
    }

    @Test
    void givenHugeLogits_whenCrossEntropy_thenNothingOverflows() {
        try (DeviceBuffer logits = device(1e30f, -1e30f); DeviceBuffer y = deviceInts(1); DeviceBuffer weight = device(1f);
             DeviceBuffer gradient = backend.allocate(2); DeviceBuffer losses = backend.allocate(1)) {
            backend.losses().crossEntropy(logits, y, 1, 2, weight, gradient, losses);
            assertArrayEquals(new float[] {1, -1}, host(gradient));
            assertEquals(2e30f, host(losses)[0], 1e24f);
        }
    }

    @Test
    void givenAnUnknownLogit_whenCrossEntropy_thenItsRowAloneIsUnknown() {
        float[] z = values(3 * 40);
        z[40 + 37] = Float.NaN;
        try (DeviceBuffer logits = device(z); DeviceBuffer y = deviceInts(1, 2, 39); DeviceBuffer weight = device(1f);
             DeviceBuffer losses = backend.allocate(3)) {
            backend.losses().crossEntropy(logits, y, 3, 40, weight, logits, losses);
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
    void givenNoisyCopies_whenConsistencyLoss_thenLossAndGradientMatchTheDefinition(
            int copies, int rows, int classes, float lambda, float eta) {
        float[] z = mapped(values(copies * rows * classes), v -> 4 * v);
        int[] y = new int[rows];
        Arrays.setAll(y, n -> random.nextInt(classes));
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
             DeviceBuffer gradient = backend.allocate(z.length); DeviceBuffer losses = backend.allocate(rows);
             DeviceBuffer penalties = backend.allocate(rows)) {
            backend.losses().consistencyLoss(logits, labels, copies, rows, classes, lambda, eta, weight,
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
    void givenNoWeights_whenConsistencyLoss_thenItIsTheMeanCrossEntropyOfTheCopies() {
        int copies = 3;
        int rows = 33;
        int classes = 10;
        float[] z = mapped(values(copies * rows * classes), v -> 9 * v);
        int[] y = new int[copies * rows];
        Arrays.setAll(y, n -> n % rows % classes);
        try (DeviceBuffer logits = device(z); DeviceBuffer labels = deviceInts(y); DeviceBuffer weight = device(0.75f);
             DeviceBuffer gradient = backend.allocate(z.length); DeviceBuffer losses = backend.allocate(rows);
             DeviceBuffer penalties = backend.allocate(rows); DeviceBuffer each = backend.allocate(copies * rows)) {
            backend.losses().consistencyLoss(logits, labels, copies, rows, classes, 0, 0, weight, gradient, losses,
                    penalties);
            backend.losses().crossEntropy(logits, labels, copies * rows, classes, weight, logits, each);
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
    void givenSaturatedLogits_whenConsistencyLoss_thenAgreementIsFreeAndDisagreementFinite() {
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
             DeviceBuffer gradient = backend.allocate(z.length); DeviceBuffer losses = backend.allocate(3);
             DeviceBuffer penalties = backend.allocate(3)) {
            backend.losses().consistencyLoss(logits, labels, 2, 3, 3, 10, 0.5f, weight, gradient, losses, penalties);
            // The middle row's copies are sure of two classes, F = (1/2, 1/2, 0): each finds one half of it 2e4 away.
            double divergence = 0.5 * (Math.log(0.5) + 2e4) + 0.5 * Math.log(0.5);
            close(new double[] {0, 1e4, Math.log(2)}, host(losses), 1e-6);
            close(new double[] {0, 10 * divergence + 0.5 * Math.log(2), 0.5 * Math.log(2)}, host(penalties), 1e-6);
            float[] slopes = host(gradient);
            assertArrayEquals(new float[] {0, 0, 0}, Arrays.copyOf(slopes, 3));
            for (float slope : slopes) {
                assertTrue(Float.isFinite(slope), Arrays.toString(slopes));
            }
            // Each copy is drawn to the other's class by lambda / 2 halves, and the first also to the label.
            close(new double[] {0.5 * (-1 - 5), 0.5 * (1 + 5), 0}, Arrays.copyOfRange(slopes, 3, 6), 1e-6);
            close(new double[] {0.5 * 5, -0.5 * 5, 0}, Arrays.copyOfRange(slopes, 12, 15), 1e-6);
            close(new double[] {0.5 * -0.5, 0.5 * 0.5, 0}, Arrays.copyOfRange(slopes, 15, 18), 1e-6);
        }
    }

    @ParameterizedTest
    @ValueSource(floats = {Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY})
    void givenALogitThatIsNotFinite_whenConsistencyLoss_thenItsRowAloneShowsIt(float bad) {
        float[] z = values(2 * 3 * 40);
        z[(3 + 1) * 40 + 37] = bad;
        for (float lambda : new float[] {0, 5}) {
            try (DeviceBuffer logits = device(z); DeviceBuffer labels = deviceInts(1, 2, 39);
                 DeviceBuffer weight = device(1f); DeviceBuffer gradient = backend.allocate(z.length);
                 DeviceBuffer losses = backend.allocate(3); DeviceBuffer penalties = backend.allocate(3)) {
                backend.losses().consistencyLoss(logits, labels, 2, 3, 40, lambda, 0.5f, weight, gradient, losses,
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
    void givenLogits_whenMarginGradient_thenItLeadsFromTheLabelToTheBestOtherClass(int rows, int classes) {
        float[] z = values(rows * classes);
        int[] labels = random.ints(rows, 0, classes).toArray();
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
             DeviceBuffer gradient = backend.allocate(z.length)) {
            backend.losses().marginGradient(logits, y, rows, classes, gradient);
            assertArrayEquals(expected, host(gradient));
            backend.losses().marginGradient(logits, y, rows, classes, logits);
            assertArrayEquals(expected, host(logits), "in place");
        }
    }

    @Test
    void givenTiesAndEndlessLogits_whenMarginGradient_thenTheLowestOfTheBestIsTaken() {
        float end = Float.POSITIVE_INFINITY;
        float[] z = {3, 3, 3, 3, 1, 7, 1, 1, -end, -end, -end, 0, 1e38f, end, end, -1};
        float[] expected = {-1, 1, 0, 0, 1, -1, 0, 0, 1, 0, 0, -1, 0, 1, 0, -1};
        try (DeviceBuffer logits = device(z); DeviceBuffer y = deviceInts(0, 1, 3, 3);
             DeviceBuffer gradient = backend.allocate(z.length)) {
            backend.losses().marginGradient(logits, y, 4, 4, gradient);
            assertArrayEquals(expected, host(gradient));
        }
    }

    @Test
    void givenAnUnknownLogitOrNoOtherClass_whenMarginGradient_thenTheRowStandsStill() {
        float[] z = {1, 2, 3, Float.NaN, 2, 3, 1, Float.NaN, 3, 1, 2, Float.NaN};
        float[] expected = {-1, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0};
        try (DeviceBuffer logits = device(z); DeviceBuffer y = deviceInts(0, 0, 1, 0);
             DeviceBuffer gradient = backend.allocate(z.length); DeviceBuffer single = backend.allocate(4)) {
            backend.losses().marginGradient(logits, y, 4, 3, gradient);
            assertArrayEquals(expected, host(gradient));
            backend.zeroInts(y);
            backend.losses().marginGradient(logits, y, 4, 1, single);
            assertArrayEquals(new float[4], host(single));
        }
    }
}
