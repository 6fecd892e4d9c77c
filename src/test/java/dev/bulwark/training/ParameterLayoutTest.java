package dev.bulwark.training;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.bulwark.nn.Dense;
import dev.bulwark.nn.DeviceNetwork;
import dev.bulwark.nn.Network;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The dense layer that a convolution becomes, against the convolution as a sum over windows. */
class ParameterLayoutTest {

    private static final int SIDE = 7;
    private static final int CHANNELS = 3;

    private final Random random = new Random(3);

    @ParameterizedTest
    @CsvSource({"3, 1", "3, 2", "2, 3", "1, 1", "7, 1", "4, 3", "5, 9"})
    void givenAConvolution_whenItBecomesANetwork_thenItsFirstLayerComputesTheSumsOverWindows(int kernel, int stride) {
        int grid = (SIDE - kernel) / stride + 1;
        int[] widths = {SIDE * SIDE, CHANNELS * grid * grid, 4, 2};
        var layout = new ParameterLayout(widths, Optional.of(new Convolution(CHANNELS, kernel, stride)));
        float[] parameters = random((int) layout.length());
        float[] image = random(SIDE * SIDE);

        Network network = layout.network(parameters);

        assertArrayEquals(widths, network.widths());
        double[] output = outputs(network.denseLayers().get(0), image);
        for (int v = 0; v < grid; ++v) {
            for (int u = 0; u < grid; ++u) {
                for (int channel = 0; channel < CHANNELS; ++channel) {
                    double sum = parameters[CHANNELS * kernel * kernel + channel];
                    for (int row = 0; row < kernel; ++row) {
                        for (int column = 0; column < kernel; ++column) {
                            sum += (double) parameters[(channel * kernel + row) * kernel + column]
                                    * image[(v * stride + row) * SIDE + u * stride + column];
                        }
                    }
                    assertEquals(sum, output[(v * grid + u) * CHANNELS + channel], 1e-12);
                }
            }
        }
        int behind = CHANNELS * (kernel * kernel + 1);
        float[] dense = DeviceNetwork.flatten(network);
        assertArrayEquals(Arrays.copyOfRange(parameters, behind, parameters.length),
                Arrays.copyOfRange(dense, dense.length - parameters.length + behind, dense.length));
    }

    @Test
    void givenTheShippedShape_whenLaidOut_thenWindowsCoverTheImageAndFewParametersRemain() {
        var layout = new ParameterLayout(new int[] {784, 1024, 512, 256, 10}, Optional.of(new Convolution(16, 7, 3)));

        assertEquals(64, layout.windows());
        assertEquals(784, Arrays.stream(layout.places().orElseThrow()).distinct().count());
        assertEquals(16 * 50 + 1025 * 512 + 513 * 256 + 257 * 10, layout.length());
    }

    @Test
    void givenNoConvolution_whenLaidOut_thenTheOrderIsTheDeviceNetworks() {
        int[] widths = {10, 5, 3};
        var layout = new ParameterLayout(widths, Optional.empty());
        float[] parameters = random(73);

        assertEquals(73, layout.length());
        assertEquals(1, layout.windows());
        assertArrayEquals(parameters, DeviceNetwork.flatten(layout.network(parameters)));
        assertArrayEquals(DeviceNetwork.flatten(Initialisation.SHI.network(widths, 4)), layout.start(Initialisation.SHI, 4));
    }

    /** A unit of a convolution sees a window: its weights are those of a layer with as many inputs. */
    @Test
    void givenAConvolution_whenDrawn_thenItsWeightsFitTheWindow() {
        var layout = new ParameterLayout(new int[] {784, 1024, 10}, Optional.of(new Convolution(16, 7, 3)));
        List<Dense> drawn = Initialisation.SHI.network(new int[] {49, 16, 10}, 4).denseLayers();

        float[] start = layout.start(Initialisation.SHI, 4);

        assertArrayEquals(drawn.get(0).weight(), Arrays.copyOf(start, 49 * 16));
    }

    @Test
    void givenWidthsThatAreNotTheConvolutions_whenLaidOut_thenTheComplaintNamesBoth() {
        assertRefused("a first layer of 1000 units is not 16 channels of 7 x 7 windows, 3 apart, which makes 1024",
                new Convolution(16, 7, 3), 784, 1000, 10);
        assertRefused("a convolution needs a square image, not 10 inputs", new Convolution(16, 7, 3), 10, 1000, 10);
        assertRefused("an image of 28 x 28 has no room for 1 channels of 30 x 30 windows, 1 apart",
                new Convolution(1, 30, 1), 784, 1, 10);
    }

    private static void assertRefused(String message, Convolution convolution, int... widths) {
        assertEquals(message, assertThrows(IllegalArgumentException.class,
                () -> new ParameterLayout(widths, Optional.of(convolution))).getMessage());
    }

    private static double[] outputs(Dense layer, float[] input) {
        double[] output = new double[layer.out()];
        for (int o = 0; o < layer.out(); ++o) {
            output[o] = layer.bias()[o];
            for (int i = 0; i < layer.in(); ++i) {
                output[o] += (double) layer.weight()[o * layer.in() + i] * input[i];
            }
        }
        return output;
    }

    private float[] random(int length) {
        float[] values = new float[length];
        for (int k = 0; k < length; ++k) {
            values[k] = random.nextFloat() * 2 - 1;
        }
        return values;
    }
}
