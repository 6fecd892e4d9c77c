package dev.bulwark.device;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.bulwark.device.NoiseKey.Stream;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The contract's part on votes and attacks: noisy classifiers, input gradients, what an attack keeps. */
abstract class VotesContract extends NoiseContract {

    @Test
    void givenTiesAndNaN_whenArgMax_thenTheLowestWinsAndNaNVotesForNobody() {
        float[] logits = {1, 1, 0, -3, -2, -2, Float.NaN, 5, 5, 0, Float.POSITIVE_INFINITY, 1};
        try (DeviceBuffer z = device(logits); DeviceBuffer best = backend.allocate(4); DeviceBuffer counts = deviceInts(1, 0, 0)) {
            backend.argMax(z, 4, 3, best);
            assertArrayEquals(new int[] {0, 1, -1, 1}, hostInts(best));
            backend.countArgMax(z, 4, 3, counts);
            assertArrayEquals(new int[] {2, 2, 0}, hostInts(counts));
        }
    }

    @Test
    void givenManyRows_whenVotesAreCounted_thenNoneIsLost() {
        int rows = 300_001;
        float[] logits = values(2 * rows);
        int[] expected = {5, 7};
        for (int n = 0; n < rows; ++n) {
            ++expected[logits[2 * n + 1] > logits[2 * n] ? 1 : 0];
        }
        try (DeviceBuffer z = device(logits); DeviceBuffer counts = deviceInts(5, 7)) {
            backend.countArgMax(z, rows, 2, counts);
            assertArrayEquals(expected, hostInts(counts));
        }
    }

    @Test
    void givenAGradient_whenStepped_thenOnlyItsSignMattersAndTheBoxHolds() {
        try (DeviceBuffer x = device(0.5f, 0.5f, 0.5f, 0.5f); DeviceBuffer g = device(1e-30f, -3f, 0f, 9f);
             DeviceBuffer low = device(0.25f, 0.45f, 0.25f, 0.25f); DeviceBuffer high = device(1f, 1f, 1f, 0.55f)) {
            backend.signedStep(x, g, 4, 0.125f, low, high);
            assertArrayEquals(new float[] {0.625f, 0.45f, 0.5f, 0.55f}, host(x));
        }
    }

    @Test
    void givenANoisyClassifier_whenCounted_thenVotesAreThoseOfTheComposedOneButForNearTies() {
        int[] widths = {50, 33, 20, 7};
        int samples = 1500;
        int[] indices = {12, 3, 400};
        NoiseKey key = new NoiseKey(99, Stream.ESTIMATION);
        try (RandomNetwork network = new RandomNetwork(widths);
             DeviceBuffer images = device(mapped(values(3 * 50), v -> 0.5 + 0.5 * v));
             DeviceBuffer expected = deviceInts(new int[21]); DeviceBuffer actual = deviceInts(new int[21]);
             NoisyClassifier composed = new ComposedNoisyClassifier(backend, network.layers);
             NoisyClassifier fused = backend.noisyClassifier(network.layers)) {
            composed.countVotes(images, indices, 0.5f, key, 10, samples, expected);
            fused.countVotes(images, indices, 0.5f, key, 10, samples, actual);
            int[] a = hostInts(expected);
            int[] b = hostInts(actual);
            int moved = 0;
            for (int k = 0; k < a.length; ++k) {
                moved += Math.abs(a[k] - b[k]);
            }
            for (int n = 0; n < 3; ++n) {
                assertEquals(samples, Arrays.stream(b, n * 7, n * 7 + 7).sum());
            }
            // Half precision moves a logit by about 2^-9 of its size: few of 4,500 samples lie that near to a tie.
            int nearTies = fused.precision() == NoisyClassifier.Precision.FLOAT32 ? 4 : 180;
            assertTrue(moved <= nearTies, moved + " votes differ");
        }
    }

