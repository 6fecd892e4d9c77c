package dev.bulwark.device;

/**
 * A layer of a network that is a chain: each takes what the one before makes, and nothing else. Devices may have kernels that
 * take such a network whole.
 */
public sealed interface Layer {

    /** Elements that enter. */
    int in();

    /** Elements that leave. */
    int out();

    /** A dense layer, and a ReLU behind it if there is one. */
    record Dense(Affine affine, boolean relu) implements Layer {

        @Override
        public int in() {
            return affine.in();
        }

        @Override
        public int out() {
            return affine.out();
        }
    }

    /** A convolution, and a ReLU behind it if there is one. */
    record Convolve(Convolution convolution, boolean relu) implements Layer {

        @Override
        public int in() {
            return convolution.input().size();
        }

        @Override
        public int out() {
            return convolution.output().size();
        }
    }

    /** Average or maximum pooling. */
    record Pool(Pooling pooling, Kind kind) implements Layer {

        /** What is taken of a window. */
        public enum Kind { AVERAGE, MAXIMUM }

        @Override
        public int in() {
            return pooling.input().size();
        }

        @Override
        public int out() {
            return pooling.output().size();
        }
    }
}
