package dev.bulwark.model.io.onnx;

import dev.bulwark.model.Graph;
import dev.bulwark.model.Op;
import dev.bulwark.model.Tensor;
import dev.bulwark.shapes.Shape;
import dev.bulwark.shapes.Windows;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/**
 * Makes a graph of what was assembled: leaves out what the output does not need, and joins neighbours that are one operation
 * in exact arithmetic. No number is rounded here, and no rounding of a float evaluation is lost: an offset becomes a bias only
 * where one of them is 0, for two large ones may cancel, and what is added in between would not show.
 */
final class Merging {

    private final Shape input;
    private final List<Graph.Node> nodes = new ArrayList<>();
    private final List<Shape> shapes = new ArrayList<>();
    /** How many operations will read a value, as far as is known. */
    private final List<Integer> readers = new ArrayList<>();

    private Merging(Shape input, int readers) {
        this.input = input;
        this.shapes.add(input);
        this.readers.add(readers);
    }

    /** @param output number of the value that is the network's output */
    static Graph of(Assembly.Unfinished unfinished, int output) {
        List<Graph.Node> all = unfinished.nodes();
        boolean[] needed = needed(all, output);
        int[] readers = new int[all.size() + 1];
        for (int k = 0; k < all.size(); ++k) {
            if (needed[k + 1]) {
                all.get(k).inputs().forEach(value -> ++readers[value]);
            }
        }
        ++readers[output];
        Merging merging = new Merging(unfinished.input(), readers[0]);
        int[] numbers = new int[all.size() + 1];
        for (int k = 0; k < all.size(); ++k) {
            if (needed[k + 1]) {
                Graph.Node node = all.get(k);
                int[] inputs = node.inputs().stream().mapToInt(value -> numbers[value]).toArray();
                numbers[k + 1] = merging.add(node.name(), node.op(), inputs, readers[k + 1]);
            }
        }
        return merging.graph(numbers[output]);
    }

    private static boolean[] needed(List<Graph.Node> nodes, int output) {
        boolean[] needed = new boolean[nodes.size() + 1];
        needed[output] = true;
        for (int k = nodes.size() - 1; k >= 0; --k) {
            if (needed[k + 1]) {
                nodes.get(k).inputs().forEach(value -> needed[value] = true);
            }
        }
        return needed;
    }

    /** @return the number of the value that stands for what the operation makes */
    private int add(String name, Op op, int[] inputs, int wanted) {
        int value = inputs[0];
        Optional<Graph.Node> before = value == 0 ? Optional.empty() : Optional.of(nodes.get(value - 1));
        if (isNothing(op, shapes.get(value))) {
            readers.set(value, readers.get(value) - 1 + wanted);
            return value;
        }
        if (before.isPresent() && isReshaping(op) && isReshaping(before.get().op())) {
            return add(name, op, new int[] {before.get().inputs().get(0)}, wanted);
        }
        if (before.isPresent() && op instanceof Op.Conv2d convolution && before.get().op() instanceof Op.Rearrange moved) {
            int image = before.get().inputs().get(0);
            Optional<Op> padded = padded(convolution, moved, shapes.get(image));
            if (padded.isPresent()) {
                return put(name, padded.get(), new int[] {image}, wanted);
            }
        }
        if (before.isPresent() && op instanceof Op.Scale scale && readers.get(value) == 1) {
            Optional<Op> joined = joined(before.get().op(), scale);
            if (joined.isPresent()) {
                nodes.set(value - 1, new Graph.Node(before.get().name(), joined.get(), before.get().inputs()));
                readers.set(value, wanted);
                return value;
            }
        }
        return put(name, op, inputs, wanted);
    }

    private int put(String name, Op op, int[] inputs, int wanted) {
        List<Integer> read = Arrays.stream(inputs).boxed().toList();
        shapes.add(op.outputShape(read.stream().map(shapes::get).toList()));
        nodes.add(new Graph.Node(name, op, read));
        readers.add(wanted);
        return nodes.size();
    }

    private static boolean isReshaping(Op op) {
        return op instanceof Op.Flatten || op instanceof Op.Reshape;
    }

