package dev.bulwark.plan;

import dev.bulwark.device.Pooling;

/**
 * What a plan does in one go: it reads values and makes one. Sealed: a new kind adds a {@link Visitor} method, and every
 * pass through a plan stops compiling until it says what the new kind means there.
 */
public sealed interface Step {

    /** The value that it makes. */
    int to();

    /** The values that it reads, in order. */
    int[] reads();

    <R> R accept(Visitor<R> visitor);

    /** What to do at each kind of step. */
    interface Visitor<R> {
        R linear(Linear step);

        R relu(Relu step);

        R sum(Sum step);

        R activation(Activation step);

        R maxPool(MaxPool step);
    }

    /** {@code to = W from + b}. */
    record Linear(LinearOperator operator, int from, int to) implements Step {

        @Override
        public int[] reads() {
            return new int[] {from};
        }

        @Override
        public <R> R accept(Visitor<R> visitor) {
            return visitor.linear(this);
        }
    }

    /** {@code to = max(from, 0)}, element by element. */
    record Relu(int from, int to) implements Step {

        @Override
        public int[] reads() {
            return new int[] {from};
        }

        @Override
        public <R> R accept(Visitor<R> visitor) {
            return visitor.relu(this);
        }
    }

    /** {@code to = f(from)}, element by element, of another function than the ReLU. */
    record Activation(dev.bulwark.device.Activation function, int from, int to) implements Step {

        @Override
        public int[] reads() {
            return new int[] {from};
        }

        @Override
        public <R> R accept(Visitor<R> visitor) {
            return visitor.activation(this);
        }
    }

    /** {@code to} = the largest element of each window of from. */
    record MaxPool(Pooling pooling, int from, int to) implements Step {

        @Override
        public int[] reads() {
            return new int[] {from};
        }

        @Override
        public <R> R accept(Visitor<R> visitor) {
            return visitor.maxPool(this);
        }
    }

    /** {@code to = first + second}; a value may be added to itself. */
    record Sum(int first, int second, int to) implements Step {

        @Override
        public int[] reads() {
            return new int[] {first, second};
        }

        @Override
        public <R> R accept(Visitor<R> visitor) {
            return visitor.sum(this);
        }
    }
}
