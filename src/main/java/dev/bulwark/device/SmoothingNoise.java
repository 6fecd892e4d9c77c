package dev.bulwark.device;

/** The noise of randomized smoothing at one level, ready for a device. */
public sealed interface SmoothingNoise {

    NoiseLaw law();

    /**
     * A bound of the magnitude of samples.
     *
     * @param magnitude of the image's pixels; NaN gives NaN
     */
    double reach(double magnitude);

    /**
     * @param sigma  standard deviation, in input units
     * @param memory of the device that will draw; closed when nothing more is drawn
     * @throws IllegalArgumentException if the law has no such noise level
     */
    static SmoothingNoise of(NoiseLaw law, double sigma, DeviceMemory memory) {
        return switch (law) {
            case GAUSSIAN -> new Gaussian((float) sigma);
            case DISCRETE -> Discrete.of(RoundedGaussian.of(sigma), memory);
        };
    }

    /** {@code x + sigma z} in float, rounded once. @param sigma standard deviation, in input units */
    record Gaussian(float sigma) implements SmoothingNoise {

        @Override
        public NoiseLaw law() {
            return NoiseLaw.GAUSSIAN;
        }

        @Override
        public double reach(double magnitude) {
            return magnitude + (double) sigma * NormalTransform.LARGEST;
        }
    }

    /**
     * Whole bytes, as {@link RoundedGaussian} says.
     *
     * @param tables {@code int}, those of {@code noise}, on the device
     */
    record Discrete(RoundedGaussian noise, DeviceBuffer tables) implements SmoothingNoise {

        static Discrete of(RoundedGaussian noise, DeviceMemory memory) {
            return new Discrete(noise, memory.holding(noise.tables()));
        }

        @Override
        public NoiseLaw law() {
            return NoiseLaw.DISCRETE;
        }

        @Override
        public double reach(double magnitude) {
            return Double.isNaN(magnitude) ? magnitude : noise.largest();
        }
    }
}
