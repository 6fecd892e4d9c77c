package dev.bulwark.model;

import dev.bulwark.shapes.ImageShape;
import dev.bulwark.shapes.Shape;
import java.util.List;

/**
 * What a network was trained to have in front of it: {@code (x - mean) / std}, channel by channel, of images x in [0, 1]. In
 * front of the graph it becomes a part of the network, so that noise, distances and radii stay in the units of x.
 *
 * @param mean a number for all channels, or one for each
 * @param std  positive; a number for all channels, or one for each
 */
public record Normalisation(List<Float> mean, List<Float> std) {

    /** @throws IllegalArgumentException if a list is empty, a number is not finite, or one of std is not positive */
    public Normalisation {
        mean = List.copyOf(mean);
        std = List.copyOf(std);
        if (mean.isEmpty() || std.isEmpty()) {
            throw new IllegalArgumentException("a normalisation needs numbers to subtract and to divide by");
        }
        for (float m : mean) {
            if (!Float.isFinite(m)) {
                throw new IllegalArgumentException("what a normalisation subtracts must be finite: " + m);
            }
        }
        for (float s : std) {
            if (!(s > 0 && Float.isFinite(s))) {
                throw new IllegalArgumentException("what a normalisation divides by must be positive and finite: " + s);
            }
        }
    }

    /**
     * This, and {@code graph} behind it.
     *
     * @param image the shape of its inputs, which the graph may take as a vector
     * @throws IllegalArgumentException if this is for another number of channels, or the graph for other inputs
     */
    public Graph before(ImageShape image, Graph graph) {
        Shape input = graph.input();
        if (input.size() != image.size()) {
            throw new IllegalArgumentException("a network of inputs " + input + " takes no images of " + image);
        }
        Tensor mean = channels("mean", this.mean, image);
        Tensor std = channels("std", this.std, image);
        Tensor ones = channels("factor", List.of(1f), image);
        Tensor zeros = Tensor.zeros(image.channels());
        Graph.Builder builder = new Graph.Builder(input);
        boolean reshaped = !input.equals(image.shape());
        int value = reshaped ? builder.add("channels", new Op.Reshape(image.shape()), Graph.Builder.INPUT)
                : Graph.Builder.INPUT;
        // Two operations: a difference of floats, divided, is another number than a quotient less a quotient.
        value = builder.add("minus mean", new Op.Scale(ones, ones, negated(mean)), value);
        value = builder.add("by std", new Op.Scale(ones, std, zeros), value);
        value = reshaped ? builder.add("elements", new Op.Reshape(input), value) : value;
        int first = value;
        for (Graph.Node node : graph.nodes()) {
            builder.add(node.name(), node.op(), node.inputs().stream().mapToInt(number -> number + first).toArray());
        }
        return builder.build();
    }

    private static Tensor channels(String what, List<Float> numbers, ImageShape image) {
        if (numbers.size() != 1 && numbers.size() != image.channels()) {
            throw new IllegalArgumentException(what + " has " + numbers.size() + " numbers, but the images have "
                    + image.channels() + (image.channels() == 1 ? " channel" : " channels"));
        }
        float[] values = new float[image.channels()];
        for (int c = 0; c < values.length; ++c) {
            values[c] = numbers.get(numbers.size() == 1 ? 0 : c);
        }
        return Tensor.vector(values);
    }

    private static Tensor negated(Tensor tensor) {
        float[] values = tensor.toArray();
        for (int k = 0; k < values.length; ++k) {
            values[k] = -values[k];
        }
        return Tensor.of(tensor.shape(), values);
    }
}
