package dev.bulwark.training;

import dev.bulwark.model.Op;
import dev.bulwark.model.Mlp;
import dev.bulwark.model.Graph;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.List;
import java.util.stream.DoubleStream;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class InitialisationTest {

    private static final int[] WIDTHS = {100, 300, 50, 10};

    @Test
    void givenKaimingUniform_whenDrawn_thenWeightsFillTheirRange() {
        for (Op.Dense layer : Mlp.layers(Initialisation.KAIMING_UNIFORM.network(WIDTHS, 3))) {
            double bound = 1 / Math.sqrt(layer.in());
            assertTrue(doubles(layer.weight().toArray()).allMatch(w -> Math.abs(w) <= bound));
            assertTrue(doubles(layer.bias().toArray()).allMatch(b -> Math.abs(b) <= bound));
            // A uniform number's standard deviation is bound/sqrt 3; 500 draws estimate it to a few percent.
            assertEquals(bound / Math.sqrt(3), deviation(layer.weight().toArray()), 0.06 * bound);
        }
    }

    @Test
    void givenShi_whenDrawn_thenAllButTheLastLayerAreNarrowNormalsWithoutBias() {
        List<Op.Dense> layers = Mlp.layers(Initialisation.SHI.network(WIDTHS, 3));

        assertEquals(0.0250662827, deviation(layers.get(0).weight().toArray()), 5e-4);
        assertEquals(0.00835542759, deviation(layers.get(1).weight().toArray()), 2e-4);
        assertArrayEquals(new float[300], layers.get(0).bias().toArray());
        assertArrayEquals(Mlp.layers(Initialisation.KAIMING_UNIFORM.network(WIDTHS, 3)).get(2).weight().toArray(),
                layers.get(2).weight().toArray());
    }

    @Test
    void givenTwoSeeds_whenDrawn_thenNetworksDifferAndRepeat() {
        float[] first = Mlp.layers(Initialisation.SHI.network(WIDTHS, 3)).get(0).weight().toArray();
        Graph again = Initialisation.SHI.network(WIDTHS, 3);
        Graph other = Initialisation.SHI.network(WIDTHS, 4);

        assertArrayEquals(first, Mlp.layers(again).get(0).weight().toArray());
        assertFalse(Arrays.equals(first, Mlp.layers(other).get(0).weight().toArray()));
    }

    private static DoubleStream doubles(float[] values) {
        return IntStream.range(0, values.length).mapToDouble(k -> values[k]);
    }

    private static double deviation(float[] values) {
        return Math.sqrt(doubles(values).map(v -> v * v).average().orElseThrow());
    }
}
