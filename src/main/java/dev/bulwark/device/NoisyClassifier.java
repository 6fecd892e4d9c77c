package dev.bulwark.device;

/**
 * The base classifier of randomized smoothing, prepared on a device: noisy forward passes whose arg-max votes are counted.
 *
 * <p>The noise is added in float, {@code x + sigma z}; what happens to the sum afterwards (a rounding to half precision,
 * say) is part of the base classifier f, the same for every sample, and named by {@link #precision}. A sample's vote is a
 * function of (key, image, sample) alone.
 */
public interface NoisyClassifier extends AutoCloseable {

    /** Arithmetic of the forward pass, as recorded in provenance. */
    enum Precision {
        FLOAT32("fp32"),
        BFLOAT16("bf16"),
        FLOAT16("fp16");

        private final String label;

        Precision(String label) {
            this.label = label;
        }

        @Override
        public String toString() {
            return label;
        }
    }

    Precision precision();

    /**
     * Adds the votes of samples {@code firstSample .. firstSample + samples - 1} of each image to its counts.
     *
     * @param images       {@code [N,D]}, N = {@code imageIndices.length}
     * @param imageIndices each image's index in its data set, the second coordinate of its noise
     * @param sigma        noise standard deviation, in input units
     * @param counts       {@code int [N,C]}, added to; a sample whose logits hold a NaN votes for nobody
     */
    void countVotes(DeviceBuffer images, int[] imageIndices, float sigma, NoiseKey key,
                    int firstSample, int samples, DeviceBuffer counts);

    /**
     * Logits {@code [rows,C]} of {@code inputs} {@code [rows,D]} as they are, in the arithmetic that votes come from:
     * what {@link #countVotes} does between noise and votes.
     */
    void logits(DeviceBuffer inputs, int rows, DeviceBuffer logits);

    @Override
    void close();
}
