package dev.bulwark.training;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.bulwark.device.NoiseKey;
import dev.bulwark.device.Philox;
import dev.bulwark.model.Graph;
import dev.bulwark.model.Mlp;
import dev.bulwark.model.Op;
import dev.bulwark.model.Tensor;
import dev.bulwark.shapes.ImageShape;
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

    /** A number is the seed's at (layer, 0 for weights and 1 for biases, place); a convolution's fan-in is its taps. */
    @Test
    void givenAGraph_whenDrawn_thenEachNumberIsThatOfItsLayerPlaceAndFanIn() {
        Architecture architecture = new Architecture(List.of(new Convolution(6, 3, 2, 1)), List.of(20));
        NoiseKey key = new NoiseKey(4, NoiseKey.Stream.INITIALISATION);

        Graph graph = Initialisation.SHI.draw(architecture.graph(new ImageShape(2, 5, 4), 3), 4);

        Op.Conv2d convolution = (Op.Conv2d) graph.nodes().get(0).op();
        Op.Dense hidden = (Op.Dense) graph.nodes().get(3).op();
        Op.Dense last = (Op.Dense) graph.nodes().get(5).op();
        for (int k : new int[] {0, 1, 17, 18, 107}) {
            assertEquals(Math.sqrt(2 * Math.PI) / 18 * Philox.normal(key, 0, 0, k), convolution.weight().at(k), 1e-6);
            assertEquals(Math.sqrt(2 * Math.PI) / 36 * Philox.normal(key, 1, 0, k), hidden.weight().at(k), 1e-6);
        }
        for (int k : new int[] {0, 1, 59}) {
            assertEquals((2 * Philox.uniform(key, 2, 0, k) - 1) / Math.sqrt(20), last.weight().at(k), 1e-6);
        }
        assertEquals(Tensor.zeros(6), convolution.bias());
        assertEquals((2 * Philox.uniform(key, 2, 1, 2) - 1) / Math.sqrt(20), last.bias().at(2), 1e-6);
    }

    private static DoubleStream doubles(float[] values) {
        return IntStream.range(0, values.length).mapToDouble(k -> values[k]);
    }

    private static double deviation(float[] values) {
        return Math.sqrt(doubles(values).map(v -> v * v).average().orElseThrow());
    }
}
