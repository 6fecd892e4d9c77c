package dev.bulwark.model;

import dev.bulwark.shapes.ImageShape;
import dev.bulwark.shapes.Shape;
import dev.bulwark.shapes.Windows;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.BiFunction;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * One operation of a network, with its constant numbers. Sealed: a new kind adds a {@link Visitor} method, and everything
 * that walks graphs stops compiling until it says what the new kind means there.
 *
 * <p>Every operation's meaning is the real-number function of its Javadoc; how a device rounds it is the device's matter.
 * Images are {@code [channels, height, width]}, row-major.
 */
public sealed interface Op {

    /**
     * Shape of the output.
     *
     * @param inputs shapes of the inputs, in order
     * @throws IllegalArgumentException if they don't fit
     */
    Shape outputShape(List<Shape> inputs);

    <R> R accept(Visitor<R> visitor);

    /** This operation with other constants; {@code change} takes each one's name and its value, in a fixed order. */
    default Op withConstants(BiFunction<String, Tensor, Tensor> change) {
        return this;
    }

    /** How many numbers make the operation what it is: of its constants those that were learned, or stand in a file. */
    default long learned() {
        return constants().stream().mapToLong(Tensor::size).sum();
    }

    /** The operation's constant numbers, in the order of {@link #withConstants}. */
    default List<Tensor> constants() {
        List<Tensor> constants = new ArrayList<>();
        withConstants((name, constant) -> {
            constants.add(constant);
            return constant;
        });
        return constants;
    }

    /** What to do at each kind of operation. */
    interface Visitor<R> {
        R dense(Dense op);

        R conv2d(Conv2d op);

        R averagePool2d(AveragePool2d op);

        R maxPool2d(MaxPool2d op);

        R batchNorm(BatchNorm op);

        R scale(Scale op);

        R add(Add op);

        R relu(Relu op);

        R leakyRelu(LeakyRelu op);

        R clip(Clip op);

        R sigmoid(Sigmoid op);

        R tanh(Tanh op);

        R concat(Concat op);

        R rearrange(Rearrange op);

        R reshape(Reshape op);

        R flatten(Flatten op);
    }

    /** {@code y = W x + b}. W {@code [out,in]}, b {@code [out]}. */
    record Dense(Tensor weight, Tensor bias) implements Op {

        public Dense {
            ShapeRules.requireRank("weight of a dense operation", weight, 2);
            bias.require("bias of a dense operation", weight.shape().dimension(0));
        }

        /** Elements of the input. */
        public int in() {
            return weight.shape().dimension(1);
        }

        /** Elements of the output. */
        public int out() {
            return weight.shape().dimension(0);
        }

        @Override
        public Shape outputShape(List<Shape> inputs) {
            Shape input = ShapeRules.only("a dense operation", inputs);
            if (input.rank() != 1 || input.size() != in()) {
                throw new IllegalArgumentException("a dense operation of " + in() + " inputs follows an output of shape "
                        + input);
            }
            return Shape.of(out());
        }

        @Override
        public Op withConstants(BiFunction<String, Tensor, Tensor> change) {
            return new Dense(change.apply("weight", weight), change.apply("bias", bias));
        }

        @Override
        public <R> R accept(Visitor<R> visitor) {
            return visitor.dense(this);
        }
    }

    /**
     * {@code y[o,v,u] = b[o] + sum over i, r, s of W[o,i,r,s] x[g I + i, v stride + r dilation - padding, ...]}, zeros
     * outside the image (LeCun et al. 1998). Channels fall into {@code groups} of O/groups outputs that read I =
     * channels/groups input channels.
     *
     * @param weight {@code [O, I, kernel height, kernel width]}
     * @param bias   {@code [O]}
     */
    record Conv2d(Tensor weight, Tensor bias, Windows windows, int groups) implements Op {

