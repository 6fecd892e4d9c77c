package dev.bulwark.plan;

import dev.bulwark.device.Activation;
import dev.bulwark.device.Affine;
import dev.bulwark.device.Backend;
import dev.bulwark.device.ComposedNoisyClassifier;
import dev.bulwark.device.Convolution;
import dev.bulwark.device.DeviceBuffer;
import dev.bulwark.device.DeviceInfo;
import dev.bulwark.device.DeviceMemory;
import dev.bulwark.device.InputGradients;
import dev.bulwark.device.NoisyClassifier;
import dev.bulwark.device.Pooling;
import dev.bulwark.model.Graph;
import dev.bulwark.model.Op;
import dev.bulwark.shapes.Shape;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;
import java.util.stream.IntStream;

/**
 * A network laid onto a device: its parameters in one flat buffer, so that an optimiser or a copy is one call, and the steps
 * that compute its values one after the other. Value 0 is the input, and the last step makes the logits. Flattening moves
 * nothing and is no step, unless there is nothing else.
 */
public final class Plan implements AutoCloseable {

    /** Elements that the values of a batch should have at most: 1 GiB, and twice as much of boxes. */
    private static final long ELEMENTS = 1L << 28;

    private final Backend backend;
    private final Graph graph;
    private final Arithmetic arithmetic;
    private final DeviceMemory memory;
    private final DeviceBuffer parameters;
    private final List<Step> steps;
    private final int[] sizes;

    private Plan(Backend backend, Graph graph, Arithmetic arithmetic) {
        this.backend = backend;
        this.graph = graph;
        this.arithmetic = arithmetic;
        try (DeviceMemory building = new DeviceMemory(backend)) {
            this.parameters = building.holding(Parameters.of(graph));
            Layout layout = new Layout(backend, building, graph, parameters);
            this.steps = List.copyOf(layout.steps);
            this.sizes = layout.sizes.stream().mapToInt(Integer::intValue).toArray();
            this.memory = building.handOver();
        }
    }

    /** Copies {@code graph} to {@code backend}. */
    public static Plan load(Backend backend, Graph graph) {
        return load(backend, graph, Arithmetic.REAL);
    }

    /** As {@link #load(Backend, Graph)}. @param arithmetic what bounds of it speak of; nothing else depends on it */
    public static Plan load(Backend backend, Graph graph, Arithmetic arithmetic) {
        return new Plan(backend, graph, arithmetic);
    }

    public Backend backend() {
        return backend;
    }

    public Graph graph() {
        return graph;
    }

    /** What bounds of this network speak of. */
    public Arithmetic arithmetic() {
        return arithmetic;
    }

    /** First to last. */
    public List<Step> steps() {
        return steps;
    }

    /** The last step, where it is a dense layer: margins between logits can then be formed of its weights. */
    public Optional<Affine> lastLayer() {
        return steps.get(steps.size() - 1) instanceof Step.Linear linear ? linear.operator().dense() : Optional.empty();
    }

    /** Number of values, the input included. */
    public int values() {
        return sizes.length;
    }

    /** Elements of value {@code number}. */
    public int size(int number) {
        return sizes[number];
    }

    /** Elements of one input. */
    public int inputs() {
        return sizes[0];
    }

    /** Number of logits. */
    public int classes() {
        return sizes[sizes.length - 1];
    }

    /** All parameters in the order of {@link Parameters}. */
    public DeviceBuffer parameters() {
        return parameters;
    }

    /**
     * The base classifier for smoothing, normalisations folded into the layers beside them: by kernels of the device that
     * take the network whole, where it is a {@link Perceptron} or a {@link Chain}, else composed of its steps in float. The
     * caller closes it, before the plan.
     *
     * @param own owns what those kernels need beyond the plan's parameters; closed after the classifier
     */
    public NoisyClassifier noisyClassifier(DeviceMemory own) {
        Plan folded = folded(own);
        Optional<List<Affine>> perceptron = Perceptron.layers(folded, own);
        if (perceptron.isPresent()) {
            return backend.noisyClassifier(perceptron.get());
        }
        Supplier<NoisyClassifier> composed = () -> new ComposedNoisyClassifier(backend, inputs(), classes(),
                buffers -> new Logits(buffers, folded, ComposedNoisyClassifier.BATCH)::of);
        return Chain.layers(folded).flatMap(layers -> backend.chainClassifier(layers, composed)).orElseGet(composed);
    }

    /** Whether a device like this has kernels of its own that take {@code graph} whole in noisy passes. */
    public static boolean isTakenWhole(Graph graph, DeviceInfo device) {
        return Perceptron.is(graph) || device.libraries().containsKey(DeviceInfo.CHAINS) && Chain.is(graph);
    }

