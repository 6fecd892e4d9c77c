package dev.bulwark.device.cpu;

import dev.bulwark.device.DeviceBuffer;
import dev.bulwark.device.NoiseKey;
import dev.bulwark.device.NoisyClassifier;
import dev.bulwark.device.Philox;
import dev.bulwark.device.SmoothingNoise;
import java.nio.IntBuffer;
import java.util.Arrays;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicIntegerArray;
import java.util.function.Supplier;
import java.util.stream.IntStream;

/**
 * Noise, forward pass and votes of a chunk of samples on one worker, without waiting for the others.
 *
 * <p>Samples of all images are laid end to end and cut into chunks of a fixed number of rows; the last chunk is padded.
 * Every product so has the same shape, and a sample's logits do not depend on which chunk it falls in.
 *
 * <p>The fastest lanes may turn NaN into 0. They take the images whose samples can't overflow, which a bound on the
 * network's sums tells; the others go to lanes that keep every NaN. The choice depends on the image and the noise level alone.
 */
final class LaneNoisyClassifier implements NoisyClassifier {

    /** Rows of a chunk of dense layers: activations and a layer's weights share the second-level cache. */
    static final int CHUNK = 512;

    private final Workers workers;
    private final NoiseRows noise;
    private final Precision precision;
    private final int inputs;
    private final int classes;
    private final int chunk;
    /** Inputs of up to this magnitude overflow nowhere. */
    private final double largestInput;
    private final Pool fast;
    private final Pool careful;

    /**
     * @param chunk   rows of a chunk
     * @param sources of lanes for as many rows
     */
    LaneNoisyClassifier(Workers workers, NoiseRows noise, Precision precision, Sizes sizes, int chunk, Sources sources) {
        this.workers = workers;
        this.noise = noise;
        this.precision = precision;
        this.inputs = sizes.inputs;
        this.classes = sizes.classes;
        this.chunk = chunk;
        this.largestInput = sources.largestInput;
        this.fast = new Pool(sources.fast);
        this.careful = new Pool(sources.careful);
        (largestInput >= 1 ? fast : careful).prepare();
    }

    /** Of a network. */
    record Sizes(int inputs, int classes) {
    }

    /**
     * Where lanes come from, when they are first needed.
     *
     * @param largestInput magnitude of inputs that {@code fast} lanes may be given
     * @param fast         lanes that may turn NaN into 0
     * @param careful      lanes that keep it
     */
    record Sources(double largestInput, Supplier<Lanes> fast, Supplier<Lanes> careful) {

        /** Lanes that keep every NaN, for all images. */
        static Sources careful(Supplier<Lanes> lanes) {
            return new Sources(-1, lanes, lanes);
        }
    }

    @Override
    public Precision precision() {
        return precision;
    }

    @Override
    public void countVotes(DeviceBuffer images, int[] imageIndices, SmoothingNoise noise, NoiseKey key,
                           int firstSample, int samples, DeviceBuffer counts) {
        int n = imageIndices.length;
        float[] pixels = Rows.load(images.require("images", (long) n * inputs), 0, n, inputs);
        counts.require("counts", (long) n * classes);
        Poll poll = new Poll(pixels, imageIndices, noise, key, firstSample, samples, new AtomicIntegerArray(n * classes));
        double[] reach = new double[n];
        Arrays.setAll(reach, k -> Headroom.reach(pixels, k * inputs, inputs, noise));
        count(poll, IntStream.range(0, n).filter(k -> reach[k] <= largestInput).toArray(), fast);
        // An image that holds a NaN has no votes, and bf16's rounding would not keep every NaN.
        count(poll, IntStream.range(0, n).filter(k -> reach[k] > largestInput).toArray(), careful);
        IntBuffer target = CpuMemory.intsToWrite(counts);
        for (int k = 0; k < poll.votes.length(); ++k) {
            target.put(k, target.get(k) + poll.votes.get(k));
        }
    }

    /** What {@link #countVotes} is asked, and the answer {@code votes} {@code [N,C]}. */
    private record Poll(float[] pixels, int[] imageIndices, SmoothingNoise noise, NoiseKey key, int firstSample,
                        int samples, AtomicIntegerArray votes) {
    }

