package dev.bulwark.device;

import java.util.Optional;

/**
 * A function that is applied element by element, other than the ReLU, which devices have operations of its own for. Every
 * one is monotone, and no steeper than 1.
 */
public sealed interface Activation {

    /** As messages name it, with its article. */
    String words();

    /**
     * Over an interval up to this point, between this one and {@link #lastBend}, or from that one on, the function is a
     * line; NaN for a function that is nowhere one.
     */
    float firstBend();

    /** See {@link #firstBend}; infinite where there is one bend alone. */
    float lastBend();

    /**
     * Where the function is above every line through 0 with a slope from this one to 1, this slope: each form may then have
     * lines of its own. Empty where the line below depends on the interval.
     */
    Optional<Float> leastSlope();

    <R> R accept(Visitor<R> visitor);

    /** What to do at each function. */
    interface Visitor<R> {
        R leakyRelu(LeakyRelu function);

        R clip(Clip function);

        R sigmoid(Sigmoid function);

        R tanh(Tanh function);
    }

    /** {@code x} where x is positive, else {@code slope x}; slope in [0, 1]. */
    record LeakyRelu(float slope) implements Activation {

        public LeakyRelu {
            if (!(slope >= 0 && slope <= 1)) {
                throw new IllegalArgumentException("the slope of a leaky ReLU must lie in [0, 1]: " + slope);
            }
        }

        @Override
        public String words() {
            return "a leaky ReLU";
        }

        @Override
        public float firstBend() {
            return 0;
        }

        @Override
        public float lastBend() {
            return Float.POSITIVE_INFINITY;
        }

        @Override
        public Optional<Float> leastSlope() {
            return Optional.of(slope);
        }

        @Override
        public <R> R accept(Visitor<R> visitor) {
            return visitor.leakyRelu(this);
        }
    }

    /** {@code min(max(x, low), high)}; low is less than high, and either may be infinite. */
    record Clip(float low, float high) implements Activation {

        public Clip {
            if (!(low < high)) {
                throw new IllegalArgumentException("the ends of a clip must be in order: " + low + ", " + high);
            }
        }

        @Override
        public String words() {
            return "a clip";
        }

        @Override
        public float firstBend() {
            return low;
        }

        @Override
        public float lastBend() {
            return high;
        }

        @Override
        public Optional<Float> leastSlope() {
            return Optional.empty();
        }

        @Override
        public <R> R accept(Visitor<R> visitor) {
            return visitor.clip(this);
        }
    }

    /** {@code 1 / (1 + exp(-x))}. */
    record Sigmoid() implements Smooth {

        @Override
        public String words() {
            return "a sigmoid";
        }

        @Override
        public <R> R accept(Visitor<R> visitor) {
            return visitor.sigmoid(this);
        }
    }

    /** {@code tanh(x)}. */
    record Tanh() implements Smooth {

        @Override
        public String words() {
            return "a hyperbolic tangent";
        }

        @Override
        public <R> R accept(Visitor<R> visitor) {
            return visitor.tanh(this);
        }
    }

    /** A function without bends: convex below 0, concave above. */
    sealed interface Smooth extends Activation {

        @Override
        default float firstBend() {
            return Float.NaN;
        }

        @Override
        default float lastBend() {
            return Float.NaN;
        }

        @Override
        default Optional<Float> leastSlope() {
            return Optional.empty();
        }
    }
}
