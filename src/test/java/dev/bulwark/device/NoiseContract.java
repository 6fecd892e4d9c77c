package dev.bulwark.device;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.bulwark.device.NoiseKey.Stream;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Random numbers, of which every bit is that of {@link Philox}. */
interface NoiseContract extends OnBackend {

    @ParameterizedTest
    @ValueSource(ints = {1, 15, 16, 17, 63, 65, 784, 1021})
    default void givenAnyWidth_whenNoiseIsAdded_thenEveryBitIsTheReferences(int columns) {
        int rows = 5;
        float[] x = values(rows * columns);
        int[] images = {3, 3, 59_999, 0, -1};
        int[] samples = {0, 1, 7, Integer.MAX_VALUE, 12};
        NoiseKey key = new NoiseKey(0x1234_5678_9ABC_DEF0L, Stream.AUGMENTATION);
        try (DeviceBuffer input = device(x); DeviceBuffer i = deviceInts(images); DeviceBuffer s = deviceInts(samples);
             DeviceBuffer target = backend().allocate((long) rows * columns)) {
            backend().noise().addNoise(input, i, s, rows, columns, 0.37f, key, target);
            float[] actual = host(target);
            for (int k = 0; k < actual.length; ++k) {
                float z = Philox.normal(key, images[k / columns], samples[k / columns], k % columns);
                assertEquals(Math.fma(0.37f, z, x[k]), actual[k], "element " + k);
            }
        }
    }

    @ParameterizedTest
    @CsvSource({"1, 0.25", "15, 0.5", "16, 1", "17, 0.002", "63, 3", "65, 0.12", "784, 0.25", "1021, 12"})
    default void givenAnyWidth_whenDiscreteNoiseIsAdded_thenEveryBitIsTheReferences(int columns, double sigma) {
        int rows = 5;
        float[] x = DiscreteNoises.bytes(rows * columns);
        int[] images = {3, 3, 59_999, 0, -1};
        int[] samples = {0, 1, 7, Integer.MAX_VALUE, 12};
        NoiseKey key = new NoiseKey(0x1234_5678_9ABC_DEF0L, Stream.AUGMENTATION);
        RoundedGaussian law = RoundedGaussian.of(sigma);
        try (DeviceBuffer input = device(x); DeviceBuffer i = deviceInts(images); DeviceBuffer s = deviceInts(samples);
             DeviceBuffer tables = deviceInts(law.tables()); DeviceBuffer target = backend().allocate((long) rows * columns)) {
            SmoothingNoise noise = new SmoothingNoise.Discrete(law, tables);
            backend().noise().addNoise(input, i, s, rows, columns, noise, key, target);
            float[] added = host(target);
            backend().noise().noisyCopies(input, 9, 100, rows, columns, noise, key, target);
            float[] copies = host(target);
            for (int n = 0; n < rows; ++n) {
                float[] row = Arrays.copyOfRange(x, n * columns, (n + 1) * columns);
                assertArrayEquals(DiscreteNoises.sample(law, row, key, images[n], samples[n]),
                        Arrays.copyOfRange(added, n * columns, (n + 1) * columns), "row " + n);
                assertArrayEquals(DiscreteNoises.sample(law, Arrays.copyOf(x, columns), key, 9, 100 + n),
                        Arrays.copyOfRange(copies, n * columns, (n + 1) * columns), "copy " + n);
            }
        }
    }

    @ParameterizedTest
    @EnumSource(DiscreteNoises.Tie.class)
    default void givenAWordThatIsAThresholds_whenDrawn_thenFurtherBitsDecideAsInTheReference(DiscreteNoises.Tie tie) {
        int columns = 784;
        int element = 333;
        NoiseKey key = new NoiseKey(31, Stream.ESTIMATION);
        RoundedGaussian law = DiscreteNoises.tied(tie, key, 4, 17, element);
        float[] x = new float[columns];
        for (int e = 0; e < columns; e += 2) {
            x[e] = 1; // this law clips at 0 and 255: half of all samples at either end
        }
        try (DeviceBuffer input = device(x); DeviceBuffer tables = deviceInts(law.tables());
             DeviceBuffer target = backend().allocate(20L * columns)) {
            backend().noise().noisyCopies(input, 4, 0, 20, columns, new SmoothingNoise.Discrete(law, tables), key, target);
            float[] copies = host(target);
            assertEquals(tie == DiscreteNoises.Tie.EQUAL ? Float.NaN : Math.max(0, tie.noise) / 255f,
                    copies[17 * columns + element]);
            assertArrayEquals(DiscreteNoises.sample(law, x, key, 4, 17),
                    Arrays.copyOfRange(copies, 17 * columns, 18 * columns));
        }
    }

    @Test
    default void givenOneImage_whenCopied_thenSamplesAreThoseOfAnyOtherBatch() {
        int columns = 100;
        NoiseKey key = new NoiseKey(5, Stream.ESTIMATION);
        try (DeviceBuffer x = device(values(columns)); DeviceBuffer all = backend().allocate(20L * columns);
             DeviceBuffer part = backend().allocate(3L * columns)) {
            backend().noise().noisyCopies(x, 9, 100, 20, columns, 0.5f, key, all);
            backend().noise().noisyCopies(x, 9, 117, 3, columns, 0.5f, key, part);
            assertArrayEquals(host(all.slice(17L * columns, 3L * columns)), host(part));
        }
    }

    /** More rows than a GPU's grid has along its second dimension. */
    @Test
    default void givenManyRows_whenDrawn_thenEveryOneIsTheReferences() {
        int rows = 65_539;
        NoiseKey key = new NoiseKey(21, Stream.AUGMENTATION);
        int[] indices = new int[rows];
        Arrays.setAll(indices, n -> n);
        try (DeviceBuffer zero = device(new float[rows]); DeviceBuffer one = backend().allocate(rows);
             DeviceBuffer numbers = deviceInts(indices); DeviceBuffer target = backend().allocate(rows)) {
            backend().fill(one, 1f);
            backend().noise().noisyCopies(zero, 3, 0, rows, 1, 1f, key, target);
            float[] copies = host(target);
            backend().noise().uniformInBox(zero, one, numbers, numbers, rows, 1, key, target);
            float[] uniform = host(target);
            for (int n = 0; n < rows; ++n) {
                assertEquals(Philox.normal(key, 3, n, 0), copies[n], "row " + n);
                assertEquals(Philox.uniform(key, n, n, 0), uniform[n], "row " + n);
            }
        }
    }

    @Test
    default void givenABox_whenDrawnFrom_thenNumbersAreTheReferencesAndStayInside() {
        int columns = 70;
        float[] low = values(2 * columns);
        float[] high = mapped(low, v -> v + 0.3);
        NoiseKey key = new NoiseKey(11, Stream.ATTACK);
        try (DeviceBuffer l = device(low); DeviceBuffer h = device(high); DeviceBuffer i = deviceInts(4, 5);
             DeviceBuffer s = deviceInts(0, 9); DeviceBuffer target = backend().allocate(2L * columns)) {
            backend().noise().uniformInBox(l, h, i, s, 2, columns, key, target);
            float[] actual = host(target);
            for (int k = 0; k < actual.length; ++k) {
                float u = Philox.uniform(key, 4 + k / columns, 9 * (k / columns), k % columns);
                assertEquals(Math.min(Math.fma(u, high[k] - low[k], low[k]), high[k]), actual[k]);
                assertTrue(actual[k] >= low[k] && actual[k] <= high[k]);
            }
        }
    }
}
