package dev.bulwark.model.io.onnx;

import dev.bulwark.shapes.Shape;
import dev.bulwark.shapes.Windows;
import java.util.Arrays;

/** Kernel, stride, padding and dilation, as convolutions and poolings say them; along one dimension as along a width. */
final class WindowAttributes {

    private WindowAttributes() {
    }

    /** @param mayRoundUp whether {@code ceil_mode} is one of the operation's attributes */
    static Windows of(Call call, Activation x, int[] kernel, boolean mayRoundUp) {
        int spatial = x.rank() - 2;
        call.integers("kernel_shape").ifPresent(said -> {
            if (!Arrays.equals(said, Arrays.stream(kernel).asLongStream().toArray())) {
                throw call.refused("kernel_shape %s is not its weight's %s", Arrays.toString(said), Arrays.toString(kernel));
            }
        });
        long[] strides = sized(call, "strides", spatial, 1);
        long[] dilations = sized(call, "dilations", spatial, 1);
        long[] pads = sized(call, "pads", 2 * spatial, 0);
        String automatic = call.text("auto_pad", "NOTSET");
        boolean roundUp = mayRoundUp && call.integer("ceil_mode", 0) != 0;
        Windows.Axis[] axes = new Windows.Axis[spatial];
        for (int k = 0; k < spatial; ++k) {
            int edge = x.dims()[2 + k];
            long reach = (kernel[k] - 1) * dilations[k] + 1;
            long[] padding = padding(call, automatic, edge, strides[k], reach, pads[k], pads[k + spatial]);
            long room = edge + padding[0] + padding[1] - reach;
            if (roundUp && room > 0 && room % strides[k] != 0) {
                padding[1] += strides[k] - room % strides[k];
                requireInside(call, edge + padding[0], (room / strides[k] + 1) * strides[k]);
            }
            axes[k] = axis(call, kernel[k], strides[k], padding, dilations[k]);
        }
        return new Windows(spatial == 1 ? new Windows.Axis(1, 1, 0, 0, 1) : axes[0], axes[spatial - 1]);
    }

    /** Complains of a window that ceil_mode adds behind the last element: PyTorch leaves it out, and runtimes differ. */
    private static void requireInside(Call call, long end, long start) {
        if (start >= end) {
            throw call.refused("its ceil_mode adds a window that begins behind the last element, which PyTorch leaves out and other "
                    + "runtimes don't: export with ceil_mode=False, and pad the image where the size must stay");
        }
    }

    private static Windows.Axis axis(Call call, int kernel, long stride, long[] padding, long dilation) {
        try {
            return new Windows.Axis(kernel, Math.toIntExact(stride), Math.toIntExact(padding[0]),
                    Math.toIntExact(padding[1]), Math.toIntExact(dilation));
        } catch (IllegalArgumentException | ArithmeticException e) {
            throw call.refused("%s", e.getMessage());
        }
    }

    private static long[] padding(Call call, String automatic, long edge, long stride, long reach, long before, long after) {
        switch (automatic) {
            case "NOTSET", "":
                return new long[] {before, after};
            case "VALID", "SAME_UPPER", "SAME_LOWER":
                break;
            default:
                throw call.refused("auto_pad %s is not understood", OnnxException.name(automatic));
        }
        if (before != 0 || after != 0) {
            throw call.refused("it has both pads and auto_pad");
        }
        if (automatic.equals("VALID")) {
            return new long[2];
        }
        if (stride < 1) {
            throw call.refused("stride must be at least 1: %d", stride);
        }
        long all = Math.max(((edge + stride - 1) / stride - 1) * stride + reach - edge, 0);
        long less = all / 2;
        return automatic.equals("SAME_UPPER") ? new long[] {less, all - less} : new long[] {all - less, less};
    }

    private static long[] sized(Call call, String name, int size, long otherwise) {
        long[] numbers = call.integers(name).orElseGet(() -> {
            long[] all = new long[size];
            Arrays.fill(all, otherwise);
            return all;
        });
        if (numbers.length != size) {
            throw call.refused("%s are %s, and %d numbers are needed", name, Arrays.toString(numbers), size);
        }
        for (long number : numbers) {
            if (number < 0 || number > Dims.MOST_ELEMENTS) {
                throw call.refused("%s are %s, which is not understood", name, Arrays.toString(numbers));
            }
        }
        return numbers;
    }

    /** The shape of x {@code [1, channels, width]} or {@code [1, channels, height, width]} as an image's. */
    static Shape image(Call call, Activation x) {
        if (x.rank() != 3 && x.rank() != 4 || x.dims()[0] != 1) {
            throw call.refused("a value of shape %s is no image of one or two dimensions", Arrays.toString(x.dims()));
        }
        return x.rank() == 3 ? Shape.of(x.dims()[1], 1, x.dims()[2]) : Shape.of(x.dims()[1], x.dims()[2], x.dims()[3]);
    }

    /** What windows over x make, with as many dimensions. */
    static Activation result(Activation x, int value, Shape image) {
        return x.rank() == 3 ? Activation.of(value, 1, image.dimension(0), image.dimension(2))
                : Activation.of(value, 1, image.dimension(0), image.dimension(1), image.dimension(2));
    }
}
