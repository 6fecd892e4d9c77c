package dev.bulwark.plan;

import dev.bulwark.device.Affine;
import dev.bulwark.device.Backend;
import dev.bulwark.device.Convolution;
import dev.bulwark.device.DeviceMemory;
import dev.bulwark.device.HostArrays;
import dev.bulwark.model.Graph;
import dev.bulwark.model.Op;
import dev.bulwark.shapes.ImageShape;
import dev.bulwark.shapes.Windows;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * A network as dense layers with a ReLU between each two, which is what devices have kernels of their own for. The first
 * layer may be a convolution: it becomes a dense matrix where that makes the network's work no more than
 * {@value #MOST_TIMES_THE_WORK} times as much, for those kernels leave out what the matrix has zeros for. A convolution of
 * small windows over a large image stays what it is.
 *
 * <p>Units of such a matrix are ordered {@code [row, column, channel]}, window after window, so that neighbours see the same
 * part of the image and its zeros lie together; the columns of the layer behind follow.
 */
public final class Perceptron {

    private static final int MOST_TIMES_THE_WORK = 3;

    /** Which networks these are, in words. */
    public static final String WORDS = "dense layers, behind at most one convolution that as a dense matrix makes the network's "
            + "work at most " + MOST_TIMES_THE_WORK + " times as much";

    private Perceptron() {
    }

    /** Whether {@code graph} has this form. */
    public static boolean is(Graph graph) {
        List<Kind> kinds = new ArrayList<>();
        for (int k = 0; k < graph.nodes().size(); ++k) {
            Graph.Node node = graph.nodes().get(k);
            if (!node.inputs().equals(List.of(k))) {
                return false;
            }
            kinds.add(Kind.of(node.op()));
        }
        kinds.removeIf(Kind.FLATTEN::equals);
        boolean convolution = kinds.size() > 1 && kinds.get(0) == Kind.CONVOLUTION;
        for (int i = convolution ? 1 : 0; i < kinds.size(); ++i) {
            if (kinds.get(i) != (i % 2 == 0 ? Kind.DENSE : Kind.RELU)) {
                return false;
            }
        }
        return kinds.size() % 2 == 1 && (!convolution || pays(graph));
    }

    /**
     * The layers of a network of this form, first to last, as they lie on the plan's device; empty for another network.
     *
     * @param plan   owns the parameters of layers that stay as they are
     * @param memory owns what a convolution is turned into; the caller closes it
     */
    public static Optional<List<Affine>> layers(Plan plan, DeviceMemory memory) {
        if (!is(plan.graph())) {
            return Optional.empty();
        }
        List<LinearOperator> operators = new ArrayList<>();
        for (Step step : plan.steps()) {
            if (step instanceof Step.Linear linear) {
                operators.add(linear.operator());
            }
        }
        List<Affine> layers = new ArrayList<>();
        int dense = 0;
        if (operators.get(0) instanceof ConvolutionOperator first) {
            layers.add(spreadOut(plan.backend(), first.convolution(), memory));
            layers.add(reordered(plan.backend(), ((DenseOperator) operators.get(1)).affine(), first.convolution().output(),
                    memory));
            dense = 2;
        }
        operators.subList(dense, operators.size()).forEach(operator -> layers.add(((DenseOperator) operator).affine()));
        return Optional.of(List.copyOf(layers));
    }

    /** The dense layer that does what the convolution does. */
    private static Affine spreadOut(Backend backend, Convolution convolution, DeviceMemory memory) {
        int inputs = convolution.input().size();
        int units = convolution.output().size();
        int channels = convolution.output().channels();
        float[] shared = HostArrays.read(backend, convolution.weight());
        float[] biases = HostArrays.read(backend, convolution.bias());
        float[] weight = new float[HostArrays.length("a convolution as a matrix", units, inputs)];
        float[] bias = new float[units];
        for (int unit = 0; unit < units; ++unit) {
            int channel = unit % channels;
            bias[unit] = biases[channel];
            spread(convolution, shared, channel, unit / channels, weight, unit * inputs);
        }
        return new Affine(memory.holding(weight), memory.holding(bias), inputs, units);
    }

    /** One unit's row, which begins at {@code at}. */
    private static void spread(Convolution convolution, float[] shared, int channel, int window, float[] weight, int at) {
        ImageShape input = convolution.input();
        Windows.Axis height = convolution.windows().height();
        Windows.Axis width = convolution.windows().width();
        int seen = input.channels() / convolution.groups();
        int first = channel / (convolution.output().channels() / convolution.groups()) * seen;
        int top = window / convolution.output().width() * height.stride() - height.before();
        int left = window % convolution.output().width() * width.stride() - width.before();
        for (int tap = 0; tap < convolution.taps(); ++tap) {
            int plane = first + tap / (height.kernel() * width.kernel());
            int row = top + tap / width.kernel() % height.kernel() * height.dilation();
            int column = left + tap % width.kernel() * width.dilation();
            if (row >= 0 && row < input.height() && column >= 0 && column < input.width()) {
                weight[at + (plane * input.height() + row) * input.width() + column] =
                        shared[channel * convolution.taps() + tap];
            }
        }
    }

    /** The layer behind a convolution, reading what it makes in the order of {@link #spreadOut}. */
    private static Affine reordered(Backend backend, Affine layer, ImageShape image, DeviceMemory memory) {
        float[] weight = HostArrays.read(backend, layer.weight());
        float[] moved = new float[weight.length];
        for (int k = 0; k < weight.length; ++k) {
            int unit = k % layer.in();
            int from = unit % image.channels() * image.area() + unit / image.channels();
            moved[k] = weight[k - unit + from];
        }
        return new Affine(memory.holding(moved), layer.bias(), layer.in(), layer.out());
    }

    /** Whether the first layer, a convolution, is small enough as a dense matrix. */
    private static boolean pays(Graph graph) {
        long work = 0;
        for (int k = 0; k < graph.nodes().size(); ++k) {
            work += multiplyAdds(graph.nodes().get(k).op(), graph.shape(k + 1).size());
        }
        long convolution = multiplyAdds(graph.nodes().get(0).op(), graph.shape(1).size());
        long matrix = (long) graph.shape(0).size() * graph.shape(1).size();
        return matrix <= Integer.MAX_VALUE && work - convolution + matrix <= MOST_TIMES_THE_WORK * work;
    }

    private static long multiplyAdds(Op op, int outputs) {
        if (op instanceof Op.Conv2d convolution) {
            return (long) outputs * (convolution.weight().size() / convolution.channels());
        }
        return op instanceof Op.Dense dense ? dense.weight().size() : 0;
    }

    private enum Kind {
        DENSE, CONVOLUTION, RELU, FLATTEN, OTHER;

        static Kind of(Op op) {
            return op instanceof Op.Dense ? DENSE : op instanceof Op.Conv2d ? CONVOLUTION : op instanceof Op.Relu ? RELU
                    : op instanceof Op.Flatten || op instanceof Op.Reshape ? FLATTEN : OTHER;
        }
    }
}
