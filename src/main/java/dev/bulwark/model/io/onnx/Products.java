package dev.bulwark.model.io.onnx;

import dev.bulwark.model.Op;
import dev.bulwark.model.Tensor;
import dev.bulwark.shapes.Shape;
import dev.bulwark.shapes.Windows;
import java.util.Arrays;

/**
 * Products of a value with a constant matrix: a dense operation where the value is one vector, and where it is several, a
 * convolution of 1 x 1 windows with the vectors as positions.
 */
final class Products {

    private Products() {
    }

    /** {@code alpha x W}. x {@code [..., n]}, W {@code [n, m]} or {@code [n]}. */
    static Activation right(Call call, Activation x, Constant weight) {
        boolean vector = weight.rank() == 1;
        requireMatrix(call, weight);
        int m = vector ? 1 : weight.dims()[weight.rank() - 1];
        int n = vector ? weight.dims()[0] : weight.dims()[weight.rank() - 2];
        if (x.rank() == 0 || x.dims()[x.rank() - 1] != n || weight.rank() > Math.max(2, x.rank())) {
            throw doesNotFit(call, x, weight);
        }
        return right(call, x, weight.reshaped(new int[] {n, m}).turned(), 1, vector);
    }

    /** {@code alpha x W^T}. x {@code [n]}, W {@code [m, n]}. */
    static Activation turned(Call call, Activation x, Constant weight, float alpha) {
        if (x.dims()[x.rank() - 1] != weight.dims()[1] || weight.size() == 0) {
            throw doesNotFit(call, x, weight);
        }
        return right(call, x, weight, alpha, false);
    }

    private static Activation right(Call call, Activation x, Constant turned, float alpha, boolean vector) {
        int m = turned.dims()[0];
        int n = turned.dims()[1];
        int[] lead = Arrays.copyOf(x.dims(), x.rank() - 1);
        int vectors = Dims.size(lead);
        call.requireBatchApart(x.rank() > 1);
        int[] dims = vector ? lead : Dims.concat(lead, new int[] {m});
        if (vectors == 1) {
            return dense(call, x, turned, alpha).reshaped(dims);
        }
        int[] flat = {vectors, n};
        Activation columns = x.reshaped(flat).ordered(Order.transposed(flat, new int[] {1, 0}));
        Activation products = convolution(call, columns, turned, alpha);
        return products.ordered(Order.transposed(products.dims(), new int[] {1, 0})).reshaped(dims);
    }

    /** {@code alpha W x}. W {@code [m, n]} or {@code [n]}, x {@code [n, k]} or {@code [n]}. */
    static Activation left(Call call, Constant weight, Activation x, float alpha) {
        boolean vector = weight.rank() == 1;
        requireMatrix(call, weight);
        int n = weight.dims()[weight.rank() - 1];
        int m = vector ? 1 : weight.dims()[weight.rank() - 2];
        int axis = Math.max(0, x.rank() - 2);
        call.requireBatchApart(axis > 0);
        if (x.rank() == 0 || x.dims()[axis] != n || Dims.product(x.dims(), 0, axis) != 1
                || weight.rank() > Math.max(2, x.rank())) {
            throw doesNotFit(call, x, weight);
        }
        Constant matrix = weight.reshaped(new int[] {m, n});
        int[] dims = vector ? Dims.without(x.dims(), axis) : Dims.with(x.dims(), axis, m);
        return (x.size() == n ? dense(call, x, matrix, alpha)
                : convolution(call, x.reshaped(new int[] {n, x.size() / n}), matrix, alpha)).reshaped(dims);
    }

    private static void requireMatrix(Call call, Constant weight) {
        if (weight.size() == 0 || weight.rank() == 0
                || Dims.product(weight.dims(), 0, Math.max(0, weight.rank() - 2)) != 1) {
            throw call.refused("%s of shape %s is no matrix", OnnxException.name(weight.name()),
                    Arrays.toString(weight.dims()));
        }
    }

    private static OnnxException doesNotFit(Call call, Activation x, Constant weight) {
        return call.refused("%s of shape %s does not fit a value of shape %s", OnnxException.name(weight.name()),
                Arrays.toString(weight.dims()), Arrays.toString(x.dims()));
    }

    /** Of all elements of x; those that lie in another order in the graph meet the matrix's columns there. */
    private static Activation dense(Call call, Activation x, Constant matrix, float alpha) {
        int n = x.size();
        int m = matrix.dims()[0];
        Scaled weights = Scaled.of(call.floats(matrix), alpha);
        Activation read = x.reshaped(new int[] {n});
        float[] columns = weights.numbers;
        if (x.source().isPresent() && x.isPermutation()) {
            int[] source = x.source().get();
            columns = new float[columns.length];
            for (int k = 0; k < columns.length; ++k) {
                columns[k - k % n + source[k % n]] = weights.numbers[k];
            }
            read = Activation.of(x.value(), n);
        }
        int value = call.add(new Op.Dense(Tensor.of(Shape.of(m, n), columns), Tensor.zeros(m)),
                call.laidOut(read, Shape.of(n)));
        return weights.rest(call, Activation.of(value, m));
    }

    /** Of each column of x {@code [n, k]}. */
    private static Activation convolution(Call call, Activation x, Constant matrix, float alpha) {
        int n = x.dims()[0];
        int m = matrix.dims()[0];
        Scaled weights = Scaled.of(call.floats(matrix), alpha);
        int value = call.add(new Op.Conv2d(Tensor.of(Shape.of(m, n, 1, 1), weights.numbers), Tensor.zeros(m),
                Windows.square(1, 1), 1), call.laidOut(x, Shape.of(n, x.dims()[1], 1)));
        return weights.rest(call, Activation.of(value, m, x.dims()[1]));
    }

    /** Weights with a factor in them where each product is a float, else beside them. */
    private record Scaled(float[] numbers, float factor) {

        static Scaled of(float[] weights, float alpha) {
            if (alpha == 1) {
                return new Scaled(weights, 1);
            }
            float[] scaled = new float[weights.length];
            for (int k = 0; k < scaled.length; ++k) {
                double exact = (double) alpha * weights[k];
                scaled[k] = (float) exact;
                if (scaled[k] != exact) {
                    return new Scaled(weights, alpha);
                }
            }
            return new Scaled(scaled, 1);
        }

        Activation rest(Call call, Activation product) {
            return factor == 1 ? product : Affine.of(call, product, new float[] {factor}, Affine.ONE, Affine.ZERO);
        }
    }
}