        public Conv2d {
            ShapeRules.requireRank("weight of a convolution", weight, 4);
            bias.require("bias of a convolution", weight.shape().dimension(0));
            if (weight.shape().dimension(2) != windows.height().kernel()
                    || weight.shape().dimension(3) != windows.width().kernel()) {
                throw new IllegalArgumentException("weight of shape " + weight.shape() + " is for other windows than "
                        + windows.words());
            }
            if (groups < 1 || weight.shape().dimension(0) % groups != 0) {
                throw new IllegalArgumentException(weight.shape().dimension(0) + " channels don't fall into " + groups
                        + " groups");
            }
        }

        /** Channels of the output. */
        public int channels() {
            return weight.shape().dimension(0);
        }

        /** Channels of the input. */
        public int inputChannels() {
            return Math.multiplyExact(weight.shape().dimension(1), groups);
        }

        @Override
        public Shape outputShape(List<Shape> inputs) {
            Shape input = ShapeRules.only("a convolution", inputs);
            if (!input.isImage() || input.dimension(0) != inputChannels()) {
                throw new IllegalArgumentException("a convolution of " + inputChannels()
                        + " channels follows an output of shape " + input);
            }
            return windows.over(input.image(), channels()).shape();
        }

        @Override
        public Op withConstants(BiFunction<String, Tensor, Tensor> change) {
            return new Conv2d(change.apply("weight", weight), change.apply("bias", bias), windows, groups);
        }

        @Override
        public <R> R accept(Visitor<R> visitor) {
            return visitor.conv2d(this);
        }
    }

    /**
     * The mean of each window, channel by channel.
     *
     * @param countPadding whether elements outside the image count as zeros; else a window at the edge has fewer elements
     */
    record AveragePool2d(Windows windows, boolean countPadding) implements Op {

        @Override
        public Shape outputShape(List<Shape> inputs) {
            ImageShape input = ShapeRules.only("a pooling", inputs).image();
            return countPadding ? windows.over(input, input.channels()).shape() : ShapeRules.pooled(windows, input);
        }

        @Override
        public <R> R accept(Visitor<R> visitor) {
            return visitor.averagePool2d(this);
        }
    }

    /** The largest element of each window, channel by channel; elements outside the image take no part. */
    record MaxPool2d(Windows windows) implements Op {

        @Override
        public Shape outputShape(List<Shape> inputs) {
            return ShapeRules.pooled(windows, ShapeRules.only("a pooling", inputs).image());
        }

        @Override
        public <R> R accept(Visitor<R> visitor) {
            return visitor.maxPool2d(this);
        }
    }

    /**
     * Batch normalisation with fixed statistics (Ioffe and Szegedy 2015), channel by channel along the first dimension:
     * {@code y = (x - mean) gamma / sqrt(variance + epsilon) + beta}.
     *
     * @param gamma    {@code [channels]}, as are beta, mean and variance
     * @param variance not negative
     * @param epsilon  positive, or variance is
     */
    record BatchNorm(Tensor gamma, Tensor beta, Tensor mean, Tensor variance, double epsilon) implements Op {

        public BatchNorm {
            ShapeRules.requireRank("gamma of a batch normalisation", gamma, 1);
            int channels = gamma.size();
            beta.require("beta of a batch normalisation", channels);
            mean.require("mean of a batch normalisation", channels);
            variance.require("variance of a batch normalisation", channels);
            for (int c = 0; c < channels; ++c) {
                if (!(variance.at(c) >= 0 && variance.at(c) + epsilon > 0 && Double.isFinite(epsilon))) {
                    throw new IllegalArgumentException("a batch normalisation can't divide by the root of " + variance.at(c)
                            + " + " + epsilon + " in channel " + c);
                }
                ShapeRules.requireFloat("factor of a batch normalisation", c,
                        gamma.at(c) / Math.sqrt(variance.at(c) + epsilon));
                ShapeRules.requireFloat("offset of a batch normalisation", c,
                        beta.at(c) - mean.at(c) * (gamma.at(c) / Math.sqrt(variance.at(c) + epsilon)));
            }
        }

