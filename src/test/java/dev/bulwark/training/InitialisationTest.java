package dev.bulwark.training;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.bulwark.nn.Dense;
import dev.bulwark.nn.Network;
import java.util.Arrays;
import java.util.List;
import java.util.stream.DoubleStream;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class InitialisationTest {

    private static final int[] WIDTHS = {100, 300, 50, 10};

    @Test
    void givenKaimingUniform_whenDrawn_thenWeightsFillTheirRange() {
        for (Dense layer : Initialisation.KAIMING_UNIFORM.network(WIDTHS, 3).denseLayers()) {
            double bound = 1 / Math.sqrt(layer.in());
            assertTrue(doubles(layer.weight()).allMatch(w -> Math.abs(w) <= bound));
            assertTrue(doubles(layer.bias()).allMatch(b -> Math.abs(b) <= bound));
            // A uniform number's standard deviation is bound/sqrt 3; 500 draws estimate it to a few percent.
            assertEquals(bound / Math.sqrt(3), deviation(layer.weight()), 0.06 * bound);
        }
    }

    @Test
    void givenShi_whenDrawn_thenAllButTheLastLayerAreNarrowNormalsWithoutBias() {
        List<Dense> layers = Initialisation.SHI.network(WIDTHS, 3).denseLayers();

        assertEquals(0.0250662827, deviation(layers.get(0).weight()), 5e-4);
        assertEquals(0.00835542759, deviation(layers.get(1).weight()), 2e-4);
        assertArrayEquals(new float[300], layers.get(0).bias());
        assertArrayEquals(Initialisation.KAIMING_UNIFORM.network(WIDTHS, 3).denseLayers().get(2).weight(),
                layers.get(2).weight());
    }

    @Test
    void givenTwoSeeds_whenDrawn_thenNetworksDifferAndRepeat() {
        float[] first = Initialisation.SHI.network(WIDTHS, 3).denseLayers().get(0).weight();
        Network again = Initialisation.SHI.network(WIDTHS, 3);
        Network other = Initialisation.SHI.network(WIDTHS, 4);

        assertArrayEquals(first, again.denseLayers().get(0).weight());
        assertFalse(Arrays.equals(first, other.denseLayers().get(0).weight()));
    }

    private static DoubleStream doubles(float[] values) {
        return IntStream.range(0, values.length).mapToDouble(k -> values[k]);
    }

    private static double deviation(float[] values) {
        return Math.sqrt(doubles(values).map(v -> v * v).average().orElseThrow());
    }
}