    /** The same of gradients with respect to inputs. */
    public static boolean gradientsAreTakenWhole(Graph graph, DeviceInfo device) {
        return Perceptron.is(graph)
                || isTakenWhole(graph, device) && !device.libraries().containsKey(DeviceInfo.CHAIN_GRADIENTS);
    }

    /** This plan, or one of its graph without normalisations, which {@code own} owns: see {@link Folding}. */
    private Plan folded(DeviceMemory own) {
        Graph folded = Folding.of(graph);
        return folded == graph ? this : own.owning(load(backend, folded));
    }

    /**
     * The network prepared for gradients with respect to its inputs, which must lie in [0, 1], normalisations folded into the
     * layers beside them: by kernels of the device that take the network whole, where it is a {@link Perceptron} or a
     * {@link Chain}, else by the chain rule over its steps in float. The caller closes it, before the plan.
     *
     * @param own      owns what those kernels need beyond the plan's parameters; closed after the gradients
     * @param capacity rows that a batch may have
     */
    public InputGradients inputGradients(DeviceMemory own, int capacity) {
        Plan folded = folded(own);
        Optional<List<Affine>> perceptron = Perceptron.layers(folded, own);
        if (perceptron.isPresent()) {
            return backend.inputGradients(perceptron.get(), capacity);
        }
        return Chain.layers(folded).flatMap(layers -> backend.chainGradients(layers, capacity))
                .orElseGet(() -> new ChainRule(folded, capacity));
    }

    /** As {@link #inputGradients}, in float by the plan's own steps, for inputs of any size. */
    public InputGradients floatInputGradients(int capacity) {
        return new ChainRule(this, capacity);
    }

    /**
     * Images that should go through together: {@link Backend#imagesPerCall}, or fewer where the network's values are so large
     * that they would fill the memory.
     */
    public int imagesPerCall() {
        long elements = IntStream.of(sizes).asLongStream().sum();
        return (int) Math.max(1, Math.min(backend.imagesPerCall(), ELEMENTS / elements));
    }

    /** Complains unless {@code inputs} is {@code [rows,D]} with every element in [low, high]; NaN lies in no range. */
    public void requireInputs(float[] inputs, int rows, float low, float high) {
        if (inputs.length != (long) rows * inputs()) {
            throw new IllegalArgumentException("inputs holds " + inputs.length + " elements, " + rows + " rows of "
                    + inputs() + " need " + (long) rows * inputs());
        }
        for (int k = 0; k < inputs.length; ++k) {
            if (!(inputs[k] >= low && inputs[k] <= high)) {
                throw new IllegalArgumentException("inputs must lie in [" + low + ", " + high + "]: row "
                        + k / inputs() + " holds " + inputs[k] + " at element " + k % inputs());
            }
        }
    }

    /** Complains unless every label is one of the network's classes. */
    public void requireLabels(int[] labels) {
        for (int n = 0; n < labels.length; ++n) {
            if (labels[n] < 0 || labels[n] >= classes()) {
                throw new IllegalArgumentException(
                        "labels must lie in [0, " + classes() + "): row " + n + " holds " + labels[n]);
            }
        }
    }

    @Override
    public void close() {
        memory.close();
    }

    /** Turns operations into steps. */
    private static final class Layout implements Op.Visitor<Integer> {

        private final Backend backend;
        /** Owns what operators need beyond the parameters. */
        private final DeviceMemory memory;
        private final Graph graph;
        private final DeviceBuffer parameters;
        private final List<Step> steps = new ArrayList<>();
        private final List<Integer> sizes = new ArrayList<>();
        /** The plan's number of each of the graph's values. */
        private final List<Integer> numbers = new ArrayList<>();
        private Graph.Node node;
        private long at;

        Layout(Backend backend, DeviceMemory memory, Graph graph, DeviceBuffer parameters) {
            this.backend = backend;
            this.memory = memory;
            this.graph = graph;
            this.parameters = parameters;
            sizes.add(graph.input().size());
            numbers.add(0);
            for (Graph.Node each : graph.nodes()) {
                node = each;
                numbers.add(each.op().accept(this));
            }
            if (steps.isEmpty()) { // all was flattening: logits are the input's elements
                int[] same = IntStream.range(0, sizes.get(0)).toArray();
                int to = value(same.length);
                steps.add(new Step.Linear(RearrangingOperator.of(backend, memory, same, same.length), 0, to));
            }
        }

