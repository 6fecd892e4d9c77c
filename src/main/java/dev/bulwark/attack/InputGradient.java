package dev.bulwark.attack;

import dev.bulwark.device.Affine;
import dev.bulwark.device.Backend;
import dev.bulwark.device.DeviceBuffer;
import dev.bulwark.device.DeviceMemory;
import dev.bulwark.nn.DeviceNetwork;
import java.util.ArrayList;
import java.util.List;

/**
 * The network's logits and the gradient of the cross-entropy with respect to its input. Call {@link #forward}, then
 * {@link #backward}, which reads the activations that forward left.
 *
 * <p>Where the label's logit leads by more than some 90, every other class's probability underflows and the gradient is
 * zero: there an attack stands still. Networks with such logits look more robust than they are.
 */
final class InputGradient {

    private final Backend backend;
    private final List<Affine> layers;
    /** Each layer's output {@code [N,out]}, after the ReLU where there is one. */
    private final List<DeviceBuffer> activations = new ArrayList<>();
    /** Gradients with respect to each layer's input {@code [N,in]}, and last to the logits. */
    private final List<DeviceBuffer> gradients = new ArrayList<>();
    private final DeviceBuffer losses;
    private final DeviceBuffer weight;

    /**
     * @param memory   owns the buffers; the caller closes it
     * @param capacity images that a batch may hold
     */
    InputGradient(Backend backend, DeviceMemory memory, DeviceNetwork network, int capacity) {
        this.backend = backend;
        this.layers = network.layers();
        for (Affine layer : layers) {
            gradients.add(memory.allocate((long) capacity * layer.in()));
            activations.add(memory.allocate((long) capacity * layer.out()));
        }
        gradients.add(memory.allocate((long) capacity * network.classes()));
        this.losses = memory.allocate(capacity);
        this.weight = memory.allocate(1);
    }

    /** Announces the batch size: the loss is a sum over the batch, so that no gradient depends on other images. */
    void setRows(int rows) {
        backend.fill(weight, rows);
    }

    /** Logits {@code [rows,C]} of x {@code [rows,D]}. */
    DeviceBuffer forward(DeviceBuffer x, int rows) {
        DeviceBuffer input = x;
        for (int i = 0; i < layers.size(); ++i) {
            backend.affine(input, rows, layers.get(i), i < layers.size() - 1, activations.get(i));
            input = activations.get(i);
        }
        return input;
    }

    /** The cross-entropy's gradient {@code [rows,D]} with respect to the input of the last {@link #forward}. */
    DeviceBuffer backward(DeviceBuffer labels, int rows) {
        int last = layers.size() - 1;
        backend.crossEntropy(activations.get(last), labels, rows, layers.get(last).out(), weight,
                gradients.get(last + 1), losses);
        for (int i = last; i >= 0; --i) {
            Affine layer = layers.get(i);
            backend.multiply(false, false, rows, layer.in(), layer.out(), gradients.get(i + 1), layer.weight(), 0,
                    gradients.get(i));
            if (i > 0) {
                backend.reluGradient(activations.get(i - 1), (long) rows * layer.in(), gradients.get(i));
            }
        }
        return gradients.get(0);
    }
}
