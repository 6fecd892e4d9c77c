package dev.bulwark.model;

import dev.bulwark.shapes.Shape;
import dev.bulwark.shapes.Windows;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.DoubleUnaryOperator;
import java.util.stream.DoubleStream;

/** A graph evaluated in double, operation by operation as its Javadoc defines it. Shares no code with any device. */
public final class DoubleGraph {

    private DoubleGraph() {
    }

    /** Logits at {@code x}. */
    public static double[] logits(Graph graph, float... x) {
        List<double[]> values = values(graph, x);
        return values.get(values.size() - 1);
    }

    /** Every value of the graph at {@code x}: the input, and what each operation makes. */
    public static List<double[]> values(Graph graph, float... x) {
        double[] input = new double[x.length];
        Arrays.setAll(input, k -> x[k]);
        List<double[]> values = new ArrayList<>();
        values.add(input);
        for (Graph.Node node : graph.nodes()) {
            List<double[]> inputs = node.inputs().stream().map(values::get).toList();
            values.add(node.op().accept(new Evaluation(inputs, graph.shape(node.inputs().get(0)))));
        }
        return values;
    }

    /** @param shape the first input's */
    private record Evaluation(List<double[]> inputs, Shape shape) implements Op.Visitor<double[]> {

        private double[] x() {
            return inputs.get(0);
        }

        /** Takes the elements of a window that lie inside the image. */
        private interface Element {
            void take(int weight, int element);
        }

        /** @param first channel of the receptive field, of {@code channels} */
        private void window(Windows windows, int v, int u, int first, int channels, Element element) {
            Windows.Axis height = windows.height();
            Windows.Axis width = windows.width();
            int weight = 0;
            for (int c = first; c < first + channels; ++c) {
                for (int r = 0; r < height.kernel(); ++r) {
                    for (int s = 0; s < width.kernel(); ++s, ++weight) {
                        int row = v * height.stride() - height.before() + r * height.dilation();
                        int column = u * width.stride() - width.before() + s * width.dilation();
                        if (row >= 0 && row < shape.dimension(1) && column >= 0 && column < shape.dimension(2)) {
                            element.take(weight, (c * shape.dimension(1) + row) * shape.dimension(2) + column);
                        }
                    }
                }
            }
        }

        @Override
        public double[] dense(Op.Dense op) {
            double[] y = new double[op.out()];
            for (int o = 0; o < y.length; ++o) {
                y[o] = op.bias().at(o);
                for (int i = 0; i < op.in(); ++i) {
                    y[o] += (double) op.weight().at(o * op.in() + i) * x()[i];
                }
            }
            return y;
        }

        @Override
        public double[] conv2d(Op.Conv2d op) {
            Shape out = op.outputShape(List.of(shape));
            int seen = op.weight().shape().dimension(1);
            int taps = op.weight().size() / op.channels();
            double[] y = new double[out.size()];
            for (int k = 0; k < y.length; ++k) {
                int o = k / (out.dimension(1) * out.dimension(2));
                double[] sum = {op.bias().at(o)};
                window(op.windows(), k / out.dimension(2) % out.dimension(1), k % out.dimension(2),
                        o / (op.channels() / op.groups()) * seen, seen,
                        (weight, element) -> sum[0] += (double) op.weight().at(o * taps + weight) * x()[element]);
                y[k] = sum[0];
            }
            return y;
        }

        @Override
        public double[] averagePool2d(Op.AveragePool2d op) {
            return pooled(op.outputShape(List.of(shape)), op.windows(), elements -> elements.sum()
                    / (op.countPadding() ? op.windows().elements() : elements.count));
        }

        @Override
        public double[] maxPool2d(Op.MaxPool2d op) {
            return pooled(op.outputShape(List.of(shape)), op.windows(), Elements::largest);
        }

        private static final class Elements {
            private int count;
            private double sum;
            private double largest = Double.NEGATIVE_INFINITY;

            private void add(double x) {
                ++count;
                sum += x;
                largest = Math.max(largest, x);
            }

            private double sum() {
                return sum;
            }

            private double largest() {
                return largest;
            }
        }

        private double[] pooled(Shape out, Windows windows, java.util.function.ToDoubleFunction<Elements> of) {
            double[] y = new double[out.size()];
            for (int k = 0; k < y.length; ++k) {
                Elements elements = new Elements();
                window(windows, k / out.dimension(2) % out.dimension(1), k % out.dimension(2),
                        k / (out.dimension(1) * out.dimension(2)), 1, (weight, element) -> elements.add(x()[element]));
                y[k] = of.applyAsDouble(elements);
            }
            return y;
        }

        @Override
        public double[] batchNorm(Op.BatchNorm op) {
            double[] y = new double[x().length];
            for (int k = 0; k < y.length; ++k) {
                int c = k / (y.length / op.gamma().size());
                y[k] = (x()[k] - op.mean().at(c)) * op.gamma().at(c) / Math.sqrt(op.variance().at(c) + op.epsilon())
                        + op.beta().at(c);
            }
            return y;
        }

        @Override
        public double[] scale(Op.Scale op) {
            double[] y = new double[x().length];
            for (int k = 0; k < y.length; ++k) {
                int c = k / (y.length / op.factor().size());
                y[k] = op.factor().at(c) * x()[k] / op.divisor().at(c) + op.offset().at(c);
            }
            return y;
        }

        @Override
        public double[] add(Op.Add op) {
            double[] y = new double[x().length];
            Arrays.setAll(y, k -> x()[k] + inputs.get(1)[k]);
            return y;
        }

        private double[] each(DoubleUnaryOperator function) {
            return Arrays.stream(x()).map(function).toArray();
        }

        @Override
        public double[] relu(Op.Relu op) {
            return each(x -> Math.max(x, 0));
        }

        @Override
        public double[] leakyRelu(Op.LeakyRelu op) {
            return each(x -> x >= 0 ? x : op.slope() * x);
        }

        @Override
        public double[] clip(Op.Clip op) {
            return each(x -> Math.min(Math.max(x, op.low()), op.high()));
        }

        @Override
        public double[] sigmoid(Op.Sigmoid op) {
            return each(x -> 1 / (1 + Math.exp(-x)));
        }

        @Override
        public double[] tanh(Op.Tanh op) {
            return each(Math::tanh);
        }

        @Override
        public double[] concat(Op.Concat op) {
            return inputs.stream().flatMapToDouble(DoubleStream::of).toArray();
        }

        @Override
        public double[] rearrange(Op.Rearrange op) {
            return Arrays.stream(op.source()).mapToDouble(k -> k == Op.Rearrange.ZERO ? 0 : x()[k]).toArray();
        }

        @Override
        public double[] reshape(Op.Reshape op) {
            return x();
        }

        @Override
        public double[] flatten(Op.Flatten op) {
            return x();
        }
    }
}
