package dev.bulwark.plan;

import dev.bulwark.model.Graph;
import dev.bulwark.model.Op;
import dev.bulwark.model.Tensor;
import dev.bulwark.shapes.Windows;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Scalings and batch normalisations folded into the dense layers and convolutions beside them. That saves passes over
 * values, and lets devices' own kernels take a network that is a perceptron but for its normalisation. Every parameter is
 * rounded once, so that it is another network by a rounding: good for attacks' gradients, and for a smoothed classifier,
 * whose base may be any function. Bounds speak of the graph itself and never use it.
 */
final class Folding {

    private Folding() {
    }

    /** The graph with all folded that can be: the same one where nothing can. */
    static Graph of(Graph graph) {
        Graph folded = graph;
        Optional<Graph> next = once(graph);
        while (next.isPresent()) {
            folded = next.get();
            next = once(folded);
        }
        return folded;
    }

    private static Optional<Graph> once(Graph graph) {
        for (int k = 0; k < graph.nodes().size(); ++k) {
            Optional<Channels> channels = Channels.of(graph.nodes().get(k).op());
            if (channels.isPresent()) {
                int number = k;
                Optional<Graph> folded = intoWhatIsBefore(graph, k, channels.get())
                        .or(() -> intoWhatFollows(graph, number, channels.get()));
                if (folded.isPresent()) {
                    return folded;
                }
            }
        }
        return Optional.empty();
    }

    /** Rows of W and b of the layer before, which nothing else may read. */
    private static Optional<Graph> intoWhatIsBefore(Graph graph, int k, Channels channels) {
        int from = graph.nodes().get(k).inputs().get(0);
        if (from == 0 || graph.readers(from) > 1) {
            return Optional.empty();
        }
        Op before = graph.nodes().get(from - 1).op();
        if (!(before instanceof Op.Dense || before instanceof Op.Conv2d) || before.constants().get(1)
                .size() != channels.count()) {
            return Optional.empty();
        }
        return finite(before, (name, constant) -> {
            double[] values = new double[constant.size()];
            int row = values.length / channels.count();
            for (int i = 0; i < values.length; ++i) {
                int c = i / row;
                values[i] = channels.factor[c] * constant.at(i) + (name.equals("bias") ? channels.offset[c] : 0);
            }
            return values;
        }).map(op -> without(graph, k, from - 1, op));
    }

    /** Columns of W of the layer that follows, maybe after a reshaping; what it adds goes into b. */
    private static Optional<Graph> intoWhatFollows(Graph graph, int k, Channels channels) {
        int value = k + 1;
        int reader = onlyReader(graph, value);
        while (reader >= 0 && (graph.nodes().get(reader).op() instanceof Op.Flatten
                || graph.nodes().get(reader).op() instanceof Op.Reshape)) {
            value = reader + 1;
            reader = onlyReader(graph, value);
        }
        if (reader < 0) {
            return Optional.empty();
        }
        int at = reader;
        int area = graph.shape(k + 1).size() / channels.count();
        Op op = graph.nodes().get(reader).op();
        if (op instanceof Op.Dense dense) {
            return columns(dense, channels, weight -> weight % dense.in() / area, dense.in())
                    .map(folded -> without(graph, k, at, folded));
        }
        if (op instanceof Op.Conv2d convolution && value == k + 1 && isUnpadded(convolution.windows())) {
            int elements = convolution.windows().elements();
            int seen = convolution.weight().size() / convolution.channels() / elements;
            int outputs = convolution.channels() / convolution.groups();
            return columns(convolution, channels, weight -> weight % (seen * elements) / elements
                    + weight / (seen * elements) / outputs * seen, seen * elements)
                    .map(folded -> without(graph, k, at, folded));
        }
        return Optional.empty();
    }

    private static boolean isUnpadded(Windows windows) {
        return windows.height().before() + windows.height().after() + windows.width().before() + windows.width()
                .after() == 0;
    }

    /** The channel that a weight is multiplied with. */
    private interface Channel {
        int of(int weight);
    }

    private static Optional<Op> columns(Op op, Channels channels, Channel channel, int perRow) {
        Tensor weight = op.constants().get(0);
        return finite(op, (name, constant) -> {
            double[] values = new double[constant.size()];
            for (int i = 0; i < weight.size(); ++i) {
                int c = channel.of(i);
                if (name.equals("bias")) {
                    values[i / perRow] += weight.at(i) * channels.offset[c];
                } else {
                    values[i] = weight.at(i) * channels.factor[c];
                }
            }
            for (int o = 0; o < values.length && name.equals("bias"); ++o) {
                values[o] += constant.at(o);
            }
            return values;
        });
    }

    /** Takes a constant's name and value. */
    private interface Change {
        double[] of(String name, Tensor constant);
    }

    /** The operation with constants rounded to floats; empty where one is no finite float. */
    private static Optional<Op> finite(Op op, Change change) {
        boolean[] finite = {true};
        Op changed = op.withConstants((name, constant) -> {
            double[] values = change.of(name, constant);
            float[] rounded = new float[values.length];
            for (int i = 0; i < values.length; ++i) {
                rounded[i] = (float) values[i];
                finite[0] &= Float.isFinite(rounded[i]);
            }
            return finite[0] ? Tensor.of(constant.shape(), rounded) : constant;
        });
        return finite[0] ? Optional.of(changed) : Optional.empty();
    }

    /** The one operation that reads a value, or -1. */
    private static int onlyReader(Graph graph, int value) {
        if (graph.readers(value) != 1) {
            return -1;
        }
        for (int k = 0; k < graph.nodes().size(); ++k) {
            if (graph.nodes().get(k).inputs().contains(value)) {
                return k;
            }
        }
        return -1;
    }

    /**
     * The graph without operation {@code gone}, whose readers read what it read, and with another operation {@code changed}.
     */
    private static Graph without(Graph graph, int gone, int changed, Op op) {
        Graph.Builder builder = new Graph.Builder(graph.input());
        List<Integer> numbers = new ArrayList<>(List.of(Graph.Builder.INPUT));
        for (int k = 0; k < graph.nodes().size(); ++k) {
            Graph.Node node = graph.nodes().get(k);
            int[] inputs = node.inputs().stream().mapToInt(numbers::get).toArray();
            numbers.add(k == gone ? inputs[0] : builder.add(node.name(), k == changed ? op : node.op(), inputs));
        }
        return builder.build();
    }

    /** {@code y = factor x + offset}, channel by channel. */
    private record Channels(double[] factor, double[] offset) {

        static Optional<Channels> of(Op op) {
            if (op instanceof Op.Scale scale) {
                Channels channels = new Channels(new double[scale.factor().size()], new double[scale.factor().size()]);
                for (int c = 0; c < channels.count(); ++c) {
                    channels.factor[c] = (double) scale.factor().at(c) / scale.divisor().at(c);
                    channels.offset[c] = scale.offset().at(c);
                }
                return Optional.of(channels);
            }
            if (op instanceof Op.BatchNorm norm) {
                Channels channels = new Channels(new double[norm.gamma().size()], new double[norm.gamma().size()]);
                for (int c = 0; c < channels.count(); ++c) {
                    channels.factor[c] = norm.gamma().at(c) / Math.sqrt(norm.variance().at(c) + norm.epsilon());
                    channels.offset[c] = norm.beta().at(c) - norm.mean().at(c) * channels.factor[c];
                }
                return Optional.of(channels);
            }
            return Optional.empty();
        }

        int count() {
            return factor.length;
        }
    }
}
