package dev.bulwark.device;

import dev.bulwark.device.NoisyClassifier.Precision;

/**
 * A network prepared on a device for gradients with respect to its inputs, in whatever arithmetic is fastest there.
 *
 * <p>For attacks only: a gradient says where to look, so rounding it proves nothing and disproves nothing. Whether an image
 * is broken is for a float forward pass to say.
 */
public interface InputGradients extends AutoCloseable {

    Precision precision();

    /** Logits {@code [rows,C]} of x {@code [rows,D]}; keeps what {@link #backward} needs. */
    void forward(DeviceBuffer x, int rows, DeviceBuffer logits);

    /**
     * Gradients {@code [rows,D]} with respect to the inputs of the last {@link #forward}, which had as many rows.
     *
     * @param logitGradients {@code [rows,C]}, of something with respect to the logits
     */
    void backward(DeviceBuffer logitGradients, int rows, DeviceBuffer gradients);

    @Override
    void close();
}
