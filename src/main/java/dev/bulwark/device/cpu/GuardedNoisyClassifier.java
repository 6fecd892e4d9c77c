package dev.bulwark.device.cpu;

import dev.bulwark.device.DeviceBuffer;
import dev.bulwark.device.NoiseKey;
import dev.bulwark.device.NoisyClassifier;
import dev.bulwark.device.SmoothingNoise;
import java.util.Arrays;
import java.util.function.Supplier;

/**
 * A classifier that may turn NaN into 0, for images whose samples can't overflow in it, and another one that keeps every NaN
 * for the rest. The choice depends on the image and the noise level alone.
 */
final class GuardedNoisyClassifier implements NoisyClassifier {

    private static final SmoothingNoise NONE = new SmoothingNoise.Gaussian(0f);

    private final NoisyClassifier fast;
    private final Supplier<NoisyClassifier> opening;
    private final double largestInput;
    private final int inputs;
    private final int classes;
    private NoisyClassifier careful;

    /**
     * @param largestInput magnitude of inputs that {@code fast} may be given
     * @param careful      made when it is first needed
     */
    GuardedNoisyClassifier(NoisyClassifier fast, double largestInput, LaneNoisyClassifier.Sizes sizes,
                           Supplier<NoisyClassifier> careful) {
        this.fast = fast;
        this.opening = careful;
        this.largestInput = largestInput;
        this.inputs = sizes.inputs();
        this.classes = sizes.classes();
    }

    @Override
    public Precision precision() {
        return fast.precision();
    }

    @Override
    public void countVotes(DeviceBuffer images, int[] imageIndices, SmoothingNoise noise, NoiseKey key, int firstSample,
                           int samples, DeviceBuffer counts) {
        int n = imageIndices.length;
        float[] pixels = Rows.load(images.require("images", (long) n * inputs), 0, n, inputs);
        counts.require("counts", (long) n * classes);
        inRuns(pixels, n, noise, (classifier, first, count) -> classifier.countVotes(rows(images, first, count, inputs),
                Arrays.copyOfRange(imageIndices, first, first + count), noise, key, firstSample, samples,
                rows(counts, first, count, classes)));
    }

    @Override
    public void logits(DeviceBuffer given, int rows, DeviceBuffer logits) {
        float[] values = Rows.load(given.require("inputs", (long) rows * inputs), 0, rows, inputs);
        logits.require("logits", (long) rows * classes);
        inRuns(values, rows, NONE, (classifier, first, count) -> classifier.logits(rows(given, first, count, inputs), count,
                rows(logits, first, count, classes)));
    }

    private interface Work {
        void run(NoisyClassifier classifier, int first, int count);
    }

    /** Hands on neighbours that go to the same classifier together. */
    private void inRuns(float[] x, int rows, SmoothingNoise noise, Work work) {
        for (int first = 0, next; first < rows; first = next) {
            boolean fits = fits(x, first, noise);
            next = first + 1;
            while (next < rows && fits(x, next, noise) == fits) {
                ++next;
            }
            work.run(fits ? fast : careful(), first, next - first);
        }
    }

    /** NaN does not. */
    private boolean fits(float[] x, int row, SmoothingNoise noise) {
        return Headroom.reach(x, row * inputs, inputs, noise) <= largestInput;
    }

    private NoisyClassifier careful() {
        if (careful == null) {
            careful = opening.get();
        }
        return careful;
    }

    private static DeviceBuffer rows(DeviceBuffer of, int first, int count, int size) {
        return of.slice((long) first * size, (long) count * size);
    }

    @Override
    public void close() {
        fast.close();
        if (careful != null) {
            careful.close();
        }
    }
}
