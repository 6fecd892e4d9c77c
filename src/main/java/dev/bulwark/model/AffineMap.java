package dev.bulwark.model;

import dev.bulwark.shapes.ImageShape;
import dev.bulwark.shapes.Windows;
import java.util.List;

/**
 * A dense operation or a convolution as what both are: outputs that are each a bias and a sum of products of inputs with
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
