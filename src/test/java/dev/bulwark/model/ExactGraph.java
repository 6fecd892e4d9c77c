package dev.bulwark.model;

import dev.bulwark.shapes.Shape;
import dev.bulwark.shapes.Windows;
import java.math.BigDecimal;
import java.math.MathContext;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.UnaryOperator;

/**
 * A graph evaluated in decimal arithmetic, operation by operation as its Javadoc defines it: exact but for divisions and
 * roots, which have 60 digits. Shares no code with any device.
 */
public final class ExactGraph {

    private static final MathContext DIGITS = new MathContext(60);

    private ExactGraph() {
    }

    /** Logits at {@code x}. */
    public static BigDecimal[] logits(Graph graph, BigDecimal[] x) {
        List<BigDecimal[]> values = new ArrayList<>();
        values.add(x);
        for (Graph.Node node : graph.nodes()) {
            List<BigDecimal[]> inputs = node.inputs().stream().map(values::get).toList();
            Shape shape = graph.shape(node.inputs().get(0));
            values.add(node.op().accept(new Evaluation(inputs, shape)));
        }
        return values.get(values.size() - 1);
    }

    public static BigDecimal[] exactly(float... values) {
        BigDecimal[] exact = new BigDecimal[values.length];
        for (int k = 0; k < values.length; ++k) {
            exact[k] = new BigDecimal(values[k]);
        }
        return exact;
    }

    /** @param shape the first input's */
    private record Evaluation(List<BigDecimal[]> inputs, Shape shape) implements Op.Visitor<BigDecimal[]> {

        private BigDecimal[] x() {
            return inputs.get(0);
        }

        @Override
        public BigDecimal[] dense(Op.Dense op) {
            BigDecimal[] y = exactly(op.bias().toArray());
            for (int o = 0; o < op.out(); ++o) {
                for (int i = 0; i < op.in(); ++i) {
                    y[o] = y[o].add(exact(op.weight().at(o * op.in() + i)).multiply(x()[i]));
                }
            }
            return y;
        }

        @Override
        public BigDecimal[] conv2d(Op.Conv2d op) {
            Shape out = op.outputShape(List.of(shape));
            int columns = op.inputChannels() / op.groups();
            Windows windows = op.windows();
            BigDecimal[] y = new BigDecimal[out.size()];
            for (int k = 0; k < y.length; ++k) {
                int o = k / (out.dimension(1) * out.dimension(2));
                int v = k / out.dimension(2) % out.dimension(1);
                int u = k % out.dimension(2);
                int first = o / (op.channels() / op.groups()) * columns;
                y[k] = exact(op.bias().at(o));
                for (int i = 0; i < columns; ++i) {
                    for (int r = 0; r < windows.height().kernel(); ++r) {
                        for (int s = 0; s < windows.width().kernel(); ++s) {
                            BigDecimal pixel = pixel(first + i, at(windows.height(), v, r), at(windows.width(), u, s));
                            int w = ((o * columns + i) * windows.height().kernel() + r) * windows.width().kernel() + s;
                            y[k] = y[k].add(exact(op.weight().at(w)).multiply(pixel));
                        }
                    }
                }
            }
            return y;
        }

        @Override
        public BigDecimal[] averagePool2d(Op.AveragePool2d op) {
            Shape out = op.outputShape(List.of(shape));
            Windows windows = op.windows();
            BigDecimal[] y = new BigDecimal[out.size()];
            for (int k = 0; k < y.length; ++k) {
                int channel = k / (out.dimension(1) * out.dimension(2));
                int v = k / out.dimension(2) % out.dimension(1);
                int u = k % out.dimension(2);
                BigDecimal sum = BigDecimal.ZERO;
                int counted = 0;
                for (int r = 0; r < windows.height().kernel(); ++r) {
                    for (int s = 0; s < windows.width().kernel(); ++s) {
                        int row = at(windows.height(), v, r);
                        int column = at(windows.width(), u, s);
                        sum = sum.add(pixel(channel, row, column));
                        counted += op.countPadding() || inside(row, column) ? 1 : 0;
                    }
                }
                y[k] = sum.divide(BigDecimal.valueOf(counted), DIGITS);
            }
            return y;
        }

        @Override
        public BigDecimal[] batchNorm(Op.BatchNorm op) {
            BigDecimal[] y = new BigDecimal[x().length];
            for (int k = 0; k < y.length; ++k) {
                int c = k / (y.length / op.gamma().size());
                BigDecimal root = exact(op.variance().at(c)).add(new BigDecimal(op.epsilon())).sqrt(DIGITS);
                y[k] = x()[k].subtract(exact(op.mean().at(c))).multiply(exact(op.gamma().at(c))).divide(root, DIGITS)
                        .add(exact(op.beta().at(c)));
            }
            return y;
        }

