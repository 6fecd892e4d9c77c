package dev.bulwark.nn;

import dev.bulwark.device.Affine;
import dev.bulwark.device.Backend;
import dev.bulwark.device.DeviceBuffer;
import dev.bulwark.device.DeviceMemory;
import dev.bulwark.device.HostArrays;
import java.util.ArrayList;
import java.util.List;

/**
 * A network's parameters on a device, in one flat buffer: W0, b0, W1, b1, … so that an optimiser or a copy is one call.
 *
 * <p>For now every network is dense layers with a ReLU between each two; another pattern is refused here.
 */
public final class DeviceNetwork implements AutoCloseable {

    private final Backend backend;
    private final DeviceMemory memory;
    private final DeviceBuffer parameters;
    private final List<Affine> layers;

    private DeviceNetwork(Backend backend, float[] values, int[] widths) {
        this.backend = backend;
        try (DeviceMemory building = new DeviceMemory(backend)) {
            this.parameters = building.holding(values);
            this.layers = layersIn(parameters, widths);
            this.memory = building.handOver();
        }
    }

    /** Copies {@code network} to {@code backend}. @throws IllegalArgumentException unless ReLU and dense layers alternate */
    public static DeviceNetwork load(Backend backend, Network network) {
        requireAlternating(network);
        return new DeviceNetwork(backend, flatten(network), network.widths());
    }

    /** The layers whose parameters lie in {@code parameters}, in this class's order; {@code widths} as {@link Network#widths}. */
    public static List<Affine> layersIn(DeviceBuffer parameters, int[] widths) {
        List<Affine> layers = new ArrayList<>();
        long at = 0;
        for (int i = 0; i + 1 < widths.length; ++i) {
            long weights = (long) widths[i] * widths[i + 1];
            layers.add(new Affine(parameters.slice(at, weights), parameters.slice(at + weights, widths[i + 1]),
                    widths[i], widths[i + 1]));
            at += weights + widths[i + 1];
        }
        return List.copyOf(layers);
    }

    /** All parameters in this class's order. */
    public static float[] flatten(Network network) {
        List<Dense> dense = network.denseLayers();
        long length = dense.stream().mapToLong(d -> (d.in() + 1L) * d.out()).sum();
        float[] values = new float[HostArrays.length("a network's parameters", length)];
        int at = 0;
        for (Dense layer : dense) {
            float[] weight = layer.weight();
            System.arraycopy(weight, 0, values, at, weight.length);
            System.arraycopy(layer.bias(), 0, values, at + weight.length, layer.out());
            at += weight.length + layer.out();
        }
        return values;
    }

    /** The network whose parameters are {@code values}, in this class's order. */
    public static Network unflatten(float[] values, int[] widths) {
        List<Dense> dense = new ArrayList<>();
        int at = 0;
        for (int i = 0; i + 1 < widths.length; ++i) {
            float[] weight = new float[HostArrays.length("a layer's weights", widths[i], widths[i + 1])];
            float[] bias = new float[widths[i + 1]];
            System.arraycopy(values, at, weight, 0, weight.length);
            System.arraycopy(values, at + weight.length, bias, 0, bias.length);
            at += weight.length + bias.length;
            dense.add(new Dense(widths[i], widths[i + 1], weight, bias));
        }
        return Network.mlp(dense);
    }

    public Backend backend() {
        return backend;
    }

    /** First to last, a ReLU between each two. */
    public List<Affine> layers() {
        return layers;
    }

    /** Elements of one input. */
    public int inputs() {
        return layers.get(0).in();
    }

    /** Number of logits. */
    public int classes() {
        return layers.get(layers.size() - 1).out();
    }

    /** All parameters, flat. */
    public DeviceBuffer parameters() {
        return parameters;
    }

    /** Complains unless {@code inputs} is {@code [rows,D]} with every element in [low, high]; NaN lies in no range. */
    public void requireInputs(float[] inputs, int rows, float low, float high) {
        if (inputs.length != (long) rows * inputs()) {
            throw new IllegalArgumentException("inputs holds " + inputs.length + " elements, " + rows + " rows of "
                    + inputs() + " need " + (long) rows * inputs());
        }
        for (int k = 0; k < inputs.length; ++k) {
            if (!(inputs[k] >= low && inputs[k] <= high)) {
                throw new IllegalArgumentException("inputs must lie in [" + low + ", " + high + "]: row "
                        + k / inputs() + " holds " + inputs[k] + " at element " + k % inputs());
            }
        }
    }

    /** Complains unless every label is one of the network's classes. */
    public void requireLabels(int[] labels) {
        for (int n = 0; n < labels.length; ++n) {
            if (labels[n] < 0 || labels[n] >= classes()) {
                throw new IllegalArgumentException(
                        "labels must lie in [0, " + classes() + "): row " + n + " holds " + labels[n]);
            }
        }
    }

    @Override
    public void close() {
        memory.close();
    }

    private static void requireAlternating(Network network) {
        Layer.Visitor<Boolean> isDense = new Layer.Visitor<>() {
            @Override
            public Boolean dense(Dense layer) {
                return true;
            }

            @Override
            public Boolean relu(Relu layer) {
                return false;
            }
        };
        List<Layer> layers = network.layers();
        for (int i = 0; i < layers.size(); ++i) {
            if (layers.get(i).accept(isDense) != (i % 2 == 0)) {
                throw new IllegalArgumentException("layer " + i + " breaks the order dense, ReLU, dense, …");
            }
        }
        if (layers.size() % 2 == 0) {
            throw new IllegalArgumentException("the last layer must be dense");
        }
    }
}