    @Test
    void givenAnyGrouping_whenVotesAreCounted_thenEveryImageHasTheSameVotes() {
        int[] widths = {784, 64, 10};
        NoiseKey key = new NoiseKey(1, Stream.SELECTION);
        try (RandomNetwork network = new RandomNetwork(widths);
             DeviceBuffer images = device(mapped(values(3 * 784), v -> 0.5 + 0.5 * v));
             DeviceBuffer together = deviceInts(new int[30]); DeviceBuffer alone = deviceInts(new int[30]);
             NoisyClassifier classifier = backend.noisyClassifier(network.layers)) {
            classifier.countVotes(images, new int[] {5, 6, 7}, 0.25f, key, 0, 700, together);
            for (int n = 2; n >= 0; --n) {
                for (int part = 0; part < 2; ++part) {
                    classifier.countVotes(images.slice(n * 784L, 784), new int[] {5 + n}, 0.25f, key,
                            part == 0 ? 0 : 333, part == 0 ? 333 : 367, alone.slice(n * 10L, 10));
                }
            }
            assertArrayEquals(hostInts(together), hostInts(alone));
        }
    }

    @ParameterizedTest
    @CsvSource({"1", "33", "600"})
    void givenInputs_whenClassified_thenLogitsAreTheNetworksUpToItsPrecision(int rows) {
        requireLogits(rows, false, 50, 33, 20, 7);
    }

    @ParameterizedTest
    @CsvSource({"1", "33", "600"})
    void givenAFirstLayerOfWindows_whenClassified_thenLogitsAreTheNetworksUpToItsPrecision(int rows) {
        requireLogits(rows, true, 50, 300, 20, 7);
    }

    private void requireLogits(int rows, boolean windows, int... widths) {
        try (RandomNetwork network = new RandomNetwork(windows, widths); DeviceBuffer inputs = device(values(rows * 50));
             DeviceBuffer expected = backend.allocate(rows * 7L); DeviceBuffer actual = backend.allocate(rows * 7L);
             NoisyClassifier composed = new ComposedNoisyClassifier(backend, network.layers);
             NoisyClassifier classifier = backend.noisyClassifier(network.layers)) {
            composed.logits(inputs, rows, expected);
            classifier.logits(inputs, rows, actual);
            // Logits are of order one; inputs, weights and activations are each rounded once in each of three layers.
            double tolerance = switch (classifier.precision()) {
                case FLOAT32 -> 1e-5;
                case FLOAT16 -> 9 * 0x1p-11;
                case BFLOAT16 -> 9 * 0x1p-8;
            };
            float[] e = host(expected);
            float[] a = host(actual);
            for (int k = 0; k < e.length; ++k) {
                assertEquals(e[k], a[k], tolerance * (1 + Math.abs(e[k])), "logit " + k);
            }
        }
    }

    @ParameterizedTest
    @CsvSource({"1,1", "33,31", "300,50"})
    void givenPredictions_whenMisclassifiedAreKept_thenTheOtherRowsStay(int rows, int columns) {
        float[] x = values(rows * columns);
        int[] labels = new int[rows];
        int[] predictions = new int[rows];
        float[] expected = new float[rows * columns];
        Arrays.fill(expected, 7f);
        int[] expectedPredictions = new int[rows];
        for (int n = 0; n < rows; ++n) {
            labels[n] = n % 10;
            predictions[n] = n % 3 == 0 ? labels[n] : n % 3 == 1 ? -1 : labels[n] + 1;
            expectedPredictions[n] = n % 3 == 0 ? 99 : predictions[n];
            if (n % 3 != 0) {
                System.arraycopy(x, n * columns, expected, n * columns, columns);
            }
        }
        int[] before = new int[rows];
        Arrays.fill(before, 99);
        try (DeviceBuffer from = device(x); DeviceBuffer found = deviceInts(predictions); DeviceBuffer truth = deviceInts(labels);
             DeviceBuffer kept = backend.allocate((long) rows * columns); DeviceBuffer noted = deviceInts(before)) {
            backend.fill(kept, 7f);
            backend.keepMisclassified(from, found, truth, rows, columns, kept, noted);
            assertArrayEquals(expected, host(kept));
            assertArrayEquals(expectedPredictions, hostInts(noted));
        }
    }

