package dev.bulwark.model;

import dev.bulwark.shapes.ImageShape;
import dev.bulwark.shapes.Shape;
import dev.bulwark.shapes.Windows;
import java.util.List;

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

    /** What to do at each kind of operation. */
    interface Visitor<R> {
        R dense(Dense op);

        R conv2d(Conv2d op);

        R averagePool2d(AveragePool2d op);

        R batchNorm(BatchNorm op);

        R scale(Scale op);

        R add(Add op);

        R relu(Relu op);

        R flatten(Flatten op);
    }

    /** {@code y = W x + b}. W {@code [out,in]}, b {@code [out]}. */
    record Dense(Tensor weight, Tensor bias) implements Op {

        public Dense {
            requireRank("weight of a dense operation", weight, 2);
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
            Shape input = only("a dense operation", inputs);
            if (input.rank() != 1 || input.size() != in()) {
                throw new IllegalArgumentException("a dense operation of " + in() + " inputs follows an output of shape " + input);
            }
            return Shape.of(out());
        }

        @Override
        public <R> R accept(Visitor<R> visitor) {
            return visitor.dense(this);
        }
    }

    /**
     * {@code y[o,v,u] = b[o] + sum over i, r, s of W[o,i,r,s] x[g I + i, v stride + r dilation - padding, ...]}, zeros outside
     * the image (LeCun et al. 1998). Channels fall into {@code groups} of O/groups outputs that see I = channels/groups inputs.
     *
     * @param weight {@code [O, I, kernel height, kernel width]}
     * @param bias   {@code [O]}
     */
    record Conv2d(Tensor weight, Tensor bias, Windows windows, int groups) implements Op {

        public Conv2d {
            requireRank("weight of a convolution", weight, 4);
            bias.require("bias of a convolution", weight.shape().dimension(0));
            if (weight.shape().dimension(2) != windows.height().kernel()
                    || weight.shape().dimension(3) != windows.width().kernel()) {
                throw new IllegalArgumentException("weight of shape " + weight.shape() + " is for other windows than "
                        + windows.words());
            }
            if (groups < 1 || weight.shape().dimension(0) % groups != 0) {
                throw new IllegalArgumentException(weight.shape().dimension(0) + " channels don't fall into " + groups + " groups");
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
            Shape input = only("a convolution", inputs);
            if (!input.isImage() || input.dimension(0) != inputChannels()) {
                throw new IllegalArgumentException("a convolution of " + inputChannels()
                        + " channels follows an output of shape " + input);
            }
            return windows.over(input.image(), channels()).shape();
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
            ImageShape input = only("a pooling", inputs).image();
            return windows.over(input, input.channels()).shape();
        }

        @Override
        public <R> R accept(Visitor<R> visitor) {
            return visitor.averagePool2d(this);
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
            requireRank("gamma of a batch normalisation", gamma, 1);
            int channels = gamma.size();
            beta.require("beta of a batch normalisation", channels);
            mean.require("mean of a batch normalisation", channels);
            variance.require("variance of a batch normalisation", channels);
            for (int c = 0; c < channels; ++c) {
                if (!(variance.at(c) >= 0 && variance.at(c) + epsilon > 0 && Double.isFinite(epsilon))) {
                    throw new IllegalArgumentException("a batch normalisation can't divide by the root of " + variance.at(c)
                            + " + " + epsilon + " in channel " + c);
                }
            }
        }

        @Override
        public Shape outputShape(List<Shape> inputs) {
            return requireChannels("a batch normalisation", only("a batch normalisation", inputs), gamma.size());
        }

        @Override
        public <R> R accept(Visitor<R> visitor) {
            return visitor.batchNorm(this);
        }
    }

    /**
     * {@code y = factor x + offset}, channel by channel along the first dimension; of a vector each element is a channel.
     *
     * @param factor {@code [channels]}, as is offset
     */
    record Scale(Tensor factor, Tensor offset) implements Op {

        public Scale {
            requireRank("factor of a scaling", factor, 1);
            offset.require("offset of a scaling", factor.size());
        }

        @Override
        public Shape outputShape(List<Shape> inputs) {
            return requireChannels("a scaling", only("a scaling", inputs), factor.size());
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
            return only("a ReLU", inputs);
        }

        @Override
        public <R> R accept(Visitor<R> visitor) {
            return visitor.relu(this);
        }
    }

    /** All elements in one dimension, in their order. */
    record Flatten() implements Op {

        @Override
        public Shape outputShape(List<Shape> inputs) {
            return only("a flattening", inputs).flat();
        }

        @Override
        public <R> R accept(Visitor<R> visitor) {
            return visitor.flatten(this);
        }
    }

    private static Shape only(String what, List<Shape> inputs) {
        if (inputs.size() != 1) {
            throw new IllegalArgumentException(what + " has one input, not " + inputs.size());
        }
        return inputs.get(0);
    }

    private static void requireRank(String what, Tensor tensor, int rank) {
        if (tensor.shape().rank() != rank) {
            throw new IllegalArgumentException(what + " has shape " + tensor.shape() + ", not " + rank + " dimensions");
        }
    }

    private static Shape requireChannels(String what, Shape input, int channels) {
        if (input.dimension(0) != channels) {
            throw new IllegalArgumentException(what + " of " + channels + " channels follows an output of shape " + input);
        }
        return input;
    }
}
