package dev.bulwark.device.cpu;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.bulwark.device.Affine;
import dev.bulwark.device.DeviceMemory;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** The magnitude of inputs that overflows nowhere, against sums of magnitudes in double. */
class HeadroomTest {

    private final CpuBackend backend = CpuBackend.plainJava();
    private final DeviceMemory memory = new DeviceMemory(backend);

    @AfterEach
    void close() {
        memory.close();
        backend.close();
    }

    private Affine layer(int in, float[] bias, float... weight) {
        return new Affine(memory.holding(weight), memory.holding(bias), in, bias.length);
    }

    @Test
    void givenOneLayer_whenBounded_thenTheLargestRowOfMagnitudesTells() {
        double largest = Headroom.largestInput(List.of(layer(2, new float[] {1, -1}, 1, -3, 2, 1)));
        assertTrue(largest <= 0x1p126 / 4 && largest > 0x1p126 / 4.1, largest + "");
        // A bias takes its share: a quarter is left for the products.
        double beside = Headroom.largestInput(List.of(layer(1, new float[] {0.75f * 0x1p126f}, -1f)));
        assertTrue(beside <= 0x1p124 && beside > 0x1p124 * 0.9, beside + "");
    }

    @Test
    void givenWeightsThatLeaveNoRoom_whenBounded_thenNoInputIsSafe() {
        for (float weight : new float[] {3e38f, Float.POSITIVE_INFINITY, Float.NaN}) {
            assertEquals(-1, Headroom.largestInput(List.of(layer(1, new float[] {0}, weight))));
            assertEquals(-1, Headroom.largestInput(List.of(layer(1, new float[] {weight}, 0))));
            assertEquals(-1, Headroom.largestInput(List.of(layer(1, new float[] {weight}, 1),
                    layer(1, new float[] {0}, 0))));
        }
    }

    @Test
    void givenDeepNetworks_whenInputsAreAsLargeAsAllowed_thenNoPartialSumPassesTheLargestFloat() {
        SplittableRandom random = new SplittableRandom(4);
        for (int depth = 1; depth <= 40; depth += 13) {
            Affine[] layers = new Affine[depth];
            double[][] weights = new double[depth][];
            int width = 20;
            for (int l = 0; l < depth; ++l) {
                float[] weight = new float[width * width];
                for (int k = 0; k < weight.length; ++k) {
                    weight[k] = (float) (8 * random.nextDouble() - 4);
                }
                layers[l] = layer(width, new float[width], weight);
                weights[l] = new double[weight.length];
                for (int k = 0; k < weight.length; ++k) {
                    weights[l][k] = Math.abs(weight[k]) * (1 + 0x1p-8);
                }
            }
            double largest = Headroom.largestInput(List.of(layers));
            double[] values = new double[width];
            Arrays.fill(values, largest);
            for (double[] weight : weights) {
                double[] next = new double[width];
                for (int k = 0; k < weight.length; ++k) {
                    next[k / width] += weight[k] * values[k % width];
                }
                for (double sum : next) {
                    assertTrue(sum < Float.MAX_VALUE / 2, "depth " + depth + ": " + sum);
                }
                values = next;
            }
            assertTrue(largest > 0);
        }
    }
}
