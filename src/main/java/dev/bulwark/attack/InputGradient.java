package dev.bulwark.attack;

import dev.bulwark.device.Backend;
import dev.bulwark.device.DeviceBuffer;
import dev.bulwark.device.DeviceMemory;
import dev.bulwark.device.InputGradients;
import dev.bulwark.device.Losses;
import dev.bulwark.plan.Plan;
import java.util.Optional;
import java.util.function.Supplier;

/**
 * The network's logits and the gradient of a loss with respect to its input, in the device's fastest way or in float. Call
 * {@link #forward}, then {@link #backward}, which reads the activations that forward left.
 */
final class InputGradient implements AutoCloseable {

    private final Backend backend;
    private final int classes;
    private final int inputs;
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
        this(memory, network, capacity, () -> network.inputGradients(memory, capacity));
    }

    /** In float by the plan's own steps. */
    static InputGradient inFloat(DeviceMemory memory, Plan network, int capacity) {
        return new InputGradient(memory, network, capacity, () -> network.floatInputGradients(capacity));
    }

    /** @param gradients asked last: what it gives must be closed, and nothing fails behind it */
    private InputGradient(DeviceMemory memory, Plan network, int capacity, Supplier<InputGradients> gradients) {
        this.backend = network.backend();
        this.classes = network.classes();
        this.inputs = network.inputs();
        this.logits = memory.allocate((long) capacity * classes);
        this.logitGradients = memory.allocate((long) capacity * classes);
        this.gradients = memory.allocate((long) capacity * network.inputs());
        this.losses = memory.allocate(capacity);
        this.weight = memory.allocate(1);
        this.network = gradients.get();
    }

    /** Elements of one input. */
    int inputs() {
        return inputs;
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
        return backward(loss, labels, Optional.empty(), rows);
    }

    /**
     * The same of a loss that may be targeted.
     *
     * @param targets {@code int [rows]}; there where the loss is targeted
     */
    DeviceBuffer backward(AttackLoss loss, DeviceBuffer labels, Optional<DeviceBuffer> targets, int rows) {
        Losses of = backend.losses();
        switch (loss) {
            case CROSS_ENTROPY -> of.crossEntropy(logits, labels, rows, classes, weight, logitGradients, losses);
            case MARGIN -> of.marginGradient(logits, labels, rows, classes, logitGradients);
            case DLR -> of.dlr(logits, labels, rows, classes, logitGradients, losses);
            case TARGETED_MARGIN -> of.targetedMargin(logits, labels, targets.orElseThrow(), rows, classes, logitGradients, losses);
            case TARGETED_DLR -> of.targetedDlr(logits, labels, targets.orElseThrow(), rows, classes, logitGradients, losses);
        }
        network.backward(logitGradients, rows, gradients);
        return gradients;
    }

    /** The rows' losses {@code [rows]} of the last {@link #backward}, of any loss but the margin, or of {@link #margins}. */
    DeviceBuffer losses() {
        return losses;
    }

    /** The gradients {@code [rows,D]} of the last {@link #backward}, which an attack may replace. */
    DeviceBuffer gradients() {
        return gradients;
    }

    /** The margins {@code [rows]} of the last {@link #forward}. */
    DeviceBuffer margins(DeviceBuffer labels, int rows) {
        backend.losses().margins(logits, labels, rows, classes, losses);
        return losses;
    }

    @Override
    public void close() {
        network.close();
    }
}
