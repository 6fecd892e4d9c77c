package dev.bulwark.bounds;

import dev.bulwark.model.AffineMap;
import dev.bulwark.model.Graph;
import dev.bulwark.model.Op;
import dev.bulwark.model.Tensor;
import dev.bulwark.shapes.ImageShape;
import dev.bulwark.shapes.Shape;
import dev.bulwark.shapes.Windows;
import java.math.BigDecimal;
import java.math.MathContext;
import java.math.RoundingMode;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;

/** A graph evaluated on the host, one operation after the other, in an arithmetic of the caller's choice. */
final class HostPass {

    private HostPass() {
    }

    /** What operations do with values {@code T}, each of them all elements of one of a graph's values. */
    interface Arithmetic<T> {

        T affine(AffineMap map, T x);

        T activation(RealFunction f, T x);

        /** @param windows the elements of x that each output is the largest of */
        T maxPool(int[][] windows, T x);

        T add(T x, T y);

        T divide(T x, Divisors divisors);

        /** Elements of x in other places, 0 where the source is {@link Op.Rearrange#ZERO}. */
        T rearrange(T x, int[] source);

        /** One behind the other. */
        T concatenate(List<T> parts);
    }

    /**
     * What elements are divided by: element k by {@code numbers[k / area % numbers.length]}, or by the root of that number
     * plus {@code addend}.
     */
    record Divisors(float[] numbers, boolean rooted, double addend, int area) {

        private static final MathContext DOWN = new MathContext(100, RoundingMode.FLOOR);
        private static final MathContext UP = new MathContext(100, RoundingMode.CEILING);

        private float number(int k) {
            return numbers[k / area % numbers.length];
        }

        /** Not above the divisor of element k. */
        double lower(int k) {
            return rooted ? Math.max(Double.MIN_VALUE, Math.nextDown(Math.sqrt(Math.nextDown(number(k) + addend))))
                    : number(k);
        }

        /** Not below the divisor of element k. */
        double upper(int k) {
            return rooted ? Math.nextUp(Math.sqrt(Math.nextUp(number(k) + addend))) : number(k);
        }

        private BigDecimal exact(int k, MathContext direction) {
            BigDecimal number = new BigDecimal(number(k));
            if (!rooted) {
                return number;
            }
            BigDecimal root = number.add(new BigDecimal(addend)).sqrt(direction);
            BigDecimal off = root.scaleByPowerOfTen(2 - DOWN.getPrecision()); // more than the last of that many digits counts
            return direction == DOWN ? root.subtract(off) : root.add(off);
        }

        /** Not above the least quotient of a number and the divisor of element k. */
        BigDecimal quotientDown(BigDecimal x, int k) {
            BigDecimal divisor = exact(k, UP);
            BigDecimal other = exact(k, DOWN);
            return x.divide(divisor, DOWN).min(x.divide(other, DOWN));
        }

        /** Not below the greatest quotient of a number and the divisor of element k. */
        BigDecimal quotientUp(BigDecimal x, int k) {
            return quotientDown(x.negate(), k).negate();
        }
    }

    /** What {@code graph} makes of {@code input}. */
    static <T> T run(Graph graph, T input, Arithmetic<T> arithmetic) {
        List<T> values = new ArrayList<>();
        values.add(input);
        for (Graph.Node node : graph.nodes()) {
            values.add(node.op().accept(new Evaluation<>(graph, node, values, arithmetic)));
        }
        return values.get(values.size() - 1);
    }

    /** {@code y[k] = x[source[k]]}, or 0. */
    static double[] rearranged(double[] x, int[] source) {
        return Arrays.stream(source).mapToDouble(k -> k == Op.Rearrange.ZERO ? 0 : x[k]).toArray();
    }

