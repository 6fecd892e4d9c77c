package dev.bulwark.experiment;

import dev.bulwark.data.DataException;
import dev.bulwark.data.Dataset;
import dev.bulwark.device.HostArrays;
import dev.bulwark.model.Graph;

/**
 * A network and the images it is looked at with.
 *
 * @param indices the chosen images, in the order of the rows
 */
public record Subject(Graph network, Dataset data, int[] indices) {

    /** @throws DataException if the images don't fit the network */
    public Subject {
        indices = indices.clone();
        if (network.input().size() != data.imageSize()) {
            throw new DataException("the network takes inputs of " + network.input().size() + " values, images of "
                    + data.name() + " have " + data.imageSize());
        }
        if (network.input().isImage() && !network.input().image().equals(data.shape())) {
            throw new DataException("the network takes images of " + network.input().image() + ", those of " + data.name()
                    + " have " + data.shape());
        }
        for (int index : indices) {
            if (data.label(index) >= network.classes()) {
                throw new DataException("image " + index + " of " + data.name() + " has label " + data.label(index)
                        + ", the network has " + network.classes() + " classes");
            }
        }
    }

    @Override
    public int[] indices() {
        return indices.clone();
    }

    /** Pixels of some images, {@code [batch,inputs]}. */
    float[] pixels(int[] batch) {
        float[] pixels = new float[HostArrays.length("images of a batch by pixels", batch.length, data.imageSize())];
        for (int k = 0; k < batch.length; ++k) {
            System.arraycopy(data.pixels(batch[k]), 0, pixels, k * data.imageSize(), data.imageSize());
        }
        return pixels;
    }

    int[] labels(int[] batch) {
        int[] labels = new int[batch.length];
        for (int k = 0; k < batch.length; ++k) {
            labels[k] = data.label(batch[k]);
        }
        return labels;
    }
}
