package dev.bulwark.device.cuda;

import dev.bulwark.device.cuda.HalfReference.Values;
import dev.bulwark.model.Graph;
import dev.bulwark.model.Op;
import dev.bulwark.model.Tensor;
import dev.bulwark.model.io.Precision;
import dev.bulwark.shapes.ImageShape;
import dev.bulwark.shapes.Windows;
import java.util.Arrays;
import java.util.List;

/**
 * A chain of convolutions, poolings and dense layers in half precision, summed in double, with a bound on how far a sum in
 * float may lie from it, as {@link HalfReference} has it.
 */
record HalfChainReference(Graph graph) {

    /** @param x a noisy input in float */
    Values logits(float[] x) {
        double[] rounded = new double[x.length];
        Arrays.setAll(rounded, i -> Precision.F16.round(x[i]));
        Values values = new Values(rounded, new double[x.length]);
        List<Graph.Node> nodes = graph.nodes();
        for (int k = 0; k < nodes.size(); ++k) {
            Op op = nodes.get(k).op();
            if (op instanceof Op.Flatten || op instanceof Op.Relu) {
                continue;
            }
            values = computed(op, k, values);
            boolean relu = k + 1 < nodes.size() && nodes.get(k + 1).op() instanceof Op.Relu;
            boolean last = nodes.subList(k + 1, nodes.size()).stream()
                    .allMatch(node -> node.op() instanceof Op.Flatten || node.op() instanceof Op.Relu);
            values = finished(values, relu, !last);
        }
        return values;
    }

    private Values computed(Op op, int input, Values in) {
        if (op instanceof Op.Dense dense) {
            Values out = values(dense.bias().size());
            for (int o = 0; o < out.value().length; ++o) {
                Sum sum = new Sum(dense.bias().at(o));
                for (int i = 0; i < in.value().length; ++i) {
                    sum.add(weight(dense.weight(), o * in.value().length + i), in, i);
                }
                sum.put(out, o);
            }
            return out;
        }
        ImageShape image = graph.shape(input).image();
        if (op instanceof Op.Conv2d convolution) {
            return convolved(convolution, image, in);
        }
        return op instanceof Op.MaxPool2d pool ? largest(pool.windows(), image, in)
                : averaged((Op.AveragePool2d) op, image, in);
    }

    private static Values convolved(Op.Conv2d op, ImageShape image, Values in) {
        ImageShape made = op.windows().over(image, op.channels());
        Values out = values(made.size());
        int channels = image.channels() / op.groups();
        int taps = op.windows().elements();
        for (int o = 0; o < made.size(); ++o) {
            int output = o / made.area();
            int group = output / (op.channels() / op.groups());
            Sum sum = new Sum(op.bias().at(output));
            for (int c = 0; c < channels; ++c) {
                int from = (group * channels + c) * image.area();
                int weights = (output * channels + c) * taps;
                window(op.windows(), image, made, o % made.area(), (tap, pixel) ->
                        sum.add(weight(op.weight(), weights + tap), in, from + pixel));
            }
            sum.put(out, o);
        }
        return out;
    }

    /** Of halves, which are exact. */
    private static Values largest(Windows windows, ImageShape image, Values in) {
        ImageShape made = windows.over(image, image.channels());
        Values out = values(made.size());
        Arrays.fill(out.value(), Double.NEGATIVE_INFINITY);
        for (int o = 0; o < made.size(); ++o) {
            int at = o;
            window(windows, image, made, o % made.area(), (tap, pixel) -> {
                int from = at / made.area() * image.area() + pixel;
                out.value()[at] = Math.max(out.value()[at], in.value()[from]);
                out.error()[at] = Math.max(out.error()[at], in.error()[from]);
            });
        }
        return out;
    }

    private static Values averaged(Op.AveragePool2d op, ImageShape image, Values in) {
        ImageShape made = op.windows().over(image, image.channels());
        Values out = values(made.size());
        for (int o = 0; o < made.size(); ++o) {
            int from = o / made.area() * image.area();
            int[] inside = {0};
            window(op.windows(), image, made, o % made.area(), (tap, pixel) -> ++inside[0]);
            double count = op.countPadding() ? op.windows().elements() : inside[0];
            Sum sum = new Sum(0);
            window(op.windows(), image, made, o % made.area(), (tap, pixel) -> sum.add(1 / count, in, from + pixel));
            sum.put(out, o);
        }
        return out;
    }

    private interface Element {
        void at(int tap, int pixel);
    }

    /** Elements of a window that lie inside the image. */
    private static void window(Windows windows, ImageShape image, ImageShape made, int window, Element each) {
        Windows.Axis y = windows.height();
        Windows.Axis x = windows.width();
        for (int tap = 0; tap < windows.elements(); ++tap) {
            int row = window / made.width() * y.stride() - y.before() + tap / x.kernel() * y.dilation();
            int column = window % made.width() * x.stride() - x.before() + tap % x.kernel() * x.dilation();
            if (row >= 0 && row < image.height() && column >= 0 && column < image.width()) {
                each.at(tap, row * image.width() + column);
            }
        }
    }

    private static double weight(Tensor weight, int k) {
        return Precision.F16.round(weight.at(k));
    }

    private static Values values(int size) {
        return new Values(new double[size], new double[size]);
    }

    /** A sum, and what a float one may be off by. */
    private static final class Sum {
        private double value;
        private double absolute;
        private double carried;
        private int terms = 2;

        Sum(double bias) {
            value = bias;
            absolute = Math.abs(bias);
        }

        void add(double weight, Values in, int i) {
            value += weight * in.value()[i];
            absolute += Math.abs(weight) * (Math.abs(in.value()[i]) + in.error()[i]);
            carried += Math.abs(weight) * in.error()[i];
            ++terms;
        }

        void put(Values out, int o) {
            out.value()[o] = value;
            out.error()[o] = carried + terms * 0x1p-23 * absolute;
        }
    }

    private static Values finished(Values sums, boolean relu, boolean rounded) {
        Values out = values(sums.value().length);
        for (int o = 0; o < out.value().length; ++o) {
            double value = finished(sums.value()[o], relu, rounded);
            out.value()[o] = value;
            out.error()[o] = Math.max(finished(sums.value()[o] + sums.error()[o], relu, rounded) - value,
                    value - finished(sums.value()[o] - sums.error()[o], relu, rounded));
        }
        return out;
    }

    private static double finished(double sum, boolean relu, boolean rounded) {
        double value = relu ? Math.max(sum, 0) : sum;
        return rounded ? Precision.F16.round((float) value) : value;
    }
}
