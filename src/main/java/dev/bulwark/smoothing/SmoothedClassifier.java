package dev.bulwark.smoothing;

import dev.bulwark.device.Backend;
import dev.bulwark.device.DeviceBuffer;
import dev.bulwark.device.DeviceMemory;
import dev.bulwark.device.NoiseKey.Stream;
import dev.bulwark.device.NoiseKey;
import dev.bulwark.device.NoiseLaw;
import dev.bulwark.device.NoisyClassifier;
import dev.bulwark.device.RoundedGaussian;
import dev.bulwark.device.SmoothingNoise;
import dev.bulwark.plan.Plan;
import dev.bulwark.stats.BinomialBound;
import dev.bulwark.stats.Sampling;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.OptionalInt;
import java.util.stream.IntStream;

/**
 * The smoothed classifier g of a network and a noise level, with the two procedures of Cohen et al. 2019: CERTIFY and
 * PREDICT.
 *
 * <p>A vote is a function of (seed, stream, image index, sample number) and the image alone: batches, and which other
 * images are asked about, change nothing. Two different images under one index would share their noise.
 */
public final class SmoothedClassifier implements AutoCloseable {

    /** Selection samples where nothing else is said, as Cohen et al. take. */
    public static final int DEFAULT_SELECTION = 100;
    /** Estimation samples where nothing else is said: a tenth of what Cohen et al. take. */
    public static final int DEFAULT_SAMPLES = 10_000;
    /** Probability of a false certificate where nothing else is said, as Cohen et al. take. */
    public static final double DEFAULT_ALPHA = 0.001;

    /** Images counted by one call to the device: enough that even 100 selection samples fill it. */
    private static final int BATCH = 256;

    private final Backend backend;
    private final Plan network;
    private final double sigma;
    private final SmoothingNoise noise;
    private final long seed;
    private final int batch;
    private final NoisyClassifier base;
    /** What the classifier needs. */
    private final DeviceMemory memory;

    /**
     * @param network must outlive this object
     * @param sigma   noise standard deviation, in input units; noise is drawn with the nearest float
     * @param seed    of all noise
     */
    public SmoothedClassifier(Plan network, double sigma, long seed) {
        this(network, NoiseLaw.GAUSSIAN, sigma, seed);
    }

    /**
     * As the other constructor, with noise of a law.
     *
     * @param sigma noise standard deviation, in input units; drawn with the nearest float, or as the decimal that it prints as
     *              where noise is discrete
     * @throws IllegalArgumentException if the law has no such noise level
     */
    public SmoothedClassifier(Plan network, NoiseLaw law, double sigma, long seed) {
        this(network, law, sigma, seed, BATCH);
    }

    /** @param batch images counted by one call to the device; results do not depend on it */
    SmoothedClassifier(Plan network, NoiseLaw law, double sigma, long seed, int batch) {
        Radius.requireSigma(sigma);
        requirePositive("batch", batch);
        this.backend = network.backend();
        this.network = network;
        this.sigma = sigma;
        this.seed = seed;
        this.batch = batch;
        try (DeviceMemory building = new DeviceMemory(backend)) {
            this.noise = SmoothingNoise.of(law, sigma, building);
            this.base = network.noisyClassifier(building);
            this.memory = building.handOver();
        }
    }

    /** Arithmetic of the base classifier, part of what is certified. */
    public NoisyClassifier.Precision precision() {
        return base.precision();
    }

    /**
     * CERTIFY: n0 votes name a class, n fresh votes bound its probability.
     *
     * @param images       {@code [N,D]}, finite; bytes over 255 where noise is discrete
     * @param imageIndices each image's index in its data set
     * @param n0           selection samples
     * @param n            estimation samples
     * @param alpha        probability, image by image, that a claim is false
     */
    public List<Certification> certify(float[] images, int[] imageIndices, int n0, int n, double alpha) {
        requirePositive("n0", n0);
        requirePositive("n", n);
        BinomialBound.lower(n, n, alpha); // refuses an alpha it can't bound with before any vote is drawn
        List<int[]> selection = votes(images, imageIndices, Stream.SELECTION, n0);
        List<int[]> estimation = votes(images, imageIndices, Stream.ESTIMATION, n);
        List<Certification> certifications = new ArrayList<>();
        for (int k = 0; k < imageIndices.length; ++k) {
            int guess = Votes.top(selection.get(k));
            certifications.add(new Certification(guess, estimation.get(k), n0, n, alpha, sigma));
        }
        return certifications;
    }