    /** Counts the votes of some images. */
    private void count(Poll poll, int[] chosen, Pool pool) {
        long total = (long) chosen.length * poll.samples;
        int chunks = Math.toIntExact((total + chunk - 1) / chunk);
        workers.run(chunks, number -> pool.use(lane -> {
            long first = (long) number * chunk;
            int rows = (int) Math.min(chunk, total - first);
            for (int row = 0; row < rows; ++row) {
                lane.fill(row, poll, chosen[(int) ((first + row) / poll.samples)],
                        poll.firstSample + (int) ((first + row) % poll.samples));
            }
            lane.run();
            for (int row = 0; row < rows; ++row) {
                int vote = lane.vote(row);
                if (vote >= 0) {
                    poll.votes.incrementAndGet(chosen[(int) ((first + row) / poll.samples)] * classes + vote);
                }
            }
        }));
    }

    @Override
    public void logits(DeviceBuffer given, int rows, DeviceBuffer logits) {
        given.require("inputs", (long) rows * inputs);
        logits.require("logits", (long) rows * classes);
        workers.run((rows + chunk - 1) / chunk, number -> {
            int first = number * chunk;
            int count = Math.min(chunk, rows - first);
            float[] values = Rows.load(given, first, count, inputs);
            (Headroom.magnitude(values) <= largestInput ? fast : careful).use(lane -> {
                lane.fill(values, count);
                lane.run();
                Rows.store(count == chunk ? lane.logits : Arrays.copyOf(lane.logits, count * classes),
                        logits, first, classes);
            });
        });
    }

    @Override
    public void close() {
        fast.close();
        careful.close();
    }

    /** Lanes of one kind, made as they are needed: at most one a worker. */
    private final class Pool implements AutoCloseable {
        private final Supplier<Lanes> opening;
        private final ConcurrentLinkedQueue<Lane> free = new ConcurrentLinkedQueue<>();
        private Lanes source;

        Pool(Supplier<Lanes> opening) {
            this.opening = opening;
        }

        /** Makes all lanes that there will be. */
        void prepare() {
            for (int i = 0; i < workers.count(); ++i) {
                free.add(open());
            }
        }

        private synchronized Lane open() {
            if (source == null) {
                source = opening.get();
            }
            return new Lane(source.open());
        }

        void use(Work work) {
            Lane lane = free.poll();
            if (lane == null) {
                lane = open();
            }
            try {
                work.run(lane);
            } finally {
                free.add(lane);
            }
        }

        @Override
        public void close() {
            for (Lane lane = free.poll(); lane != null; lane = free.poll()) {
                lane.forward.close();
            }
            if (source != null) {
                source.close();
            }
        }
    }

    private interface Work {
        void run(Lane lane);
    }

    /** What one worker holds. */
    private final class Lane {
        private final ForwardLane forward;
        private final int[] words = new int[2 * Philox.paddedLength(inputs)];
        /** Normal numbers, or the sample. */
        private final float[] normals = new float[Philox.paddedLength(inputs)];
        private final float[] image = new float[inputs];
        private final float[] none = new float[inputs];
        private final float[] logits = new float[chunk * classes];
        /** Whether a row's noise is. */
        private final boolean[] decided = new boolean[chunk];

        Lane(ForwardLane forward) {
            this.forward = forward;
        }

        void run() {
            forward.run();
            forward.logits(logits);
        }

        void fill(int row, Poll poll, int image, int sample) {
            System.arraycopy(poll.pixels, image * inputs, this.image, 0, inputs);
            int index = poll.imageIndices[image];
            if (poll.noise instanceof SmoothingNoise.Discrete discrete) {
                decided[row] = noise.discreteSample(discrete.noise(), this.image, poll.key, index, sample, inputs, words,
                        normals);
                forward.setInput(row, normals, none, 0f);
            } else {
                decided[row] = true;
                noise.normals(poll.key, index, sample, inputs, words, normals);
                forward.setInput(row, this.image, normals, ((SmoothingNoise.Gaussian) poll.noise).sigma());
            }
        }

        /** The class that has a row's vote; negative for none. */
        int vote(int row) {
            return decided[row] ? CpuVotes.argMax(logits, row * classes, classes) : -1;
        }

        /** The first rows' inputs as they are: no noise. */
        void fill(float[] rows, int count) {
            for (int row = 0; row < count; ++row) {
                System.arraycopy(rows, row * inputs, image, 0, inputs);
                forward.setInput(row, image, none, 0f);
            }
        }
    }
}
