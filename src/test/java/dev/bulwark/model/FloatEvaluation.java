package dev.bulwark.model;

import dev.bulwark.shapes.Shape;
import dev.bulwark.shapes.Windows;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.IntStream;

/**
 * A graph evaluated in float32, operation by operation as its Javadoc defines it, with sums in some order. Shares no code with
 * any device.
 */
public final class FloatEvaluation implements Op.Visitor<float[]> {

    /** In which order a sum's terms are taken. */
    public enum Order {
        FORWARD, BACKWARD, POSITIVE_FIRST, NEGATIVE_FIRST, ALTERNATE, LARGEST_FIRST, SMALLEST_FIRST, PAIRWISE, BLOCKED, RANDOM,
        TREE
    }

    /** Whether products and sums are fused. */
    public enum Fused {
        NEVER, ALWAYS, AT_RANDOM
    }

    /**
     * How to evaluate.
     *
     * @param order     of every sum; if {@code mixed}, each sum draws its own
     * @param biasFirst whether a sum begins with the bias, not ends with it
     * @param flushing  whether subnormal numbers are taken for 0, and made 0
     */
    public record Way(Order order, boolean mixed, Fused fused, boolean biasFirst, boolean flushing) {

        /** One product after the other, then the bias. */
        public static final Way PLAIN = new Way(Order.FORWARD, false, Fused.NEVER, false, false);

        /** Number {@code k}: each order in turn, the rest at random. */
        public static Way number(int k, SplittableRandom random) {
            Order[] orders = Order.values();
            return new Way(orders[k % orders.length], random.nextInt(3) == 0, Fused.values()[random.nextInt(3)], random.nextBoolean(),
                    random.nextInt(3) == 0);
        }
    }

    private final Way way;
    private final SplittableRandom random;
    private List<float[]> inputs = List.of();
    private Shape shape = Shape.of(1);

    private FloatEvaluation(Way way, SplittableRandom random) {
        this.way = way;
        this.random = random;
    }

    /** Logits at {@code x}. */
    public static float[] logits(Graph graph, float[] x, Way way, SplittableRandom random) {
        FloatEvaluation evaluation = new FloatEvaluation(way, random);
        List<float[]> values = new ArrayList<>();
        values.add(x);
        for (Graph.Node node : graph.nodes()) {
            evaluation.inputs = node.inputs().stream().map(values::get).toList();
            evaluation.shape = graph.shape(node.inputs().get(0));
            values.add(node.op().accept(evaluation));
        }
        return values.get(values.size() - 1);
    }

    private float[] x() {
        return inputs.get(0);
    }

    private float flushed(float value) {
        return way.flushing && Math.abs(value) < Float.MIN_NORMAL ? 0 : value;
    }

    private float sum(float a, float b) {
        return flushed(flushed(a) + flushed(b));
    }

    private float product(float a, float b) {
        return flushed(flushed(a) * flushed(b));
    }

    private float quotient(float a, float b) {
        return flushed(flushed(a) / flushed(b));
    }

    /** {@code sum + w h}, fused or not. */
    private float plus(float sum, float w, float h) {
        boolean fuse = way.fused == Fused.ALWAYS || way.fused == Fused.AT_RANDOM && random.nextBoolean();
        return fuse ? flushed(Math.fma(flushed(w), flushed(h), flushed(sum))) : sum(sum, product(w, h));
    }

    /** The terms of a sum. */
    private static final class Terms {
        private float[] w = new float[8];
        private float[] h = new float[8];
        private int count;

        void add(float weight, float value) {
            if (count == w.length) {
                w = Arrays.copyOf(w, 2 * count);
                h = Arrays.copyOf(h, 2 * count);
            }
            w[count] = weight;
            h[count++] = value;
        }

        double size(int k) {
            return (double) w[k] * h[k];
        }
    }

    private float sum(Terms terms, float bias) {
        Order order = way.mixed ? Order.values()[random.nextInt(Order.values().length)] : way.order;
        int[] taken = taken(terms, order);
        if (order == Order.TREE || order == Order.PAIRWISE || order == Order.BLOCKED) {
            return tree(terms, taken, bias, order);
        }
        float sum = way.biasFirst ? bias : 0;
        for (int k : taken) {
            sum = plus(sum, terms.w[k], terms.h[k]);
        }
        return way.biasFirst ? sum : sum(sum, bias);
    }

