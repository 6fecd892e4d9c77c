package dev.bulwark.device;

import dev.bulwark.device.NoisyClassifier.Precision;
import java.util.ArrayList;
import java.util.List;

/** Input gradients from a backend's separate operations, in float: the yardstick for every faster version. */
public final class ComposedInputGradients implements InputGradients {

    private final Backend backend;
    private final List<Affine> layers;
    /** Outputs of the hidden layers {@code [rows,out]}, after the ReLU. */
    private final List<DeviceBuffer> activations = new ArrayList<>();
    /** Gradients with respect to the hidden layers' outputs. */
    private final List<DeviceBuffer> gradients = new ArrayList<>();

    /**
     * @param layers   affine maps with a ReLU between each two; their buffers must outlive this object
     * @param capacity rows that a batch may have
     */
    public ComposedInputGradients(Backend backend, List<Affine> layers, int capacity) {
        this.backend = backend;
        this.layers = List.copyOf(layers);
        try {
            for (Affine hidden : layers.subList(0, layers.size() - 1)) {
                activations.add(backend.allocate((long) capacity * hidden.out()));
                gradients.add(backend.allocate((long) capacity * hidden.out()));
            }
        } catch (DeviceException e) {
            close();
            throw e;
        }
    }

    @Override
    public Precision precision() {
        return Precision.FLOAT32;
    }

    @Override
    public void forward(DeviceBuffer x, int rows, DeviceBuffer logits) {
        int last = layers.size() - 1;
        for (int i = 0; i <= last; ++i) {
            backend.linear().affine(i == 0 ? x : activations.get(i - 1), rows, layers.get(i), i < last,
                    i < last ? activations.get(i) : logits);
        }
    }

    @Override
    public void backward(DeviceBuffer logitGradients, int rows, DeviceBuffer inputGradients) {
        int last = layers.size() - 1;
        for (int i = last; i >= 0; --i) {
            Affine layer = layers.get(i);
            DeviceBuffer target = i == 0 ? inputGradients : gradients.get(i - 1);
            backend.linear().multiply(false, false, rows, layer.in(), layer.out(),
                    i == last ? logitGradients : gradients.get(i), layer.weight(), 0f, target);
            if (i > 0) {
                backend.elementwise().reluGradient(activations.get(i - 1), (long) rows * layer.in(), target);
            }
        }
    }

    @Override
    public void close() {
        activations.forEach(DeviceBuffer::close);
        gradients.forEach(DeviceBuffer::close);
    }
}
