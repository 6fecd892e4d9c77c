package dev.bulwark.model.io.onnx;

import dev.bulwark.model.Op;
import dev.bulwark.model.Tensor;
import dev.bulwark.shapes.Shape;
import java.util.Arrays;
import java.util.List;

/** Factors and offsets, element by element, as few operations of as few channels as say the same; and sums of two values. */
final class Affine {

    /** The same for every element. */
    static final float[] ONE = {1};
    static final float[] ZERO = {0};

    private Affine() {
    }

    /**
     * {@code factor x / divisor + offset}.
     *
     * @param factor one for each element of x, in x's order, or a single one; as are divisor and offset
     */
    static Activation of(Call call, Activation x, float[] factor, float[] divisor, float[] offset) {
        for (float d : divisor) {
            if (d == 0) {
                throw call.refused("it divides by 0");
            }
        }
        boolean there = x.isPermutation();
        List<float[]> numbers = List.of(factor, divisor, offset);
        if (there && x.source().isPresent()) {
            int[] source = x.source().get();
            numbers = numbers.stream().map(each -> moved(each, source)).toList();
        }
        int value = there ? x.value() : call.inOrder(x);
        int channels = channels(call.shape(value), numbers);
        if (channels != call.shape(value).dimension(0)) {
            Shape shape = call.shape(value).size() == channels ? Shape.of(channels)
                    : Shape.of(channels, call.shape(value).size() / channels);
            value = call.laidOut(Activation.of(value, shape.dimensions()), shape);
        }
        List<Tensor> perChannel = numbers.stream().map(each -> perChannel(each, channels)).toList();
        int made = call.add(new Op.Scale(perChannel.get(0), perChannel.get(1), perChannel.get(2)), value);
        return there ? x.in(made) : Activation.of(made, x.dims());
    }

    private static float[] moved(float[] numbers, int[] source) {
        if (numbers.length == 1) {
            return numbers;
        }
        float[] moved = new float[numbers.length];
        for (int k = 0; k < moved.length; ++k) {
            moved[source[k]] = numbers[k];
        }
        return moved;
    }

    /** The first product of leading dimensions behind which the numbers don't differ. */
    private static int channels(Shape shape, List<float[]> numbers) {
        int channels = 1;
        for (int axis = 0; axis < shape.rank(); ++axis) {
            channels *= shape.dimension(axis);
            int block = shape.size() / channels;
            if (numbers.stream().allMatch(each -> isEvenIn(each, block))) {
                return channels;
            }
        }
        return shape.size();
    }

    private static boolean isEvenIn(float[] numbers, int block) {
        for (int k = 0; k < numbers.length && numbers.length > 1; ++k) {
            if (numbers[k] != numbers[k - k % block]) {
                return false;
            }
        }
        return true;
    }

    private static Tensor perChannel(float[] numbers, int channels) {
        float[] each = new float[channels];
        for (int c = 0; c < channels; ++c) {
            each[c] = numbers.length == 1 ? numbers[0] : numbers[c * (numbers.length / channels)];
        }
        return Tensor.vector(each);
    }

    /** {@code x + sign constant}, by NumPy's rule as long as x keeps its elements. */
    static Activation plus(Call call, Activation x, Constant constant, int sign) {
        float[] offset = fitting(call, x, constant);
        for (int k = 0; k < offset.length; ++k) {
            offset[k] *= sign;
        }
        return of(call, result(x, constant), ONE, ONE, offset);
    }

    /** A constant's numbers, one for each element of x, or one for all. */
    static float[] fitting(Call call, Activation x, Constant constant) {
        int[] dims = Dims.broadcast(x.dims(), constant.dims());
        if (Dims.size(dims) != x.size()) {
            throw call.refused("a constant of shape %s spreads a value of shape %s over more elements, which no operation "
                    + "here expresses", Arrays.toString(constant.dims()), Arrays.toString(x.dims()));
        }
        call.requireBatchApart(constant.rank() < x.rank() || constant.rank() == 0 || constant.dims()[0] == 1);
        return call.floats(constant.size() == 1 ? constant : constant.ordered(Order.broadcast(constant.dims(), dims)));
    }

    /** x with the dimensions that a constant's may add. */
    static Activation result(Activation x, Constant constant) {
        return x.reshaped(Dims.broadcast(x.dims(), constant.dims()));
    }

    /** {@code a + b}, or {@code a - b}. */
    static Activation sum(Call call, Activation a, Activation b, boolean minus) {
        int[] dims = Dims.broadcast(a.dims(), b.dims());
        if (a.size() != b.size() || Dims.size(dims) != a.size()) {
            throw call.refused("values of shapes %s and %s are spread over more elements, which no operation here expresses",
                    Arrays.toString(a.dims()), Arrays.toString(b.dims()));
        }
        boolean together = a.isPermutation() && b.isPermutation() && a.whole() == b.whole()
                && Arrays.equals(a.source().orElse(null), b.source().orElse(null));
        Activation first = together ? a : Activation.of(call.inOrder(a), a.dims());
        Activation second = together ? b : Activation.of(call.inOrder(b), b.dims());
        if (first.value() == second.value()) {
            return of(call, first.reshaped(dims), new float[] {minus ? 0 : 2}, ONE, ZERO);
        }
        if (minus) {
            second = of(call, second, new float[] {-1}, ONE, ZERO);
        }
        Shape shape = call.shape(first.value());
        int other = call.laidOut(Activation.of(second.value(), second.whole()), shape);
        return first.in(call.add(new Op.Add(), first.value(), other)).reshaped(dims);
    }
}
