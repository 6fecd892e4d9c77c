package dev.bulwark.plan;

import dev.bulwark.device.Affine;
import dev.bulwark.device.DeviceMemory;
import dev.bulwark.model.Graph;
import dev.bulwark.model.Op;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * A network as dense layers with a ReLU between each two, which is what devices have kernels of their own for. The first
 * layer may be a convolution: it becomes a {@link ConvolutionMatrix} where that makes the network's work no more than
 * {@value #MOST_TIMES_THE_WORK} times as much, for those kernels leave out what lies outside its receptive fields. A
 * convolution of small windows over a large image stays what it is.
 */
public final class Perceptron {

    private static final int MOST_TIMES_THE_WORK = 3;

    /** Which networks these are, in words. */
    public static final String WORDS =
            "dense layers, behind at most one convolution that as a dense matrix makes the network's "
            + "work at most " + MOST_TIMES_THE_WORK + " times as much";

    private Perceptron() {
    }

    /** Whether {@code graph} has this form, its normalisations folded into the layers beside them. */
    public static boolean is(Graph graph) {
        return hasForm(Folding.of(graph));
    }

    private static boolean hasForm(Graph graph) {
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
        if (!hasForm(plan.graph())) {
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
            layers.add(ConvolutionMatrix.of(plan.backend(), first.convolution(), memory));
            layers.add(ConvolutionMatrix.behind(plan.backend(), first.convolution(),
                    ((DenseOperator) operators.get(1)).affine(), memory));
            dense = 2;
        }
        operators.subList(dense, operators.size()).forEach(operator -> layers.add(((DenseOperator) operator).affine()));
        return Optional.of(List.copyOf(layers));
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