        @Override
        public Shape outputShape(List<Shape> inputs) {
            return ShapeRules.requireChannels("a batch normalisation", ShapeRules.only("a batch normalisation", inputs),
                    gamma.size());
        }

        @Override
        public Op withConstants(BiFunction<String, Tensor, Tensor> change) {
            return new BatchNorm(change.apply("gamma", gamma), change.apply("beta", beta),
                    change.apply("mean", mean), change.apply("variance", variance), epsilon);
        }

        @Override
        public <R> R accept(Visitor<R> visitor) {
            return visitor.batchNorm(this);
        }
    }

    /**
     * {@code y = factor x / divisor + offset}, channel by channel along the first dimension; of a vector each element is a
     * channel. A quotient of floats is seldom one itself, so that the divisor is kept separate.
     *
     * @param factor  {@code [channels]}, as are divisor and offset
     * @param divisor nowhere 0
     */
    record Scale(Tensor factor, Tensor divisor, Tensor offset) implements Op {

        public Scale {
            ShapeRules.requireRank("factor of a scaling", factor, 1);
            divisor.require("divisor of a scaling", factor.size());
            offset.require("offset of a scaling", factor.size());
            for (int c = 0; c < divisor.size(); ++c) {
                if (divisor.at(c) == 0) {
                    throw new IllegalArgumentException("a scaling can't divide by 0, as it would in channel " + c);
                }
                ShapeRules.requireFloat("factor of a scaling", c, (double) factor.at(c) / divisor.at(c));
            }
        }

        /** {@code y = factor x + offset}. */
        public static Scale by(Tensor factor, Tensor offset) {
            float[] ones = new float[factor.size()];
            Arrays.fill(ones, 1);
            return new Scale(factor, Tensor.of(factor.shape(), ones), offset);
        }

        /** Without factors and divisors of 1 and offsets of 0, which stand for nothing that the scaling does. */
        @Override
        public long learned() {
            return Stream.of(factor, divisor).filter(tensor -> !isAll(tensor, 1)).mapToLong(Tensor::size).sum()
                    + (isAll(offset, 0) ? 0 : offset.size());
        }

        private static boolean isAll(Tensor tensor, float value) {
            return IntStream.range(0, tensor.size()).allMatch(k -> tensor.at(k) == value);
        }

        @Override
        public Shape outputShape(List<Shape> inputs) {
            return ShapeRules.requireChannels("a scaling", ShapeRules.only("a scaling", inputs), factor.size());
        }

        @Override
        public Op withConstants(BiFunction<String, Tensor, Tensor> change) {
            return new Scale(change.apply("factor", factor), change.apply("divisor", divisor),
                    change.apply("offset", offset));
        }

        @Override
        public <R> R accept(Visitor<R> visitor) {
            return visitor.scale(this);
        }
    }

    /** {@code y = a + b}, as at the end of a residual block (He et al. 2016). */
    record Add() implements Op {

        @Override
        public Shape outputShape(List<Shape> inputs) {
            if (inputs.size() != 2 || !inputs.get(0).equals(inputs.get(1))) {
                throw new IllegalArgumentException("an addition needs two inputs of one shape, not " + inputs);
            }
            return inputs.get(0);
        }

        @Override
        public <R> R accept(Visitor<R> visitor) {
            return visitor.add(this);
        }
    }

    /** {@code y = max(x, 0)}, element by element. */
    record Relu() implements Op {

        @Override
        public Shape outputShape(List<Shape> inputs) {
            return ShapeRules.only("a ReLU", inputs);
        }

        @Override
        public <R> R accept(Visitor<R> visitor) {
            return visitor.relu(this);
        }
    }

    /** {@code y = x} where x is positive, else {@code slope x}, element by element (Maas et al. 2013). */
    record LeakyRelu(float slope) implements Op {

        public LeakyRelu {
            if (!(slope >= 0 && slope <= 1)) {
                throw new IllegalArgumentException("the slope of a leaky ReLU must lie in [0, 1]: " + slope);
            }
        }

        @Override
        public Shape outputShape(List<Shape> inputs) {
            return ShapeRules.only("a leaky ReLU", inputs);
        }