    /**
     * CERTIFY by sequential sampling: n0 votes name a class, fresh votes are counted until {@code rule} has an image settled, and
     * the bound is one that is valid at every number of samples. An image's votes are those of the first samples that the other
     * {@code certify} counts.
     *
     * @param images       {@code [N,D]}, finite
     * @param imageIndices each image's index in its data set
     * @param n0           selection samples
     * @param rule         for this classifier's sigma
     */
    public List<Certification> certify(float[] images, int[] imageIndices, int n0, StoppingRule rule) {
        requirePositive("n0", n0);
        if (rule.sigma() != sigma) {
            throw new IllegalArgumentException("the stopping rule is for sigma " + rule.sigma() + ", not " + sigma);
        }
        int[] guesses = votes(images, imageIndices, Stream.SELECTION, n0).stream().mapToInt(Votes::top).toArray();
        int[][] counts = new int[imageIndices.length][network.classes()];
        int[] samples = new int[imageIndices.length];
        int[] open = IntStream.range(0, imageIndices.length).toArray();
        for (int stage = 0, drawn = 0; open.length > 0; drawn = rule.samples(stage), ++stage) {
            List<int[]> more = votes(gather(images, open), Arrays.stream(open).map(k -> imageIndices[k]).toArray(),
                    new Samples(Stream.ESTIMATION, drawn, rule.samples(stage) - drawn));
            for (int k = 0; k < open.length; ++k) {
                add(more.get(k), counts[open[k]]);
                samples[open[k]] = rule.samples(stage);
            }
            int reached = stage;
            open = Arrays.stream(open).filter(k -> !rule.settled(reached, counts[k][guesses[k]])).toArray();
        }
        return IntStream.range(0, imageIndices.length).mapToObj(k -> new Certification(guesses[k], counts[k], n0,
                new Certification.Drawn(Sampling.SEQUENTIAL, rule.n(), samples[k]), rule.alpha(), sigma)).toList();
    }

    /** Some of the images, {@code [chosen.length,D]}. */
    private float[] gather(float[] images, int[] chosen) {
        int inputs = network.inputs();
        float[] gathered = new float[chosen.length * inputs];
        for (int k = 0; k < chosen.length; ++k) {
            System.arraycopy(images, chosen[k] * inputs, gathered, k * inputs, inputs);
        }
        return gathered;
    }

    private static void add(int[] more, int[] counts) {
        for (int c = 0; c < counts.length; ++c) {
            counts[c] += more[c];
        }
    }

    /**
     * PREDICT: g's class at each image, or abstention where n votes don't settle it at level alpha.
     *
     * @param images       {@code [N,D]}, finite
     * @param imageIndices each image's index in its data set
     */
    public List<Prediction> predict(float[] images, int[] imageIndices, int n, double alpha) {
        requirePositive("n", n);
        if (!(alpha > 0 && alpha < 1)) {
            throw new IllegalArgumentException("alpha must lie strictly between 0 and 1: " + alpha);
        }
        return votes(images, imageIndices, Stream.PREDICTION, n).stream()
                .map(counts -> Prediction.of(counts, alpha))
                .toList();
    }

    @Override
    public void close() {
        try (DeviceMemory last = memory) {
            base.close();
        }
    }

    /** Samples {@code first .. first + count - 1} of a stream. */
    private record Samples(Stream stream, int first, int count) {
    }

    /** Each image's votes {@code [classes]} from samples 0 .. samples - 1 of {@code stream}. */
    private List<int[]> votes(float[] images, int[] imageIndices, Stream stream, int samples) {
        return votes(images, imageIndices, new Samples(stream, 0, samples));
    }

    private List<int[]> votes(float[] images, int[] imageIndices, Samples samples) {
        network.requireInputs(images, imageIndices.length, -Float.MAX_VALUE, Float.MAX_VALUE);
        requireBytes(images);
        NoiseKey key = new NoiseKey(seed, samples.stream);
        int inputs = network.inputs();
        int classes = network.classes();
        List<int[]> votes = new ArrayList<>();
        int capacity = Math.min(batch, imageIndices.length);
        try (DeviceBuffer x = backend.allocate((long) capacity * inputs);
             DeviceBuffer counts = backend.allocate((long) capacity * classes)) {
            for (int from = 0; from < imageIndices.length; from += batch) {
                int rows = Math.min(batch, imageIndices.length - from);
                backend.write(Arrays.copyOfRange(images, from * inputs, (from + rows) * inputs), x);
                backend.zeroInts(counts);
                base.countVotes(x, Arrays.copyOfRange(imageIndices, from, from + rows), noise, key,
                        samples.first, samples.count, counts);
                int[] batchVotes = new int[rows * classes];
                backend.read(counts, batchVotes);
                for (int n = 0; n < rows; ++n) {
                    votes.add(Arrays.copyOfRange(batchVotes, n * classes, (n + 1) * classes));
                }
            }
        }
        return votes;
    }

    private void requireBytes(float[] images) {
        if (noise.law() == NoiseLaw.DISCRETE) {
            OptionalInt other = IntStream.range(0, images.length).filter(k -> !RoundedGaussian.isByte(images[k])).findFirst();
            if (other.isPresent()) {
                throw new IllegalArgumentException("discrete noise is for images of bytes over 255, and a pixel is "
                        + images[other.getAsInt()]);
            }
        }
    }

    private static void requirePositive(String what, int value) {
        if (value < 1) {
            throw new IllegalArgumentException(what + " must be positive: " + value);
        }
    }
}
