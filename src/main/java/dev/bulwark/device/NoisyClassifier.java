package dev.bulwark.device;

/**
 * The base classifier of randomized smoothing, prepared on a device: noisy forward passes whose arg-max votes are counted.
 *
 * <p>Samples are floats: {@code x + sigma z}, or what {@link RoundedGaussian#sample} makes of bytes. What happens to them
 * afterwards (a rounding to half precision, say) is part of the base classifier f, the same for every sample, and named by
 * {@link #precision}. A sample's vote is a function of (key, image, sample) alone.
 *
 * <p><b>Who has a sample's vote.</b> The class of the largest logit, the lowest class at a tie of finite logits. No class
 * has it where a hidden unit or a logit is NaN, where several logits are +infinity, and where all are -infinity: overflow
 * has then taken away the difference that a vote would tell. NaN is what the arithmetic makes of an infinity times a weight
 * of 0, or of two infinities of opposite sign; no ReLU may turn it into 0. Nor has any class the vote of a sample whose noise
 * is {@link RoundedGaussian#UNDECIDED}. A sample without a vote still counts in n, so
 * that an image's votes may add up to less than n. Certificates bound a class's share of n and stay sound. Every backend,
 * precision and kernel keeps this rule, and so do the predictions of {@link Votes#argMax}.
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
     * @param noise        of this classifier's device; discrete noise is for images of bytes
     * @param counts       {@code int [N,C]}, added to
     * @throws DeviceException if these kernels have no such noise; the message says what to do
     */
    void countVotes(DeviceBuffer images, int[] imageIndices, SmoothingNoise noise, NoiseKey key,
                    int firstSample, int samples, DeviceBuffer counts);

    /** The same with Gaussian noise. @param sigma standard deviation, in input units */
    default void countVotes(DeviceBuffer images, int[] imageIndices, float sigma, NoiseKey key,
                            int firstSample, int samples, DeviceBuffer counts) {
        countVotes(images, imageIndices, new SmoothingNoise.Gaussian(sigma), key, firstSample, samples, counts);
    }

    /**
     * Logits {@code [rows,C]} of {@code inputs} {@code [rows,D]} as they are, in the arithmetic that votes come from:
     * what {@link #countVotes} does between noise and votes.
     */
    void logits(DeviceBuffer inputs, int rows, DeviceBuffer logits);

    @Override
    void close();
}
