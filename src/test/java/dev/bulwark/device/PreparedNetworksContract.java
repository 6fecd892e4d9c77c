package dev.bulwark.device;

import static dev.bulwark.device.BackendFixture.close;
import static dev.bulwark.device.BackendFixture.doubles;
import static dev.bulwark.device.BackendFixture.windowed;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.bulwark.device.NoiseKey.Stream;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.apache.commons.math3.distribution.NormalDistribution;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Networks that a device prepares in its fastest way: noisy classifiers and input gradients. */
interface PreparedNetworksContract extends OnBackend {

    @Test
    default void givenNetworksThatOverflow_whenCounted_thenNoNaNHasAVote() {
        NoiseKey key = new NoiseKey(5, Stream.ESTIMATION);
        NoisyClassifier.Precision fastest = precision();
        for (boolean composed : new boolean[] {false, true}) {
            for (OverflowCases.Case each : OverflowCases.of(composed ? NoisyClassifier.Precision.FLOAT32 : fastest)) {
                int classes = each.widths()[4];
                int[] expected = new int[classes];
                if (each.vote() >= 0) {
                    expected[each.vote()] = 40;
                }
                try (GivenNetwork network = new GivenNetwork(this, each.widths(), each.weights(), each.biases());
                     DeviceBuffer image = device(OverflowCases.PIXEL); DeviceBuffer counts = deviceInts(new int[classes]);
                     NoisyClassifier classifier = composed ? new ComposedNoisyClassifier(backend(), network.layers)
                             : backend().noisyClassifier(network.layers)) {
                    classifier.countVotes(image, new int[] {0}, 0f, key, 0, 40, counts);
                    assertArrayEquals(expected, hostInts(counts), each + (composed ? ", composed" : ""));
                    try (DeviceBuffer logits = backend().allocate(classes); DeviceBuffer best = backend().allocate(1)) {
                        classifier.logits(image, 1, logits);
                        backend().votes().argMax(logits, 1, classes, best);
                        assertEquals(each.vote(), hostInts(best)[0], each + ", logits " + Arrays.toString(host(logits)));
                    }
                }
            }
        }
    }

    /** bf16 and float have the same range: the cases of float are right for both. */
    @Test
    default void givenNetworksThatOverflow_whenDifferentiated_thenLogitsHoldTheirNaNAndItsGradientStaysInItsRow() {
        for (OverflowCases.Case each : OverflowCases.of(NoisyClassifier.Precision.FLOAT32)) {
            int classes = each.widths()[4];
            try (GivenNetwork network = new GivenNetwork(this, each.widths(), each.weights(), each.biases());
                 DeviceBuffer x = device(0f, OverflowCases.PIXEL, 0f);
                 DeviceBuffer logits = backend().allocate(3L * classes);
                 DeviceBuffer best = backend().allocate(3); DeviceBuffer gradients = backend().allocate(3);
                 DeviceBuffer up = backend().allocate(3L * classes); DeviceBuffer labels = deviceInts(0, 0, 0);
                 InputGradients prepared = backend().inputGradients(network.layers, 3)) {
                prepared.forward(x, 3, logits);
                backend().votes().argMax(logits, 3, classes, best);
                assertEquals(each.vote(), hostInts(best)[1], each + ", logits " + Arrays.toString(host(logits)));
                backend().losses().marginGradient(logits, labels, 3, classes, up);
                prepared.backward(up, 3, gradients);
                assertTrue(Float.isFinite(host(gradients)[0]) && Float.isFinite(host(gradients)[2]), each.name());
            }
        }
    }

    /** Arithmetic of this backend's noisy forward passes. */
    private NoisyClassifier.Precision precision() {
        try (RandomNetwork network = new RandomNetwork(this, 1, 2);
             NoisyClassifier any = backend().noisyClassifier(network.layers)) {
            return any.precision();
        }
    }

    /** The second hidden layer is infinite from x = 1 on, and then the third is NaN by a weight of 0; logits 0, 1. */
    private GivenNetwork overflowing(boolean half) {
        float first = half ? 64 : 1e19f;
        float second = half ? 65_504f / 64 : Float.MAX_VALUE / first / (1 + 0x1p-6f);
        return new GivenNetwork(this, new int[] {1, 1, 1, 1, 2}, new float[][] {{first}, {second}, {0}, {0, 0}},
                new float[][] {{0}, {0}, {0}, {0, 1}});
    }