    @ParameterizedTest
    @CsvSource({"1", "33", "300"})
    void givenANetwork_whenDifferentiated_thenInputGradientsAreTheChainRulesUpToItsPrecision(int rows) {
        requireInputGradients(rows, false, 50, 33, 20, 7);
    }

    @ParameterizedTest
    @CsvSource({"1", "33", "300"})
    void givenAFirstLayerOfWindows_whenDifferentiated_thenInputGradientsAreTheChainRulesUpToItsPrecision(int rows) {
        requireInputGradients(rows, true, 150, 300, 20, 7);
    }

    private void requireInputGradients(int rows, boolean windows, int... widths) {
        try (RandomNetwork network = new RandomNetwork(windows, widths); DeviceBuffer x = device(values(rows * widths[0]));
             DeviceBuffer up = device(values(rows * 7)); DeviceBuffer logits = backend.allocate(rows * 7L);
             DeviceBuffer expectedLogits = backend.allocate(rows * 7L); DeviceBuffer gradients = backend.allocate((long) rows * widths[0]);
             NoisyClassifier composed = new ComposedNoisyClassifier(backend, network.layers);
             InputGradients prepared = backend.inputGradients(network.layers, 300)) {
            composed.logits(x, rows, expectedLogits);
            prepared.forward(x, rows, logits);
            prepared.backward(up, rows, gradients);
            double tolerance = switch (prepared.precision()) {
                case FLOAT32 -> 1e-5;
                case FLOAT16 -> 9 * 0x1p-11;
                case BFLOAT16 -> 9 * 0x1p-8;
            };
            close(doubles(host(expectedLogits)), host(logits), tolerance);
            double[] expected = chainRule(network, host(x), host(up), rows, widths);
            float[] actual = host(gradients);
            double squares = 0;
            double errors = 0;
            for (int k = 0; k < expected.length; ++k) {
                squares += expected[k] * expected[k];
                errors += (expected[k] - actual[k]) * (expected[k] - actual[k]);
            }
            // Rounding may switch a unit that is nearly dead, which moves a whole path: few do, so the sum hardly changes.
            double slack = prepared.precision() == NoisyClassifier.Precision.FLOAT32 ? tolerance : 4 * tolerance;
            assertTrue(Math.sqrt(errors / squares) < slack, "relative error " + Math.sqrt(errors / squares));
        }
    }

    /** Input gradients in double. */
    private double[] chainRule(RandomNetwork network, float[] x, float[] up, int rows, int[] widths) {
        double[] result = new double[x.length];
        int layers = network.layers.size();
        float[][] weights = new float[layers][];
        float[][] biases = new float[layers][];
        for (int i = 0; i < layers; ++i) {
            weights[i] = host(network.layers.get(i).weight());
            biases[i] = host(network.layers.get(i).bias());
        }
        for (int n = 0; n < rows; ++n) {
            double[][] values = new double[layers + 1][];
            values[0] = doubles(Arrays.copyOfRange(x, n * widths[0], (n + 1) * widths[0]));
            for (int i = 0; i < layers; ++i) {
                values[i + 1] = new double[widths[i + 1]];
                for (int o = 0; o < widths[i + 1]; ++o) {
                    double sum = biases[i][o];
                    for (int k = 0; k < widths[i]; ++k) {
                        sum += (double) weights[i][o * widths[i] + k] * values[i][k];
                    }
                    values[i + 1][o] = i < layers - 1 ? Math.max(sum, 0) : sum;
                }
            }
            double[] gradient = doubles(Arrays.copyOfRange(up, n * widths[layers], (n + 1) * widths[layers]));
            for (int i = layers - 1; i >= 0; --i) {
                double[] below = new double[widths[i]];
                for (int k = 0; k < widths[i]; ++k) {
                    for (int o = 0; o < widths[i + 1]; ++o) {
                        below[k] += weights[i][o * widths[i] + k] * gradient[o];
                    }
                    if (i > 0 && values[i][k] <= 0) {
                        below[k] = 0;
                    }
                }
                gradient = below;
            }
            System.arraycopy(gradient, 0, result, n * widths[0], widths[0]);
        }
        return result;
    }
}
