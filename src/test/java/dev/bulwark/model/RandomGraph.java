package dev.bulwark.model;

import dev.bulwark.shapes.ImageShape;
import dev.bulwark.shapes.Shape;
import dev.bulwark.shapes.Windows;
import java.util.SplittableRandom;

/**
 * Small networks of any order of linear operations, ReLUs and residual additions, with weights that keep values near 1.
 */
public final class RandomGraph {

    private final SplittableRandom random;

    private RandomGraph(long seed) {
        this.random = new SplittableRandom(seed);
    }

    /** The same for the same seed. */
    public static Graph of(long seed) {
        return new RandomGraph(seed).graph();
    }

    /** Always the same: over {@code [1,4,5]}, four classes. Of one ReLU the output is read twice, of another the input. */
    public static Graph residual() {
        SplittableRandom random = new SplittableRandom(8);
        Graph.Builder builder = new Graph.Builder(Shape.of(1, 4, 5));
        int first = builder.add(new Op.Relu(), builder.add(same(random, 3, 1), Graph.Builder.INPUT));
        int inner = builder.add(new Op.Relu(), builder.add(same(random, 3, 3), first));
        int sum = builder.add(new Op.Add(), builder.add(same(random, 3, 3), inner), first);
        int flat = builder.add(new Op.Flatten(), builder.add(new Op.Add(), sum, builder.add(new Op.Relu(), sum)));
        builder.add(Mlp.dense(60, 4, Mlp.values(random, 240, -0.3, 0.3), Mlp.values(random, 4, -1, 1)), flat);
        return builder.build();
    }

    private static Op.Conv2d same(SplittableRandom random, int channels, int of) {
        return new Op.Conv2d(Tensor.of(Shape.of(channels, of, 3, 3), Mlp.values(random, channels * of * 9, -0.5, 0.5)),
                Tensor.of(Shape.of(channels), Mlp.values(random, channels, -0.5, 0.5)), Windows.square(3, 1, 1), 1);
    }

    private Graph graph() {
        ImageShape image = new ImageShape(between(1, 3), between(3, 7), between(3, 7));
        Graph.Builder builder = new Graph.Builder(image.shape());
        int value = Graph.Builder.INPUT;
        for (int k = between(0, 3); k > 0; --k) {
            Op.Conv2d conv = convolution(image);
            value = maybeRelu(builder, builder.add(conv, value));
            image = conv.windows().over(image, conv.channels());
            value = maybeRelu(builder, maybeAdd(builder, value, sameSize(image)));
            value = maybeRelu(builder, maybeOther(builder, value, image));
            image = builder.shape(value).image();
        }
        value = builder.add(new Op.Flatten(), value);
        int width = image.size();
        for (int k = between(0, 2); k > 0; --k) {
            int out = between(1, 9);
            value = maybeRelu(builder, builder.add(dense(width, out), value));
            width = out;
            value = maybeAdd(builder, value, dense(width, width));
            value = random.nextInt(4) == 0 ? maybeRelu(builder, builder.add(batchNorm(width), value)) : value;
        }
        builder.add(dense(width, between(1, 4)), value);
        return builder.build();
    }

    /** Sometimes a scaling, a normalisation, an average, a concatenation or a rearrangement. */
    private int maybeOther(Graph.Builder builder, int value, ImageShape image) {
        int channels = image.channels();
        switch (random.nextInt(10)) {
            case 0:
                return builder.add(scale(channels), value);
            case 1:
                return builder.add(batchNorm(channels), builder.add(new Op.Reshape(Shape.of(channels, image.area(), 1)),
                        value));
            case 2:
                int kernel = between(1, Math.min(image.height(), image.width()));
                Windows.Axis axis = new Windows.Axis(kernel, between(1, 2), kernel / 2, (kernel - 1) / 2, 1);
                return builder.add(new Op.AveragePool2d(new Windows(axis, axis), random.nextBoolean()), value);
            case 3:
                return builder.add(new Op.Concat(), value, maybeRelu(builder, builder.add(scale(channels), value)));
            case 4:
                return builder.add(padded(image), value);
            default:
                return value;
        }
    }

    private Op.Scale scale(int channels) {
        return new Op.Scale(tensor(4, channels), Tensor.vector(Mlp.values(random, channels, 0.7, 1.3)), tensor(4, channels));
    }

    private Op.BatchNorm batchNorm(int channels) {
        return new Op.BatchNorm(tensor(4, channels), tensor(4, channels), tensor(4, channels),
                Tensor.vector(Mlp.values(random, channels, 0.1, 2)), 1e-5);
    }

    /** Rows from the last to the first, with a column of zeros in front of each. */
    private static Op.Rearrange padded(ImageShape image) {
        Shape shape = Shape.of(image.channels(), image.height(), image.width() + 1);
        int[] source = new int[shape.size()];
        for (int k = 0; k < source.length; ++k) {
            int column = k % (image.width() + 1) - 1;
            int row = image.height() - 1 - k / (image.width() + 1) % image.height();
            int channel = k / (image.width() + 1) / image.height();
            source[k] = column < 0 ? Op.Rearrange.ZERO : (channel * image.height() + row) * image.width() + column;
        }
        return new Op.Rearrange(source, shape);
    }

    private int maybeRelu(Graph.Builder builder, int value) {
        return random.nextInt(4) > 0 ? builder.add(new Op.Relu(), value) : value;
    }

    /** Sometimes the value and what {@code branch} makes of it, or the value twice. */
    private int maybeAdd(Graph.Builder builder, int value, Op branch) {
        return switch (random.nextInt(5)) {
            case 0, 1 -> builder.add(new Op.Add(), value, maybeRelu(builder, builder.add(branch, value)));
            case 2 -> builder.add(new Op.Add(), maybeRelu(builder, builder.add(branch, value)), value);
            case 3 -> random.nextInt(3) == 0 ? builder.add(new Op.Add(), value, value) : value;
            default -> value;
        };
    }

    private Op.Conv2d sameSize(ImageShape image) {
        Windows.Axis axis = new Windows.Axis(3, 1, 1, 1, 1);
        return new Op.Conv2d(tensor(9 * image.channels(), image.channels(), image.channels(), 3, 3),
                tensor(4, image.channels()), new Windows(axis, axis), 1);
    }

    private Op.Conv2d convolution(ImageShape image) {
        int groups = image.channels() % 2 == 0 && random.nextBoolean() ? 2 : 1;
        int channels = groups * between(1, 3);
        Windows windows = new Windows(axis(image.height()), axis(image.width()));
        int inputs = image.channels() / groups;
        return new Op.Conv2d(tensor(inputs * windows.elements(), channels, inputs, windows.height().kernel(),
                windows.width().kernel()), tensor(4, channels), windows, groups);
    }

    private Windows.Axis axis(int elements) {
        int kernel = between(1, Math.min(3, elements));
        return new Windows.Axis(kernel, between(1, 2), between(0, kernel - 1), between(0, kernel - 1), 1);
    }

    private Op.Dense dense(int in, int out) {
        return new Op.Dense(tensor(in, out, in), tensor(4, out));
    }

    private Tensor tensor(int terms, int... dimensions) {
        float[] values = new float[Shape.of(dimensions).size()];
        for (int k = 0; k < values.length; ++k) {
            values[k] = (float) ((2 * random.nextDouble() - 1) * 2 / Math.sqrt(terms));
        }
        return Tensor.of(Shape.of(dimensions), values);
    }

    private int between(int least, int most) {
        return random.nextInt(least, most + 1);
    }
}