    private int[] taken(Terms terms, Order order) {
        Comparator<Integer> bySize = Comparator.comparingDouble(k -> Math.abs(terms.size(k)));
        Comparator<Integer> bySign = Comparator.comparingDouble(k -> terms.size(k));
        switch (order) {
            case BACKWARD:
                return IntStream.range(0, terms.count).map(k -> terms.count - 1 - k).toArray();
            case POSITIVE_FIRST:
                return sorted(terms, bySign.reversed());
            case NEGATIVE_FIRST:
                return sorted(terms, bySign);
            case LARGEST_FIRST:
                return sorted(terms, bySize.reversed());
            case SMALLEST_FIRST:
                return sorted(terms, bySize);
            case ALTERNATE:
                int[] descending = sorted(terms, bySign.reversed());
                return IntStream.range(0, terms.count)
                        .map(k -> descending[k % 2 == 0 ? k / 2 : terms.count - 1 - k / 2]).toArray();
            case RANDOM:
            case TREE:
                int[] shuffled = IntStream.range(0, terms.count).toArray();
                for (int k = shuffled.length - 1; k > 0; --k) {
                    int other = random.nextInt(k + 1);
                    int kept = shuffled[k];
                    shuffled[k] = shuffled[other];
                    shuffled[other] = kept;
                }
                return shuffled;
            default:
                return IntStream.range(0, terms.count).toArray();
        }
    }

    private static int[] sorted(Terms terms, Comparator<Integer> by) {
        return IntStream.range(0, terms.count).boxed().sorted(by).mapToInt(k -> k).toArray();
    }

    /** Parts of sums, then sums of parts: neighbours, blocks, or any two. The bias is one of the parts. */
    private float tree(Terms terms, int[] taken, float bias, Order order) {
        List<Float> parts = new ArrayList<>(List.of(bias));
        int block = order == Order.BLOCKED ? 4 : 1;
        for (int from = 0; from < taken.length; from += block) {
            float part = product(terms.w[taken[from]], terms.h[taken[from]]);
            for (int k = from + 1; k < Math.min(from + block, taken.length); ++k) {
                part = plus(part, terms.w[taken[k]], terms.h[taken[k]]);
            }
            parts.add(way.biasFirst ? parts.size() : random.nextInt(parts.size() + 1), part);
        }
        while (parts.size() > 1) {
            if (order == Order.TREE) {
                float part = parts.remove(random.nextInt(parts.size()));
                int other = random.nextInt(parts.size());
                parts.set(other, sum(parts.get(other), part));
            } else {
                List<Float> sums = new ArrayList<>();
                for (int k = 0; k < parts.size(); k += 2) {
                    sums.add(k + 1 < parts.size() ? (Float) sum(parts.get(k), parts.get(k + 1)) : parts.get(k));
                }
                parts = sums;
            }
        }
        return parts.get(0);
    }

    @Override
    public float[] dense(Op.Dense op) {
        float[] y = new float[op.out()];
        for (int o = 0; o < y.length; ++o) {
            Terms terms = new Terms();
            for (int i = 0; i < op.in(); ++i) {
                terms.add(op.weight().at(o * op.in() + i), x()[i]);
            }
            y[o] = sum(terms, op.bias().at(o));
        }
        return y;
    }

    /** Takes the elements of a window, and -1 for one outside the image. */
    private interface Element {
        void take(int weight, int element);
    }

    private void window(Windows windows, int v, int u, int first, int channels, Element element) {
        Windows.Axis height = windows.height();
        Windows.Axis width = windows.width();
        int weight = 0;
        for (int c = first; c < first + channels; ++c) {
            for (int r = 0; r < height.kernel(); ++r) {
                for (int s = 0; s < width.kernel(); ++s, ++weight) {
                    int row = v * height.stride() - height.before() + r * height.dilation();
                    int column = u * width.stride() - width.before() + s * width.dilation();
                    boolean inside = row >= 0 && row < shape.dimension(1) && column >= 0 && column < shape.dimension(2);
                    element.take(weight, inside ? (c * shape.dimension(1) + row) * shape.dimension(2) + column : -1);
                }
            }
        }
    }

    @Override
    public float[] conv2d(Op.Conv2d op) {
        Shape out = op.outputShape(List.of(shape));
        int area = out.dimension(1) * out.dimension(2);
        int seen = shape.dimension(0) / op.groups();
        int taps = seen * op.windows().elements();
        float[] y = new float[out.size()];
        for (int k = 0; k < y.length; ++k) {
            int o = k / area;
            Terms terms = new Terms();
            window(op.windows(), k % area / out.dimension(2), k % out.dimension(2), o / (op.channels() / op.groups()) * seen, seen,
                    (weight, element) -> terms.add(op.weight().at(o * taps + weight), element < 0 ? 0 : x()[element]));
            y[k] = sum(terms, op.bias().at(o));
        }
        return y;
    }