    @Test
    default void givenImagesThatOverflowBesideOthers_whenCounted_thenTheOthersHaveAllTheirVotes() {
        NoiseKey key = new NoiseKey(5, Stream.ESTIMATION);
        int[] indices = {3, 4, 5, 6, 7};
        for (boolean composed : new boolean[] {false, true}) {
            boolean half = !composed && precision() == NoisyClassifier.Precision.FLOAT16;
            try (GivenNetwork network = overflowing(half); DeviceBuffer images = device(1.5f, 0.01f, 0.75f, -2f, 2f);
                 DeviceBuffer counts = deviceInts(new int[10]);
                 NoisyClassifier classifier = composed ? new ComposedNoisyClassifier(backend(), network.layers)
                         : backend().noisyClassifier(network.layers)) {
                classifier.countVotes(images, indices, 0.01f, key, 0, 700, counts);
                assertArrayEquals(new int[] {0, 0, 0, 700, 0, 700, 0, 700, 0, 0}, hostInts(counts));
            }
        }
    }

    @Test
    default void givenNoiseThatOverflows_whenCounted_thenThoseSamplesAloneHaveNoVote() {
        NoiseKey key = new NoiseKey(77, Stream.ESTIMATION);
        int samples = 2000;
        int below = 0;
        int near = 0;
        for (int sample = 0; sample < samples; ++sample) {
            float z = Philox.normal(key, 9, sample, 0);
            below += z < 0.96 ? 1 : 0;
            near += z >= 0.96 && z < 1.04 ? 1 : 0; // rounding decides
        }
        try (GivenNetwork network = overflowing(precision() == NoisyClassifier.Precision.FLOAT16);
             DeviceBuffer image = device(0f); DeviceBuffer counts = deviceInts(0, 0);
             NoisyClassifier classifier = backend().noisyClassifier(network.layers)) {
            classifier.countVotes(image, new int[] {9}, 1f, key, 0, samples, counts);
            int[] votes = hostInts(counts);
            assertEquals(0, votes[0]);
            assertTrue(votes[1] >= below && votes[1] <= below + near, votes[1] + " of " + below + " to " + (below + near));
            assertTrue(below > samples / 2 && below + near < samples * 9 / 10);
        }
    }

