package dev.bulwark.plan;

import dev.bulwark.device.Layer;
import dev.bulwark.model.Graph;
import dev.bulwark.model.Op;
import dev.bulwark.shapes.Windows;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * A network whose every operation takes what the one before made: convolutions and poolings, then dense layers, with ReLUs
 * behind convolutions and dense layers. Devices may have kernels that take such a network whole.
 */
public final class Chain {

    /** Which networks these are, in words. */
    public static final String WORDS = "convolutions, poolings and dense layers one behind the other, with ReLUs between";

    private Chain() {
    }

    /** Whether {@code graph} has this form, its normalisations folded into the layers beside them. */
    public static boolean is(Graph graph) {
        return hasForm(Folding.of(graph));
    }

    private static boolean hasForm(Graph graph) {
        boolean flat = false;
        boolean layered = false;
        Op before = null;
        for (int k = 0; k < graph.nodes().size(); ++k) {
            Graph.Node node = graph.nodes().get(k);
            if (!node.inputs().equals(List.of(k))) {
                return false;
            }
            Op op = node.op();
            if (op instanceof Op.Flatten || op instanceof Op.Reshape) {
                flat = layered; // before all layers it only tells what the input's shape is
                continue;
            }
            boolean ofImages = op instanceof Op.Conv2d || op instanceof Op.MaxPool2d
                    || op instanceof Op.AveragePool2d pool && !isSpread(pool.windows());
            boolean rectifies = op instanceof Op.Relu && (before instanceof Op.Conv2d || before instanceof Op.Dense);
            if (!(ofImages && !flat || op instanceof Op.Dense || rectifies)) {
                return false;
            }
            flat |= op instanceof Op.Dense;
            layered = true;
            before = op;
        }
        return layered;
    }

    /** Averages of spread windows are rare, and not everything that computes averages takes all of them. */
    private static boolean isSpread(Windows windows) {
        return windows.height().dilation() > 1 || windows.width().dilation() > 1;
    }

    /** The layers of a network of this form, first to last, as they lie on the plan's device; empty for another one. */
    static Optional<List<Layer>> layers(Plan plan) {
        if (!hasForm(plan.graph())) {
            return Optional.empty();
        }
        List<Layer> layers = new ArrayList<>();
        List<Step> steps = plan.steps();
        for (int k = 0; k < steps.size(); ++k) {
            if (!(steps.get(k) instanceof Step.Relu)) {
                layers.add(layer(steps.get(k), k + 1 < steps.size() && steps.get(k + 1) instanceof Step.Relu));
            }
        }
        return Optional.of(List.copyOf(layers));
    }

    private static Layer layer(Step step, boolean relu) {
        if (step instanceof Step.MaxPool pool) {
            return new Layer.Pool(pool.pooling(), Layer.Pool.Kind.MAXIMUM);
        }
        LinearOperator operator = ((Step.Linear) step).operator();
        if (operator instanceof DenseOperator dense) {
            return new Layer.Dense(dense.affine(), relu);
        }
        return operator instanceof ConvolutionOperator convolution ? new Layer.Convolve(convolution.convolution(), relu)
                : new Layer.Pool(((AverageOperator) operator).pooling(), Layer.Pool.Kind.AVERAGE);
    }
}