    /** One operation. */
    private record Evaluation<T>(Graph graph, Graph.Node node, List<T> values, Arithmetic<T> arithmetic)
            implements Op.Visitor<T> {

        private T input(int operand) {
            return values.get(node.inputs().get(operand));
        }

        @Override
        public T dense(Op.Dense op) {
            return arithmetic.affine(AffineMap.of(op), input(0));
        }

        @Override
        public T conv2d(Op.Conv2d op) {
            return arithmetic.affine(AffineMap.of(op, inputShape().image()), input(0));
        }

        @Override
        public T add(Op.Add op) {
            return arithmetic.add(input(0), input(1));
        }

        @Override
        public T relu(Op.Relu op) {
            return arithmetic.activation(new RealFunction.Relu(), input(0));
        }

        @Override
        public T flatten(Op.Flatten op) {
            return input(0);
        }

        @Override
        public T averagePool2d(Op.AveragePool2d op) {
            ImageShape image = inputShape().image();
            T sums = arithmetic.affine(AffineMap.sums(op, image), input(0));
            return arithmetic.divide(sums, new Divisors(elements(op, image), false, 0, 1));
        }

        @Override
        public T batchNorm(Op.BatchNorm op) {
            int size = inputShape().size();
            float[] ones = new float[op.gamma().size()];
            float[] negated = op.mean().toArray();
            for (int c = 0; c < ones.length; ++c) {
                ones[c] = 1;
                negated[c] = -negated[c];
            }
            Tensor one = Tensor.vector(ones);
            T centred = arithmetic.affine(AffineMap.of(one, Tensor.vector(negated), size), input(0));
            T scaled = arithmetic.affine(AffineMap.of(op.gamma(), Tensor.zeros(ones.length), size), centred);
            T divided = arithmetic.divide(scaled, new Divisors(op.variance().toArray(), true, op.epsilon(),
                    size / ones.length));
            return arithmetic.affine(AffineMap.of(one, op.beta(), size), divided);
        }

        @Override
        public T scale(Op.Scale op) {
            int size = inputShape().size();
            int channels = op.factor().size();
            float[] ones = new float[channels];
            Arrays.fill(ones, 1);
            if (Arrays.equals(ones, op.divisor().toArray())) {
                return arithmetic.affine(AffineMap.of(op.factor(), op.offset(), size), input(0));
            }
            T scaled = arithmetic.affine(AffineMap.of(op.factor(), Tensor.zeros(channels), size), input(0));
            T divided = arithmetic.divide(scaled, new Divisors(op.divisor().toArray(), false, 0, size / channels));
            return arithmetic.affine(AffineMap.of(Tensor.vector(ones), op.offset(), size), divided);
        }

        @Override
        public T reshape(Op.Reshape op) {
            return input(0);
        }

        @Override
        public T maxPool2d(Op.MaxPool2d op) {
            return arithmetic.maxPool(windows(op, inputShape().image()), input(0));
        }

        @Override
        public T leakyRelu(Op.LeakyRelu op) {
            return arithmetic.activation(new RealFunction.LeakyRelu(op.slope()), input(0));
        }

        @Override
        public T clip(Op.Clip op) {
            return arithmetic.activation(new RealFunction.Clip(op.low(), op.high()), input(0));
        }

        @Override
        public T sigmoid(Op.Sigmoid op) {
            return arithmetic.activation(new RealFunction.Sigmoid(), input(0));
        }

        @Override
        public T tanh(Op.Tanh op) {
            return arithmetic.activation(new RealFunction.Tanh(), input(0));
        }

        @Override
        public T concat(Op.Concat op) {
            return arithmetic.concatenate(node.inputs().stream().map(values::get).toList());
        }

        @Override
        public T rearrange(Op.Rearrange op) {
            return arithmetic.rearrange(input(0), op.source());
        }

        private Shape inputShape() {
            return graph.shape(node.inputs().get(0));
        }

        /** For each window of a channel, what its sum is divided by. */
        private static float[] elements(Op.AveragePool2d op, ImageShape input) {
            ImageShape output = op.windows().over(input, 1);
            float[] elements = new float[output.area()];
            for (int p = 0; p < elements.length; ++p) {
                elements[p] = op.countPadding() ? op.windows().elements()
                        : op.windows().height().inside(p / output.width(), input.height())
                        * op.windows().width().inside(p % output.width(), input.width());
            }
            return elements;
        }

        /** The elements that each output of a pooling is of. */
        private static int[][] windows(Op.MaxPool2d op, ImageShape image) {
            ImageShape output = op.windows().over(image, image.channels());
            return IntStream.range(0, output.size()).mapToObj(k -> {
                int first = k / output.area() * image.area();
                int[] columns = inside(op.windows().width(), k % output.width(), image.width());
                return Arrays.stream(inside(op.windows().height(), k / output.width() % output.height(), image.height()))
                        .flatMap(y -> Arrays.stream(columns).map(x -> first + y * image.width() + x)).toArray();
            }).toArray(int[][]::new);
        }

        private static int[] inside(Windows.Axis axis, int window, int elements) {
            return IntStream.range(0, axis.kernel()).map(k -> window * axis.stride() - axis.before() + k * axis.dilation())
                    .filter(at -> at >= 0 && at < elements).toArray();
        }
    }
}
