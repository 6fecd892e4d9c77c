package dev.bulwark.device.cpu;

import dev.bulwark.device.Affine;
import dev.bulwark.device.DeviceBuffer;
import dev.bulwark.device.NoiseKey;
import dev.bulwark.device.NoisyClassifier;
import dev.bulwark.device.Philox;
import java.nio.IntBuffer;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicIntegerArray;

/**
 * Noise, forward pass and votes of a chunk of samples on one worker, without waiting for the others.
 *
 * <p>Samples of all images are laid end to end and cut into chunks of a fixed number of rows; the last chunk is padded.
 * Every product so has the same shape, and a sample's logits do not depend on which chunk it falls in.
 */
final class LaneNoisyClassifier implements NoisyClassifier {

    /** Rows of a chunk: activations and a layer's weights share the second-level cache. */
    static final int CHUNK = 512;

    private final Workers workers;
    private final NoiseRows noise;
    private final int inputs;
    private final int classes;
    private final ConcurrentLinkedQueue<Lane> lanes = new ConcurrentLinkedQueue<>();
    private final Precision precision;
    private final Lanes source;

    /** @param source of lanes for {@link #CHUNK} rows, closed with this object */
    LaneNoisyClassifier(Workers workers, NoiseRows noise, List<Affine> layers, Lanes source) {
        this.source = source;
        this.workers = workers;
        this.noise = noise;
        this.inputs = layers.get(0).in();
        this.classes = layers.get(layers.size() - 1).out();
        for (int i = 0; i < workers.count(); ++i) {
            lanes.add(new Lane(source.open(), inputs, classes));
        }
        this.precision = lanes.peek().forward.precision();
    }

    @Override
    public Precision precision() {
        return precision;
    }

    @Override
    public void countVotes(DeviceBuffer images, int[] imageIndices, float sigma, NoiseKey key,
                           int firstSample, int samples, DeviceBuffer counts) {
        int n = imageIndices.length;
        float[] pixels = Rows.load(images.require("images", (long) n * inputs), 0, n, inputs);
        counts.require("counts", (long) n * classes);
        AtomicIntegerArray votes = new AtomicIntegerArray(n * classes);
        long total = (long) n * samples;
        int chunks = Math.toIntExact((total + CHUNK - 1) / CHUNK);
        workers.run(chunks, chunk -> {
            Lane lane = lanes.remove();
            try {
                long first = (long) chunk * CHUNK;
                int rows = (int) Math.min(CHUNK, total - first);
                for (int row = 0; row < rows; ++row) {
                    int image = (int) ((first + row) / samples);
                    int sample = firstSample + (int) ((first + row) % samples);
                    lane.fill(noise, row, pixels, image, key, imageIndices[image], sample, sigma);
                }
                lane.run();
                for (int row = 0; row < rows; ++row) {
                    int vote = Losses.argMax(lane.logits, row * classes, classes);
                    if (vote >= 0) {
                        votes.incrementAndGet((int) ((first + row) / samples) * classes + vote);
                    }
                }
            } finally {
                lanes.add(lane);
            }
        });
        IntBuffer target = CpuMemory.intsToWrite(counts);
        for (int k = 0; k < votes.length(); ++k) {
            target.put(k, target.get(k) + votes.get(k));
        }
    }

    @Override
    public void logits(DeviceBuffer given, int rows, DeviceBuffer logits) {
        given.require("inputs", (long) rows * inputs);
        logits.require("logits", (long) rows * classes);
        workers.run((rows + CHUNK - 1) / CHUNK, chunk -> {
            Lane lane = lanes.remove();
            try {
                int first = chunk * CHUNK;
                int count = Math.min(CHUNK, rows - first);
                lane.fill(Rows.load(given, first, count, inputs), count);
                lane.run();
                Rows.store(count == CHUNK ? lane.logits : Arrays.copyOf(lane.logits, count * classes),
                        logits, first, classes);
            } finally {
                lanes.add(lane);
            }
        });
    }

    @Override
    public void close() {
        for (Lane lane = lanes.poll(); lane != null; lane = lanes.poll()) {
            lane.forward.close();
        }
        source.close();
    }

    /** What one worker holds. */
    private static final class Lane {
        private final ForwardLane forward;
        private final int[] words;
        private final float[] normals;
        private final float[] image;
        private final float[] logits;

        Lane(ForwardLane forward, int inputs, int classes) {
            this.forward = forward;
            this.words = new int[Philox.paddedLength(inputs)];
            this.normals = new float[Philox.paddedLength(inputs)];
            this.image = new float[inputs];
            this.logits = new float[CHUNK * classes];
        }

        void run() {
            forward.run();
            forward.logits(logits);
        }

        void fill(NoiseRows noise, int row, float[] pixels, int image, NoiseKey key, int index, int sample, float sigma) {
            System.arraycopy(pixels, image * this.image.length, this.image, 0, this.image.length);
            noise.normals(key, index, sample, this.image.length, words, normals);
            forward.setInput(row, this.image, normals, sigma);
        }

        /** The first rows' inputs as they are: no noise. */
        void fill(float[] rows, int count) {
            Arrays.fill(normals, 0f);
            for (int row = 0; row < count; ++row) {
                System.arraycopy(rows, row * image.length, image, 0, image.length);
                forward.setInput(row, image, normals, 0f);
            }
        }
    }
}
