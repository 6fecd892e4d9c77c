package dev.bulwark.model;

import dev.bulwark.shapes.ImageShape;
import dev.bulwark.shapes.Shape;
import dev.bulwark.shapes.Windows;
import java.util.Arrays;
import java.util.List;

/**
 * A linear operation as what all of them are: outputs that are each a bias and a sum of products of inputs with
 * weights. For host code that walks over them one by one.
 */
public interface AffineMap {

    /** Elements of the input. */
    int inputs();

    /** Elements of the output. */
    int outputs();

    /** Products that an output sums at most. */
    int terms();

    float bias(int output);

    /** Names each product of an output once; inputs that it doesn't depend on are left out. */
    void walk(int output, Product product);

    /** Takes a weight and the input that it is multiplied by. */
    interface Product {
        void take(float weight, int input);
    }

    static AffineMap of(Op.Dense op) {
        return new DenseMap(op);
    }

    /** @param input shape of the image */
    static AffineMap of(Op.Conv2d op, ImageShape input) {
        return new ConvolutionMap(op, input, op.outputShape(List.of(input.shape())).image());
    }

    /** {@code y = factor x + offset}, channel by channel. @param size elements of the input */
    static AffineMap of(Tensor factor, Tensor offset, int size) {
        return new ChannelMap(factor, offset, size / factor.size());
    }

    /** The sum of each window's elements. @param input shape of the image */
    static AffineMap sums(Op.AveragePool2d op, ImageShape input) {
        int channels = input.channels();
        float[] ones = new float[channels * op.windows().elements()];
        Arrays.fill(ones, 1);
        Tensor weight = Tensor.of(Shape.of(channels, 1, op.windows().height().kernel(), op.windows().width().kernel()),
                ones);
        return of(new Op.Conv2d(weight, Tensor.zeros(channels), op.windows(), channels), input);
    }

    /** One input for each output. */
    record ChannelMap(Tensor factor, Tensor offset, int area) implements AffineMap {

        @Override
        public int inputs() {
            return factor.size() * area;
        }

        @Override
        public int outputs() {
            return inputs();
        }

        @Override
        public int terms() {
            return 1;
        }

        @Override
        public float bias(int output) {
            return offset.at(output / area);
        }

        @Override
        public void walk(int output, Product product) {
            product.take(factor.at(output / area), output);
        }
    }

    /** All inputs, in their order. */
    record DenseMap(Op.Dense op) implements AffineMap {

        @Override
        public int inputs() {
            return op.in();
        }

        @Override
        public int outputs() {
            return op.out();
        }

        @Override
        public int terms() {
            return op.in();
        }

        @Override
        public float bias(int output) {
            return op.bias().at(output);
        }

        @Override
        public void walk(int output, Product product) {
            for (int i = 0; i < op.in(); ++i) {
                product.take(op.weight().at(output * op.in() + i), i);
            }
        }
    }

    /** The elements of a window that lie inside the image. */
    record ConvolutionMap(Op.Conv2d op, ImageShape input, ImageShape output) implements AffineMap {

        @Override
        public int inputs() {
            return input.size();
        }

        @Override
        public int outputs() {
            return output.size();
        }

        @Override
        public int terms() {
            return input.channels() / op.groups() * op.windows().elements();
        }

        @Override
        public float bias(int k) {
            return op.bias().at(k / output.area());
        }

        @Override
        public void walk(int k, Product product) {
            int channel = k / output.area();
            int seen = input.channels() / op.groups();
            int first = channel / (output.channels() / op.groups()) * seen;
            Windows.Axis vertical = op.windows().height();
            Windows.Axis horizontal = op.windows().width();
            int top = k % output.area() / output.width() * vertical.stride() - vertical.before();
            int left = k % output.width() * horizontal.stride() - horizontal.before();
            for (int i = 0; i < seen; ++i) {
                for (int r = 0; r < vertical.kernel(); ++r) {
                    int y = top + r * vertical.dilation();
                    for (int s = 0; s < horizontal.kernel() && y >= 0 && y < input.height(); ++s) {
                        int x = left + s * horizontal.dilation();
                        if (x >= 0 && x < input.width()) {
                            product.take(op.weight().at(((channel * seen + i) * vertical.kernel() + r)
                                    * horizontal.kernel() + s), ((first + i) * input.height() + y) * input.width() + x);
                        }
                    }
                }
            }
        }
    }
}
