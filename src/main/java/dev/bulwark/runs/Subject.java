package dev.bulwark.runs;

import dev.bulwark.data.DataException;
import dev.bulwark.data.Dataset;
import dev.bulwark.device.Backend;
import dev.bulwark.device.HostArrays;
import dev.bulwark.model.Graph;
import dev.bulwark.settings.Message;
import dev.bulwark.settings.Setting;
import dev.bulwark.shapes.Shape;

/**
 * A network and the images that it is run on. It may have more classes than the images.
 *
 * @param indices the chosen images, in the order of the rows
 */
public record Subject(Graph network, Dataset data, int[] indices) {

    /** @throws DataException if the images don't fit the network */
    public Subject {
        indices = indices.clone();
        Shape input = network.input();
        boolean fits = input.isImage() ? input.image().equals(data.shape()) : input.size() == data.imageSize();
        if (!fits || network.classes() < data.classes()) {
            throw new DataException(Message.of("the network takes inputs of shape " + input + " and has "
                    + classes(network.classes()) + ", but the images of " + data.name() + " are " + data.shape() + " of "
                    + classes(data.classes()) + ": name other data", Setting.DATA.with(), ", or another network"));
        }
    }

    private static String classes(int count) {
        return count == 1 ? "1 class" : count + " classes";
    }

    @Override
    public int[] indices() {
        return indices.clone();
    }

    /** The same images with the network's predictions as labels: where it gives none, as a logit is NaN, class 0. */
    public Subject withPredictions(Backend backend) {
        int[] predicted = new Evaluation(backend, network, data.subset(indices)).predictions();
        int[] labels = new int[data.size()];
        for (int k = 0; k < indices.length; ++k) {
            labels[indices[k]] = Math.max(0, predicted[k]);
        }
        return new Subject(network, data.withPredictions(labels, network.classes()), indices);
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