        private int from(int input) {
            return numbers.get(node.inputs().get(input));
        }

        /** The number of a new value of this size. */
        private int value(int size) {
            sizes.add(size);
            return sizes.size() - 1;
        }

        private DeviceBuffer next(long length) {
            DeviceBuffer part = parameters.slice(at, length);
            at += length;
            return part;
        }

        private int add(LinearOperator operator) {
            return add(operator, 0);
        }

        private int add(LinearOperator operator, int input) {
            int to = value(operator.outputs());
            steps.add(new Step.Linear(operator, from(input), to));
            return to;
        }

        private Shape inputShape() {
            return graph.shape(node.inputs().get(0));
        }

        @Override
        public Integer dense(Op.Dense op) {
            return add(new DenseOperator(backend,
                    new Affine(next(op.weight().size()), next(op.bias().size()), op.in(), op.out())));
        }

        @Override
        public Integer conv2d(Op.Conv2d op) {
            return add(new ConvolutionOperator(backend, Convolution.over(inputShape().image(),
                    next(op.weight().size()), next(op.bias().size()), op.channels(), op.windows(), op.groups())));
        }

        @Override
        public Integer relu(Op.Relu op) {
            int from = from(0);
            int to = value(sizes.get(from));
            steps.add(new Step.Relu(from, to));
            return to;
        }

        @Override
        public Integer flatten(Op.Flatten op) {
            return from(0);
        }

        @Override
        public Integer averagePool2d(Op.AveragePool2d op) {
            return add(new AverageOperator(backend, new Pooling(inputShape().image(), op.windows(), op.countPadding())));
        }

        @Override
        public Integer batchNorm(Op.BatchNorm op) {
            return add(ScalingOperator.of(backend, memory, ChannelNumbers.of(op), ChannelRounding.of(op),
                    inputShape().size() / op.gamma().size()));
        }

        @Override
        public Integer scale(Op.Scale op) {
            return add(ScalingOperator.of(backend, memory, ChannelNumbers.of(op), ChannelRounding.of(op),
                    inputShape().size() / op.factor().size()));
        }

        @Override
        public Integer add(Op.Add op) {
            int first = from(0);
            int second = from(1);
            int to = value(sizes.get(first));
            steps.add(new Step.Sum(first, second, to));
            return to;
        }

        @Override
        public Integer reshape(Op.Reshape op) {
            return from(0);
        }

        @Override
        public Integer maxPool2d(Op.MaxPool2d op) {
            Pooling pooling = Pooling.ofMaxima(graph.shape(node.inputs().get(0)).image(), op.windows());
            int to = value(pooling.output().size());
            steps.add(new Step.MaxPool(pooling, from(0), to));
            return to;
        }

        @Override
        public Integer leakyRelu(Op.LeakyRelu op) {
            return op.slope() == 0 ? relu(new Op.Relu()) : activation(new Activation.LeakyRelu(op.slope()));
        }

        @Override
        public Integer clip(Op.Clip op) {
            return op.low() == 0 && op.high() == Float.POSITIVE_INFINITY ? relu(new Op.Relu())
                    : activation(new Activation.Clip(op.low(), op.high()));
        }

        @Override
        public Integer sigmoid(Op.Sigmoid op) {
            return activation(new Activation.Sigmoid());
        }

        @Override
        public Integer tanh(Op.Tanh op) {
            return activation(new Activation.Tanh());
        }

        private int activation(Activation function) {
            int from = from(0);
            int to = value(sizes.get(from));
            steps.add(new Step.Activation(function, from, to));
            return to;
        }

        @Override
        public Integer concat(Op.Concat op) {
            int size = node.inputs().stream().mapToInt(input -> graph.shape(input).size()).sum();
            int joined = part(0, 0, size);
            int at = sizes.get(from(0));
            for (int input = 1; input < node.inputs().size(); ++input) {
                int part = part(input, at, size);
                at += sizes.get(from(input));
                int to = value(size);
                steps.add(new Step.Sum(joined, part, to));
                joined = to;
            }
            return joined;
        }

        @Override
        public Integer rearrange(Op.Rearrange op) {
            return add(RearrangingOperator.of(backend, memory, op.source(), inputShape().size()));
        }

        /** An input at its place in a concatenation of {@code size} elements, zeros elsewhere. */
        private int part(int input, int at, int size) {
            int[] source = new int[size];
            int elements = sizes.get(from(input));
            Arrays.setAll(source, k -> k >= at && k < at + elements ? k - at : Op.Rearrange.ZERO);
            return add(RearrangingOperator.of(backend, memory, source, elements), input);
        }
    }
}
