package dev.bulwark.device.cuda;

import dev.bulwark.device.Affine;
import dev.bulwark.device.DeviceBuffer;
import dev.bulwark.device.NonZeros;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;

/** A network on the GPU and its reference in double. */
final class HalfNetworkOnGpu implements AutoCloseable {

    final List<Affine> layers = new ArrayList<>();
    final HalfReference reference;
    private final List<DeviceBuffer> buffers = new ArrayList<>();
    private final int[] widths;

    /**
     * Random weights of a scale that keeps activations near one; the shape as in {@code 784-1024-10}, or as in
     * {@code 784~1024-10} where the first layer's units have narrow receptive fields, further on from unit to unit.
     */
    HalfNetworkOnGpu(CudaBackend backend, String shape, SplittableRandom random) {
        this(backend, Arrays.stream(shape.split("[-~]")).mapToInt(Integer::parseInt).toArray(), shape.contains("~"), random);
    }

    private HalfNetworkOnGpu(CudaBackend backend, int[] widths, boolean windows, SplittableRandom random) {
        this(backend, widths, parameters(widths, true, windows, random), parameters(widths, false, false, random));
    }

    /** Receptive fields are as wide as the weights that are not 0. */
    HalfNetworkOnGpu(CudaBackend backend, int[] widths, float[][] weights, float[][] biases) {
        this.widths = widths;
        this.reference = new HalfReference(widths, weights, biases);
        for (int i = 0; i < weights.length; ++i) {
            buffers.add(device(backend, weights[i]));
            buffers.add(device(backend, biases[i]));
            layers.add(new Affine(buffers.get(2 * i), buffers.get(2 * i + 1), widths[i], widths[i + 1],
                    NonZeros.of(weights[i], widths[i], widths[i + 1])));
        }
    }

    private static float[][] parameters(int[] widths, boolean weights, boolean windows, SplittableRandom random) {
        float[][] layers = new float[widths.length - 1][];
        for (int i = 0; i < layers.length; ++i) {
            double scale = weights ? Math.sqrt(6.0 / widths[i]) : 0.1;
            layers[i] = new float[weights ? widths[i] * widths[i + 1] : widths[i + 1]];
            for (int k = 0; k < layers[i].length; ++k) {
                layers[i][k] = (float) (scale * (2 * random.nextDouble() - 1));
                if (windows && i == 0 && !sees(k / widths[0], k % widths[0], widths)) {
                    layers[i][k] = 0;
                }
            }
        }
        return layers;
    }

    /** Whether an input is in the receptive field of a first layer's unit; the last unit's is empty. */
    static boolean sees(int unit, int input, int[] widths) {
        return unit < widths[1] - 1 && Math.abs((double) unit / widths[1] - (double) input / widths[0]) < 0.1;
    }

    private static DeviceBuffer device(CudaBackend backend, float[] values) {
        DeviceBuffer buffer = backend.allocate(values.length);
        backend.write(values, buffer);
        return buffer;
    }

    int inputs() {
        return widths[0];
    }

    int classes() {
        return widths[widths.length - 1];
    }

    @Override
    public void close() {
        buffers.forEach(DeviceBuffer::close);
    }
}