        @Override
        public BigDecimal[] scale(Op.Scale op) {
            BigDecimal[] y = new BigDecimal[x().length];
            for (int k = 0; k < y.length; ++k) {
                int c = k / (y.length / op.factor().size());
                y[k] = x()[k].multiply(exact(op.factor().at(c)))
                        .divide(exact(op.divisor().at(c)), DIGITS).add(exact(op.offset().at(c)));
            }
            return y;
        }

        @Override
        public BigDecimal[] add(Op.Add op) {
            BigDecimal[] y = new BigDecimal[x().length];
            for (int k = 0; k < y.length; ++k) {
                y[k] = x()[k].add(inputs.get(1)[k]);
            }
            return y;
        }

        @Override
        public BigDecimal[] relu(Op.Relu op) {
            BigDecimal[] y = new BigDecimal[x().length];
            for (int k = 0; k < y.length; ++k) {
                y[k] = x()[k].max(BigDecimal.ZERO);
            }
            return y;
        }

        @Override
        public BigDecimal[] maxPool2d(Op.MaxPool2d op) {
            Shape out = op.outputShape(List.of(shape));
            Windows windows = op.windows();
            BigDecimal[] y = new BigDecimal[out.size()];
            for (int k = 0; k < y.length; ++k) {
                for (int r = 0; r < windows.height().kernel(); ++r) {
                    for (int s = 0; s < windows.width().kernel(); ++s) {
                        int row = at(windows.height(), k / out.dimension(2) % out.dimension(1), r);
                        int column = at(windows.width(), k % out.dimension(2), s);
                        if (inside(row, column)) {
                            BigDecimal pixel = pixel(k / (out.dimension(1) * out.dimension(2)), row, column);
                            y[k] = y[k] == null ? pixel : y[k].max(pixel);
                        }
                    }
                }
            }
            return y;
        }

        @Override
        public BigDecimal[] leakyRelu(Op.LeakyRelu op) {
            return each(x -> x.signum() >= 0 ? x : x.multiply(exact(op.slope())));
        }

        @Override
        public BigDecimal[] clip(Op.Clip op) {
            return each(x -> {
                BigDecimal above = Float.isInfinite(op.low()) ? x : x.max(exact(op.low()));
                return Float.isInfinite(op.high()) ? above : above.min(exact(op.high()));
            });
        }

        @Override
        public BigDecimal[] sigmoid(Op.Sigmoid op) {
            return each(Evaluation::logistic);
        }

        @Override
        public BigDecimal[] tanh(Op.Tanh op) {
            BigDecimal two = BigDecimal.valueOf(2);
            return each(x -> logistic(x.multiply(two)).multiply(two).subtract(BigDecimal.ONE)); // 2 s(2 x) - 1
        }

        private static BigDecimal logistic(BigDecimal x) {
            return BigDecimal.ONE.divide(BigDecimal.ONE.add(exp(x.negate())), DIGITS);
        }

        /** By its power series at {@code x / 2^k}, small enough, squared k times. */
        private static BigDecimal exp(BigDecimal x) {
            int halvings = Math.max(0, Math.getExponent(x.doubleValue()) + 4);
            MathContext digits = new MathContext(DIGITS.getPrecision() + 40);
            BigDecimal small = x.divide(BigDecimal.valueOf(2).pow(halvings), digits);
            BigDecimal term = BigDecimal.ONE;
            BigDecimal sum = term;
            for (int n = 1; n < 80; ++n) {
                term = term.multiply(small).divide(BigDecimal.valueOf(n), digits);
                sum = sum.add(term, digits);
            }
            for (int k = 0; k < halvings; ++k) {
                sum = sum.multiply(sum, digits);
            }
            return sum;
        }

        private BigDecimal[] each(UnaryOperator<BigDecimal> function) {
            return Arrays.stream(x()).map(function).toArray(BigDecimal[]::new);
        }

        @Override
        public BigDecimal[] concat(Op.Concat op) {
            return inputs.stream().flatMap(Arrays::stream).toArray(BigDecimal[]::new);
        }

        @Override
        public BigDecimal[] rearrange(Op.Rearrange op) {
            return Arrays.stream(op.source()).mapToObj(k -> k == Op.Rearrange.ZERO ? BigDecimal.ZERO : x()[k])
                    .toArray(BigDecimal[]::new);
        }

        @Override
        public BigDecimal[] reshape(Op.Reshape op) {
            return x();
        }

        @Override
        public BigDecimal[] flatten(Op.Flatten op) {
            return x();
        }

        private static int at(Windows.Axis axis, int window, int element) {
            return window * axis.stride() - axis.before() + element * axis.dilation();
        }

        private boolean inside(int row, int column) {
            return row >= 0 && row < shape.dimension(1) && column >= 0 && column < shape.dimension(2);
        }

        private BigDecimal pixel(int channel, int row, int column) {
            return inside(row, column)
                    ? x()[(channel * shape.dimension(1) + row) * shape.dimension(2) + column] : BigDecimal.ZERO;
        }

        private static BigDecimal exact(float value) {
            return new BigDecimal(value);
        }
    }
}
