package dev.bulwark.attack;

import dev.bulwark.device.Backend;
import dev.bulwark.device.DeviceBuffer;
import dev.bulwark.device.DeviceMemory;
import dev.bulwark.device.InputGradients;
import dev.bulwark.plan.Plan;

/**
 * The network's logits and the gradient of a loss with respect to its input, in the device's fastest way. Call
 * {@link #forward}, then {@link #backward}, which reads the activations that forward left.
 */
final class InputGradient implements AutoCloseable {

    private final Backend backend;
    private final int classes;
    private final InputGradients network;
    private final DeviceBuffer logits;
    private final DeviceBuffer logitGradients;
    private final DeviceBuffer gradients;
    private final DeviceBuffer losses;
    private final DeviceBuffer weight;

    /**
     * @param memory   owns the buffers; the caller closes it
     * @param capacity images that a batch may hold
     */
    InputGradient(DeviceMemory memory, Plan network, int capacity) {
        this.backend = network.backend();
        this.classes = network.classes();
        this.logits = memory.allocate((long) capacity * classes);
        this.logitGradients = memory.allocate((long) capacity * classes);
        this.gradients = memory.allocate((long) capacity * network.inputs());
        this.losses = memory.allocate(capacity);
        this.weight = memory.allocate(1);
        this.network = network.inputGradients(memory, capacity);
    }

    /** Announces the batch size: losses are sums over the batch, so that no gradient depends on other images. */
    void setRows(int rows) {
        backend.fill(weight, rows);
    }

    /** Logits {@code [rows,C]} of x {@code [rows,D]}. */
    DeviceBuffer forward(DeviceBuffer x, int rows) {
        network.forward(x, rows, logits);
        return logits;
    }

    /** The loss's gradient {@code [rows,D]} with respect to the input of the last {@link #forward}. */
    DeviceBuffer backward(AttackLoss loss, DeviceBuffer labels, int rows) {
        switch (loss) {
            case CROSS_ENTROPY -> backend.losses().crossEntropy(logits, labels, rows, classes, weight, logitGradients,
                    losses);
            case MARGIN -> backend.losses().marginGradient(logits, labels, rows, classes, logitGradients);
        }
        network.backward(logitGradients, rows, gradients);
        return gradients;
    }

    @Override
    public void close() {
        network.close();
    }
}