    @Override
    public float[] averagePool2d(Op.AveragePool2d op) {
        Shape out = op.outputShape(List.of(shape));
        int area = out.dimension(1) * out.dimension(2);
        float[] y = new float[out.size()];
        for (int k = 0; k < y.length; ++k) {
            Terms terms = new Terms();
            int[] inside = {0};
            float inverse = 1f / op.windows().elements();
            boolean byWeights = op.countPadding() && random.nextBoolean();
            window(op.windows(), k % area / out.dimension(2), k % out.dimension(2), k / area, 1, (weight, element) -> {
                inside[0] += element < 0 ? 0 : 1;
                terms.add(byWeights ? inverse : 1, element < 0 ? 0 : x()[element]);
            });
            float sum = sum(terms, 0);
            int count = op.countPadding() ? op.windows().elements() : inside[0];
            y[k] = byWeights ? sum : random.nextBoolean() ? quotient(sum, count) : product(sum, 1f / count);
        }
        return y;
    }

    @Override
    public float[] maxPool2d(Op.MaxPool2d op) {
        Shape out = op.outputShape(List.of(shape));
        int area = out.dimension(1) * out.dimension(2);
        float[] y = new float[out.size()];
        for (int k = 0; k < y.length; ++k) {
            float[] largest = {Float.NEGATIVE_INFINITY};
            window(op.windows(), k % area / out.dimension(2), k % out.dimension(2), k / area, 1,
                    (weight, element) -> largest[0] = element < 0 ? largest[0] : Math.max(largest[0], x()[element]));
            y[k] = flushed(largest[0]);
        }
        return y;
    }

    @Override
    public float[] batchNorm(Op.BatchNorm op) {
        int area = shape.size() / op.gamma().size();
        boolean folded = random.nextBoolean();
        float[] y = new float[shape.size()];
        for (int k = 0; k < y.length; ++k) {
            int c = k / area;
            float root = (float) Math.sqrt(sum(op.variance().at(c), (float) op.epsilon()));
            if (folded) {
                float factor = random.nextBoolean() ? quotient(op.gamma().at(c), root) : product(op.gamma().at(c), 1 / root);
                y[k] = plus(sum(op.beta().at(c), -product(op.mean().at(c), factor)), factor, x()[k]);
            } else {
                float centred = sum(x()[k], -op.mean().at(c));
                float divided = random.nextBoolean() ? product(quotient(centred, root), op.gamma().at(c))
                        : quotient(product(centred, op.gamma().at(c)), root);
                y[k] = sum(divided, op.beta().at(c));
            }
        }
        return y;
    }

    @Override
    public float[] scale(Op.Scale op) {
        int area = shape.size() / op.factor().size();
        float[] y = new float[shape.size()];
        for (int k = 0; k < y.length; ++k) {
            int c = k / area;
            float f = op.factor().at(c);
            float d = op.divisor().at(c);
            switch (random.nextInt(3)) {
                case 0:
                    y[k] = plus(op.offset().at(c), quotient(f, d), x()[k]);
                    break;
                case 1:
                    y[k] = sum(quotient(product(f, x()[k]), d), op.offset().at(c));
                    break;
                default:
                    y[k] = sum(product(product(f, x()[k]), quotient(1, d)), op.offset().at(c));
            }
        }
        return y;
    }

    @Override
    public float[] add(Op.Add op) {
        float[] y = x().clone();
        for (int k = 0; k < y.length; ++k) {
            y[k] = sum(y[k], inputs.get(1)[k]);
        }
        return y;
    }

    /** A function of one element. */
    private interface Function {
        float of(float x);
    }

    private float[] each(Function function) {
        float[] y = new float[x().length];
        for (int k = 0; k < y.length; ++k) {
            y[k] = flushed(function.of(flushed(x()[k])));
        }
        return y;
    }

    @Override
    public float[] relu(Op.Relu op) {
        return each(x -> Math.max(x, 0));
    }

    @Override
    public float[] leakyRelu(Op.LeakyRelu op) {
        return each(x -> x > 0 ? x : op.slope() * x);
    }

    @Override
    public float[] clip(Op.Clip op) {
        return each(x -> Math.min(Math.max(x, op.low()), op.high()));
    }

    @Override
    public float[] sigmoid(Op.Sigmoid op) {
        throw new UnsupportedOperationException("no float32 sigmoid is the same everywhere");
    }

    @Override
    public float[] tanh(Op.Tanh op) {
        throw new UnsupportedOperationException("no float32 hyperbolic tangent is the same everywhere");
    }

    @Override
    public float[] flatten(Op.Flatten op) {
        return x();
    }

    @Override
    public float[] reshape(Op.Reshape op) {
        return x();
    }

    @Override
    public float[] concat(Op.Concat op) {
        float[] all = new float[inputs.stream().mapToInt(part -> part.length).sum()];
        int at = 0;
        for (float[] part : inputs) {
            System.arraycopy(part, 0, all, at, part.length);
            at += part.length;
        }
        return all;
    }

    @Override
    public float[] rearrange(Op.Rearrange op) {
        int[] source = op.source();
        float[] y = new float[source.length];
        for (int k = 0; k < y.length; ++k) {
            y[k] = source[k] == Op.Rearrange.ZERO ? 0 : x()[source[k]];
        }
        return y;
    }
}