    private static boolean isNothing(Op op, Shape shape) {
        return op instanceof Op.Scale scale ? isAll(scale.factor(), 1) && isAll(scale.divisor(), 1)
                && isAll(scale.offset(), 0)
                : isReshaping(op) && op.outputShape(List.of(shape)).equals(shape);
    }

    private static boolean isAll(Tensor tensor, float value) {
        for (int k = 0; k < tensor.size(); ++k) {
            if (tensor.at(k) != value) {
                return false;
            }
        }
        return true;
    }

    /** One operation that does both. */
    private static Optional<Op> joined(Op first, Op.Scale second) {
        boolean offsetAlone = isAll(second.factor(), 1) && isAll(second.divisor(), 1);
        if (first instanceof Op.Dense dense && offsetAlone) {
            return sum(dense.bias(), second.offset()).map(bias -> new Op.Dense(dense.weight(), bias));
        }
        if (first instanceof Op.Conv2d convolution && offsetAlone) {
            return sum(convolution.bias(), second.offset()).map(
                    bias -> new Op.Conv2d(convolution.weight(), bias, convolution.windows(), convolution.groups()));
        }
        if (first instanceof Op.Scale scale) {
            if (offsetAlone) {
                return sum(scale.offset(), second.offset()).map(offset -> new Op.Scale(scale.factor(), scale.divisor(),
                        offset));
            }
            if (isAll(scale.offset(), 0) && isAll(scale.divisor(), 1) && isAll(second.factor(), 1)) {
                return Optional.of(new Op.Scale(scale.factor(), second.divisor(), second.offset()));
            }
        }
        return Optional.empty();
    }

    /** Only where there is nothing to add up. */
    private static Optional<Tensor> sum(Tensor a, Tensor b) {
        float[] sums = new float[a.size()];
        for (int k = 0; k < sums.length; ++k) {
            if (a.at(k) != 0 && b.at(k) != 0) {
                return Optional.empty();
            }
            sums[k] = a.at(k) + b.at(k);
        }
        return Optional.of(Tensor.of(a.shape(), sums));
    }

    /** The convolution with padding of its own, if the elements are moved into an image with zeros around it. */
    private static Optional<Op> padded(Op.Conv2d convolution, Op.Rearrange moved, Shape image) {
        Shape large = moved.shape();
        if (!image.isImage() || !large.isImage() || image.dimension(0) != large.dimension(0)) {
            return Optional.empty();
        }
        int[] source = moved.source();
        int first = 0;
        while (first < source.length && source[first] == Op.Rearrange.ZERO) {
            ++first;
        }
        int top = first / large.dimension(2);
        int left = first % large.dimension(2);
        int bottom = large.dimension(1) - image.dimension(1) - top;
        int right = large.dimension(2) - image.dimension(2) - left;
        if (bottom < 0 || right < 0 || !Arrays.equals(source, padding(image, large, top, left))) {
            return Optional.empty();
        }
        Windows.Axis height = convolution.windows().height();
        Windows.Axis width = convolution.windows().width();
        return Optional.of(new Op.Conv2d(convolution.weight(), convolution.bias(), new Windows(
                new Windows.Axis(height.kernel(), height.stride(), height.before() + top, height.after() + bottom,
                height.dilation()),
                new Windows.Axis(width.kernel(), width.stride(), width.before() + left, width.after() + right,
                width.dilation())),
                convolution.groups()));
    }

    private static int[] padding(Shape image, Shape large, int top, int left) {
        int[] source = new int[large.size()];
        Arrays.fill(source, Op.Rearrange.ZERO);
        int[] places = Order.walk(image.dimensions(), top * large.dimension(2) + left,
                Dims.strides(large.dimensions())).source();
        for (int k = 0; k < places.length; ++k) {
            source[places[k]] = k;
        }
        return source;
    }

    /** Without what joining has left behind. */
    private Graph graph(int output) {
        boolean[] needed = needed(nodes, output);
        Graph.Builder builder = new Graph.Builder(input);
        int[] numbers = new int[nodes.size() + 1];
        for (int k = 0; k < nodes.size(); ++k) {
            if (needed[k + 1]) {
                Graph.Node node = nodes.get(k);
                numbers[k + 1] = builder.add(node.name(), node.op(),
                        node.inputs().stream().mapToInt(value -> numbers[value]).toArray());
            }
        }
        return builder.build();
    }
}
