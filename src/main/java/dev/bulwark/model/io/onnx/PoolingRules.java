package dev.bulwark.model.io.onnx;

import dev.bulwark.model.Op;
import dev.bulwark.shapes.Shape;
import dev.bulwark.shapes.Windows;
import java.util.Arrays;
import java.util.Map;
import java.util.stream.IntStream;

/** Means and maxima of windows, of whole images, and along axes. */
final class PoolingRules {

    static final Map<String, Rule> RULES = Map.of(
            "AveragePool", Rule.of(PoolingRules::average),
            "MaxPool", Rule.of(PoolingRules::maximum),
            "GlobalAveragePool", Rule.of(call -> global(call, false)),
            "GlobalMaxPool", Rule.of(call -> global(call, true)),
            "ReduceMean", Rule.of(call -> reduced(call, false)),
            "ReduceMax", Rule.of(call -> reduced(call, true)));

    private PoolingRules() {
    }

    private static Value average(Call call) {
        Activation x = call.activation(0);
        Shape image = WindowAttributes.image(call, x);
        boolean roundsUp = call.integer("ceil_mode", 0) != 0;
        Windows windows = windows(call, x);
        boolean counted = call.integer("count_include_pad", 0) != 0;
        boolean padded = isPadded(windows.height()) || isPadded(windows.width());
        if (counted && roundsUp && padded && !windows.equals(roundedDown(call, image, windows))) {
            // Padding that the file has counts, and what ceil_mode adds doesn't.
            throw call.refused("count_include_pad with a ceil_mode that adds a window is not understood: export with "
                    + "ceil_mode=False");
        }
        int value = call.add(new Op.AveragePool2d(windows, counted && padded), call.laidOut(x, image));
        return WindowAttributes.result(x, value, call.shape(value));
    }

    private static boolean isPadded(Windows.Axis axis) {
        return axis.before() + axis.after() > 0;
    }

    /** The windows that the file's own padding makes room for. */
    private static Windows roundedDown(Call call, Shape image, Windows windows) {
        long[] pads = call.integers("pads").orElse(new long[4]);
        int spatial = pads.length / 2;
        return new Windows(
                new Windows.Axis(windows.height().kernel(), windows.height().stride(), windows.height().before(),
                        spatial == 2 ? (int) pads[2] : 0, windows.height().dilation()),
                new Windows.Axis(windows.width().kernel(), windows.width().stride(), windows.width().before(),
                        (int) pads[pads.length - 1], windows.width().dilation()));
    }

    private static Windows windows(Call call, Activation x) {
        WindowAttributes.image(call, x);
        int[] kernel = Arrays.stream(call.integers("kernel_shape")
                .orElseThrow(() -> call.refused("it has no kernel_shape: the file is damaged")))
                .mapToInt(k -> (int) Math.min(k, Dims.MOST_ELEMENTS)).toArray();
        if (kernel.length != x.rank() - 2 || Arrays.stream(kernel).anyMatch(k -> k < 1)) {
            throw call.refused("kernel_shape %s does not fit a value of shape %s", Arrays.toString(kernel),
                    Arrays.toString(x.dims()));
        }
        return WindowAttributes.of(call, x, kernel, true);
    }

    private static Value maximum(Call call) {
        Activation x = call.activation(0);
        call.ignore("storage_order"); // of the indices, which nothing reads
        int value = call.add(new Op.MaxPool2d(windows(call, x)), call.laidOut(x, WindowAttributes.image(call, x)));
        return WindowAttributes.result(x, value, call.shape(value));
    }

    private static Value global(Call call, boolean maximum) {
        Activation x = call.activation(0);
        WindowAttributes.image(call, x);
        return over(call, x, IntStream.range(2, x.rank()).toArray(), true, maximum);
    }

    private static Value reduced(Call call, boolean maximum) {
        Activation x = call.activation(0);
        boolean keep = call.integer("keepdims", 1) != 0;
        long[] named = call.integersOf("axes", 1).orElse(new long[0]);
        if (named.length == 0 && call.integer("noop_with_empty_axes", 0) != 0) {
            return x;
        }
        int[] axes = named.length == 0 ? IntStream.range(0, x.rank()).toArray() : call.axes(named, x.rank());
        call.requireBatchApart(axes.length == 0 || axes[0] != 0);
        return over(call, x, axes, keep, maximum);
    }

    /** Whole images {@code [kept, reduced, 1]}, or {@code [kept, height, width]} where they are images as it is. */
    private static Value over(Call call, Activation x, int[] axes, boolean keep, boolean maximum) {
        int[] kept = IntStream.range(0, x.rank()).filter(axis -> Arrays.binarySearch(axes, axis) < 0).toArray();
        Activation behind = x.ordered(Order.transposed(x.dims(), Dims.concat(kept, axes)));
        int channels = Dims.product(behind.dims(), 0, kept.length);
        int size = x.size() / Math.max(1, channels);
        if (x.size() == 0) {
            throw call.refused("there is nothing in a value of shape %s", Arrays.toString(x.dims()));
        }
        Shape image = axes.length == 2 ? Shape.of(channels, x.dims()[axes[0]], x.dims()[axes[1]])
                : Shape.of(channels, 1, size);
        Windows windows = new Windows(new Windows.Axis(image.dimension(1), 1, 0, 0, 1),
                new Windows.Axis(image.dimension(2), 1, 0, 0, 1));
        int[] dims = x.dims();
        for (int k = axes.length - 1; k >= 0; --k) {
            dims = keep ? Dims.with(dims, axes[k], 1) : Dims.without(dims, axes[k]);
        }
        if (size == 1) {
            return x.reshaped(dims);
        }
        Op op = maximum ? new Op.MaxPool2d(windows) : new Op.AveragePool2d(windows, false);
        int value = call.add(op, call.laidOut(behind, image));
        return Activation.of(value, dims);
    }
}