        @Override
        public <R> R accept(Visitor<R> visitor) {
            return visitor.leakyRelu(this);
        }
    }

    /**
     * {@code y = min(max(x, low), high)}, element by element.
     *
     * @param low  less than high; -infinity for no end below
     * @param high infinity for no end above
     */
    record Clip(float low, float high) implements Op {

        public Clip {
            if (!(low < high)) {
                throw new IllegalArgumentException("the ends of a clip must be in order: " + low + ", " + high);
            }
        }

        @Override
        public Shape outputShape(List<Shape> inputs) {
            return ShapeRules.only("a clip", inputs);
        }

        @Override
        public <R> R accept(Visitor<R> visitor) {
            return visitor.clip(this);
        }
    }

    /** {@code y = 1 / (1 + exp(-x))}, element by element. */
    record Sigmoid() implements Op {

        @Override
        public Shape outputShape(List<Shape> inputs) {
            return ShapeRules.only("a sigmoid", inputs);
        }

        @Override
        public <R> R accept(Visitor<R> visitor) {
            return visitor.sigmoid(this);
        }
    }

    /** {@code y = tanh(x)}, element by element. */
    record Tanh() implements Op {

        @Override
        public Shape outputShape(List<Shape> inputs) {
            return ShapeRules.only("a hyperbolic tangent", inputs);
        }

        @Override
        public <R> R accept(Visitor<R> visitor) {
            return visitor.tanh(this);
        }
    }

    /** Values one behind the other along the first dimension; the others are alike. */
    record Concat() implements Op {

        @Override
        public Shape outputShape(List<Shape> inputs) {
            return ShapeRules.concatenated(inputs);
        }

        @Override
        public <R> R accept(Visitor<R> visitor) {
            return visitor.concat(this);
        }
    }

    /**
     * Elements in other places: {@code y[k] = x[source[k]]}, or 0 where source is {@link #ZERO}. Transposing, padding with
     * zeros, cutting out. An element of x goes to one place at most.
     */
    final class Rearrange implements Op {

        /** No element of the input: the output is 0 there. */
        public static final int ZERO = -1;

        private final int[] source;
        private final Shape shape;

        /**
         * @param source for each element of the output, counted through all dimensions, the input's element or {@link #ZERO}
         * @param shape  of the output
         */
        public Rearrange(int[] source, Shape shape) {
            this.source = source.clone();
            this.shape = shape;
            if (source.length != shape.size()) {
                throw new IllegalArgumentException("an output of shape " + shape + " has " + shape.size() + " elements, not "
                        + source.length);
            }
        }

        /** For each element of the output the input's element, or {@link #ZERO}. */
        public int[] source() {
            return source.clone();
        }

        /** Shape of the output. */
        public Shape shape() {
            return shape;
        }

        @Override
        public Shape outputShape(List<Shape> inputs) {
            Shape input = ShapeRules.only("a rearrangement", inputs);
            ShapeRules.requireEachAtMostOnce(source, input);
            return shape;
        }

        @Override
        public <R> R accept(Visitor<R> visitor) {
            return visitor.rearrange(this);
        }
    }

    /** The same elements in their order, in another shape. */
    record Reshape(Shape shape) implements Op {

        @Override
        public Shape outputShape(List<Shape> inputs) {
            Shape input = ShapeRules.only("a reshaping", inputs);
            if (input.size() != shape.size()) {
                throw new IllegalArgumentException("an output of shape " + input + " can't be reshaped to " + shape);
            }
            return shape;
        }

        @Override
        public <R> R accept(Visitor<R> visitor) {
            return visitor.reshape(this);
        }
    }

    /** All elements in one dimension, in their order. */
    record Flatten() implements Op {

        @Override
        public Shape outputShape(List<Shape> inputs) {
            return ShapeRules.only("a flattening", inputs).flat();
        }

        @Override
        public <R> R accept(Visitor<R> visitor) {
            return visitor.flatten(this);
        }
    }
}