    @Test
    default void givenANoisyClassifier_whenCounted_thenVotesAreThoseOfTheComposedOneButForNearTies() {
        int[] widths = {50, 33, 20, 7};
        int samples = 1500;
        int[] indices = {12, 3, 400};
        NoiseKey key = new NoiseKey(99, Stream.ESTIMATION);
        try (RandomNetwork network = new RandomNetwork(this, widths);
             DeviceBuffer images = device(mapped(values(3 * 50), v -> 0.5 + 0.5 * v));
             DeviceBuffer expected = deviceInts(new int[21]); DeviceBuffer actual = deviceInts(new int[21]);
             NoisyClassifier composed = new ComposedNoisyClassifier(backend(), network.layers);
             NoisyClassifier fused = backend().noisyClassifier(network.layers)) {
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
    default void givenAnyGrouping_whenVotesAreCounted_thenEveryImageHasTheSameVotes() {
        int[] widths = {784, 64, 10};
        NoiseKey key = new NoiseKey(1, Stream.SELECTION);
        try (RandomNetwork network = new RandomNetwork(this, widths);
             DeviceBuffer images = device(mapped(values(3 * 784), v -> 0.5 + 0.5 * v));
             DeviceBuffer together = deviceInts(new int[30]); DeviceBuffer alone = deviceInts(new int[30]);
             NoisyClassifier classifier = backend().noisyClassifier(network.layers)) {
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

    @Test
    default void givenDiscreteNoise_whenCounted_thenVotesAreThoseOfTheComposedClassifierInAnyGrouping() {
        int[] widths = {784, 64, 10};
        NoiseKey key = new NoiseKey(1, Stream.SELECTION);
        RoundedGaussian law = RoundedGaussian.of(0.25);
        try (RandomNetwork network = new RandomNetwork(this, widths);
             DeviceBuffer images = device(DiscreteNoises.bytes(3 * 784)); DeviceBuffer tables = deviceInts(law.tables());
             DeviceBuffer together = deviceInts(new int[30]); DeviceBuffer alone = deviceInts(new int[30]);
             DeviceBuffer expected = deviceInts(new int[30]);
             NoisyClassifier composed = new ComposedNoisyClassifier(backend(), network.layers);
             NoisyClassifier classifier = backend().noisyClassifier(network.layers)) {
            SmoothingNoise noise = new SmoothingNoise.Discrete(law, tables);
            composed.countVotes(images, new int[] {5, 6, 7}, noise, key, 0, 700, expected);
            classifier.countVotes(images, new int[] {5, 6, 7}, noise, key, 0, 700, together);
            for (int n = 2; n >= 0; --n) {
                for (int part = 0; part < 2; ++part) {
                    classifier.countVotes(images.slice(n * 784L, 784), new int[] {5 + n}, noise, key,
                            part == 0 ? 0 : 333, part == 0 ? 333 : 367, alone.slice(n * 10L, 10));
                }
            }
            int[] votes = hostInts(together);
            assertArrayEquals(votes, hostInts(alone));
            int[] others = hostInts(expected);
            int moved = 0;
            for (int k = 0; k < votes.length; ++k) {
                moved += Math.abs(votes[k] - others[k]);
            }
            assertEquals(2100, Arrays.stream(votes).sum());
            // As with Gaussian noise: few samples lie so near to a tie that half precision moves them.
            assertTrue(moved <= (classifier.precision() == NoisyClassifier.Precision.FLOAT32 ? 4 : 84), moved + " votes differ");
        }
    }

    /**
     * A network that votes 1 from 12.9 / 255 on: at 10 / 255 whole bytes do with P(K >= 3), normal noise with P(255 z >= 2.9).
     * 4.9 standard deviations of a binomial hold all but a millionth.
     */
    @Test
    default void givenAThresholdBetweenTwoBytes_whenCounted_thenVotesAreTheRoundedNormalsAndGaussianNoiseIsToldApart() {
        int samples = 1_000_000;
        double sigma = 0.02;
        NoiseKey key = new NoiseKey(77, Stream.ESTIMATION);
        RoundedGaussian law = RoundedGaussian.of(sigma);
        try (GivenNetwork network = new GivenNetwork(this, new int[] {1, 2}, new float[][] {{0, 1}},
                new float[][] {{0, -12.9f / 255}});
             DeviceBuffer image = device(10 / 255f); DeviceBuffer tables = deviceInts(law.tables());
             DeviceBuffer discrete = deviceInts(0, 0); DeviceBuffer gaussian = deviceInts(0, 0);
             NoisyClassifier classifier = backend().noisyClassifier(network.layers)) {
            classifier.countVotes(image, new int[] {9}, new SmoothingNoise.Discrete(law, tables), key, 0, samples, discrete);
            classifier.countVotes(image, new int[] {9}, (float) sigma, key, 0, samples, gaussian);
            double p = new NormalDistribution(0, 255 * sigma).cumulativeProbability(-2.5);
            double margin = 4.9 * Math.sqrt(samples * p * (1 - p));
            assertEquals(samples, hostInts(discrete)[0] + hostInts(discrete)[1]);
            assertEquals(samples * p, hostInts(discrete)[1], margin);
            assertTrue(samples * p - hostInts(gaussian)[1] > 10 * margin, hostInts(gaussian)[1] + " votes");
        }
    }

    @Test
    default void givenNoiseThatIsUndecided_whenCounted_thenThatSampleAloneHasNoVote() {
        NoiseKey key = new NoiseKey(31, Stream.ESTIMATION);
        RoundedGaussian law = DiscreteNoises.tied(DiscreteNoises.Tie.EQUAL, key, 4, 17, 333);
        for (boolean composed : new boolean[] {false, true}) {
            try (RandomNetwork network = new RandomNetwork(this, 784, 33, 3); DeviceBuffer image = device(new float[784]);
                 DeviceBuffer tables = deviceInts(law.tables()); DeviceBuffer counts = deviceInts(0, 0, 0);
                 NoisyClassifier classifier = composed ? new ComposedNoisyClassifier(backend(), network.layers)
                         : backend().noisyClassifier(network.layers)) {
                SmoothingNoise noise = new SmoothingNoise.Discrete(law, tables);
                classifier.countVotes(image, new int[] {4}, noise, key, 0, 40, counts);
                assertEquals(39, Arrays.stream(hostInts(counts)).sum());
                classifier.countVotes(image, new int[] {4}, noise, key, 17, 1, counts);
                assertEquals(39, Arrays.stream(hostInts(counts)).sum());
            }
        }
    }

    @ParameterizedTest
    @CsvSource({"1", "33", "600"})
    default void givenInputs_whenClassified_thenLogitsAreTheNetworksUpToItsPrecision(int rows) {
        requireLogits(rows, false, 50, 33, 20, 7);
    }

    @ParameterizedTest
    @CsvSource({"1", "33", "600"})
    default void givenAFirstLayerOfWindows_whenClassified_thenLogitsAreTheNetworksUpToItsPrecision(int rows) {
        requireLogits(rows, true, 50, 300, 20, 7);
    }

    private void requireLogits(int rows, boolean windows, int... widths) {
        try (RandomNetwork network = new RandomNetwork(this, windows, widths);
             DeviceBuffer inputs = device(values(rows * 50));
             DeviceBuffer expected = backend().allocate(rows * 7L); DeviceBuffer actual = backend().allocate(rows * 7L);
             NoisyClassifier composed = new ComposedNoisyClassifier(backend(), network.layers);
             NoisyClassifier classifier = backend().noisyClassifier(network.layers)) {
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
    @CsvSource({"1", "33", "300"})
    default void givenANetwork_whenDifferentiated_thenInputGradientsAreTheChainRulesUpToItsPrecision(int rows) {
        requireInputGradients(rows, false, 50, 33, 20, 7);
    }

    @ParameterizedTest
    @CsvSource({"1", "33", "300"})
    default void givenAFirstLayerOfWindows_whenDifferentiated_thenInputGradientsAreTheChainRulesUpToItsPrecision(int rows) {
        requireInputGradients(rows, true, 150, 300, 20, 7);
    }

    private void requireInputGradients(int rows, boolean windows, int... widths) {
        try (RandomNetwork network = new RandomNetwork(this, windows, widths);
             DeviceBuffer x = device(values(rows * widths[0]));
             DeviceBuffer up = device(values(rows * 7)); DeviceBuffer logits = backend().allocate(rows * 7L);
             DeviceBuffer expectedLogits = backend().allocate(rows * 7L);
             DeviceBuffer gradients = backend().allocate((long) rows * widths[0]);
             NoisyClassifier composed = new ComposedNoisyClassifier(backend(), network.layers);
             InputGradients prepared = backend().inputGradients(network.layers, 300)) {
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
            // Rounding may switch a unit that is nearly 0, which moves a whole path: few do, so the sum hardly changes.
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

    /** A network of these weights {@code [out,in]} and biases on the backend under test. */
    final class GivenNetwork implements AutoCloseable {
        private final ArrayList<DeviceBuffer> buffers = new ArrayList<>();
        final List<Affine> layers = new ArrayList<>();

        GivenNetwork(OnBackend on, int[] widths, float[][] weights, float[][] biases) {
            for (int i = 0; i < weights.length; ++i) {
                buffers.add(on.device(weights[i]));
                buffers.add(on.device(biases[i]));
                layers.add(new Affine(buffers.get(2 * i), buffers.get(2 * i + 1), widths[i], widths[i + 1]));
            }
        }

        @Override
        public void close() {
            buffers.forEach(DeviceBuffer::close);
        }
    }

    /** A network of random weights on the backend under test. */
    final class RandomNetwork implements AutoCloseable {
        private final ArrayList<DeviceBuffer> buffers = new ArrayList<>();
        final List<Affine> layers;

        RandomNetwork(OnBackend on, int... widths) {
            this(on, false, widths);
        }

        /** @param windows whether the first layer's units have narrow receptive fields */
        RandomNetwork(OnBackend on, boolean windows, int... widths) {
            ArrayList<Affine> made = new ArrayList<>();
            for (int i = 0; i + 1 < widths.length; ++i) {
                double scale = Math.sqrt(6.0 / widths[i]);
                float[] drawn = on.mapped(on.values(widths[i] * widths[i + 1]), v -> scale * v);
                float[] values = windows && i == 0 ? windowed(drawn, widths[0], widths[1]) : drawn;
                DeviceBuffer weight = on.device(values);
                DeviceBuffer bias = on.device(on.mapped(on.values(widths[i + 1]), v -> 0.1 * v));
                buffers.add(weight);
                buffers.add(bias);
                made.add(new Affine(weight, bias, widths[i], widths[i + 1],
                        NonZeros.of(values, widths[i], widths[i + 1])));
            }
            layers = List.copyOf(made);
        }

        @Override
        public void close() {
            buffers.forEach(DeviceBuffer::close);
        }
    }
}
