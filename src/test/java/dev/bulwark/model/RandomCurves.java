package dev.bulwark.model;

import dev.bulwark.shapes.ImageShape;
import dev.bulwark.shapes.Shape;
import dev.bulwark.shapes.Windows;
import java.util.List;
import java.util.SplittableRandom;

/**
 * Small networks with activations of every kind and maximum poolings, anywhere: at the input, at the output, behind one
 * another, behind additions, with several readers.
 */
public final class RandomCurves {

    private final SplittableRandom random;
    private final Graph.Builder builder;
    private ImageShape image;
    private int value = Graph.Builder.INPUT;

    private RandomCurves(long seed) {
        this.random = new SplittableRandom(seed);
        this.image = new ImageShape(between(1, 2), between(3, 5), between(3, 5));
        this.builder = new Graph.Builder(image.shape());
    }

    /** The same for the same seed. */
    public static Graph of(long seed) {
        return new RandomCurves(seed).graph();
    }

    private Graph graph() {
        maybeActivate();
        for (int k = between(1, 2); k > 0; --k) {
            convolve();
            maybeActivate();
            maybePool();
            maybeAdd();
        }
        value = builder.add(new Op.Flatten(), value);
        int width = image.size();
        for (int k = between(0, 1); k > 0; --k) {
            int out = between(2, 6);
            value = builder.add(dense(width, out), value);
            maybeActivate();
            width = out;
        }
        value = builder.add(dense(width, between(2, 3)), value);
        if (random.nextInt(3) == 0) {
            value = builder.add(activation(), value);
        }
        return builder.build();
    }

    private void convolve() {
        int channels = between(1, 3);
        Windows windows = Windows.square(between(1, 3), 1, 1);
        value = builder.add(new Op.Conv2d(tensor(image.channels() * windows.elements(), channels, image.channels(),
                windows.height().kernel(), windows.width().kernel()), tensor(4, channels), windows, 1), value);
        image = windows.over(image, channels);
    }

    private void maybeActivate() {
        for (int k = random.nextInt(8) == 0 ? 2 : random.nextInt(4) > 0 ? 1 : 0; k > 0; --k) {
            value = builder.add(activation(), value);
        }
    }

    private void maybePool() {
        if (random.nextInt(3) > 0) {
            Windows.Axis height = axis(image.height());
            Windows windows = new Windows(height, random.nextBoolean() ? height : axis(image.width()));
            if (image.width() >= windows.width().kernel()) {
                value = builder.add(new Op.MaxPool2d(windows), value);
                image = windows.over(image, image.channels());
            }
        }
    }

    /** The value and a function of it, or of a convolution of it. */
    private void maybeAdd() {
        if (random.nextInt(2) == 0) {
            Windows same = Windows.square(3, 1, 1);
            int branch = random.nextBoolean() ? value : builder.add(new Op.Conv2d(tensor(9 * image.channels(),
                    image.channels(), image.channels(), 3, 3), tensor(4, image.channels()), same, 1), value);
            branch = random.nextBoolean() ? builder.add(activation(), branch) : builder.add(new Op.MaxPool2d(same), branch);
            value = random.nextBoolean() ? builder.add(new Op.Add(), value, branch)
                    : builder.add(new Op.Add(), branch, value);
            maybeActivate();
        }
    }

    private Op activation() {
        return List.of(new Op.Relu(), new Op.LeakyRelu(0.1f), new Op.LeakyRelu(0.5f), new Op.Clip(-0.5f, 0.25f),
                new Op.Clip(0, 1), new Op.Clip(-0.25f, Float.POSITIVE_INFINITY), new Op.Sigmoid(), new Op.Sigmoid(),
                new Op.Tanh(), new Op.Tanh()).get(random.nextInt(10));
    }

    private Windows.Axis axis(int elements) {
        int kernel = between(1, Math.min(3, elements));
        return new Windows.Axis(kernel, between(1, 2), between(0, kernel - 1), between(0, kernel - 1), 1);
    }

    private Op.Dense dense(int in, int out) {
        return new Op.Dense(tensor(in, out, in), tensor(4, out));
    }

    private Tensor tensor(int terms, int... dimensions) {
        float[] values = Mlp.values(random, Shape.of(dimensions).size(), -3 / Math.sqrt(terms), 3 / Math.sqrt(terms));
        return Tensor.of(Shape.of(dimensions), values);
    }

    private int between(int least, int most) {
        return random.nextInt(least, most + 1);
    }
}
