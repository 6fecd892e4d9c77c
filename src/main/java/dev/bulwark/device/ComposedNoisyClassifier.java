package dev.bulwark.device;

import java.util.ArrayList;
import java.util.List;

/**
 * Noisy votes from a backend's separate operations, in float: for networks that no device has kernels of its own for, and
 * the yardstick for those that it has.
 *
 * <p>Samples go through the network in batches of one size, each at the place in its batch that its number says. Every
 * product has the same shape, and a sample's vote depends on nothing that is counted beside it.
 */
public final class ComposedNoisyClassifier implements NoisyClassifier {

    /** Samples of a batch. */
    public static final int BATCH = 512;

    private final Backend backend;
    private final int inputs;
    private final int classes;
    private final Forward forward;
    private final DeviceBuffer batch;
    private final DeviceMemory memory;

    /** A network in float. */
    public interface Forward {

        /** Logits {@code [rows,C]} of x {@code [rows,D]}, rows = {@link #BATCH}; good until the next call. */
        DeviceBuffer logits(DeviceBuffer x, int rows);
    }

    /** Lays a network's intermediate values onto a device, for batches of {@link #BATCH} rows. */
    public interface Preparation {

        /** @param memory to allocate from; closed with the classifier */
        Forward in(DeviceMemory memory);
    }

    /** @param network must outlive this object */
    public ComposedNoisyClassifier(Backend backend, int inputs, int classes, Preparation network) {
        this.backend = backend;
        this.inputs = inputs;
        this.classes = classes;
        try (DeviceMemory building = new DeviceMemory(backend)) {
            batch = building.zeros((long) BATCH * inputs);
            forward = network.in(building);
            memory = building.handOver();
        }
    }

    /** @param layers affine maps with a ReLU between each two; their buffers must outlive this object */
    public ComposedNoisyClassifier(Backend backend, List<Affine> layers) {
        this(backend, layers.get(0).in(), layers.get(layers.size() - 1).out(),
                memory -> new Layers(backend, memory, layers));
    }

    @Override
    public Precision precision() {
        return Precision.FLOAT32;
    }

    @Override
    public void countVotes(DeviceBuffer images, int[] imageIndices, SmoothingNoise noise, NoiseKey key,
                           int firstSample, int samples, DeviceBuffer counts) {
        for (int n = 0; n < imageIndices.length; ++n) {
            DeviceBuffer image = images.slice((long) n * inputs, inputs);
            DeviceBuffer votes = counts.slice((long) n * classes, classes);
            for (int done = 0, counted; done < samples; done += counted) {
                int place = (firstSample + done) % BATCH;
                counted = Math.min(BATCH - place, samples - done);
                backend.noise().noisyCopies(image, imageIndices[n], firstSample + done - place, BATCH, inputs, noise, key,
                        batch);
                DeviceBuffer logits = forward.logits(batch, BATCH);
                backend.votes().countArgMax(logits.slice((long) place * classes, (long) counted * classes), counted, classes,
                        votes);
            }
        }
    }

    @Override
    public void logits(DeviceBuffer given, int rows, DeviceBuffer logits) {
        for (int done = 0, part; done < rows; done += part) {
            part = Math.min(BATCH, rows - done);
            backend.copy(given.slice((long) done * inputs, (long) part * inputs), (long) part * inputs, batch);
            long elements = (long) part * classes;
            backend.copy(forward.logits(batch, BATCH), elements, logits.slice((long) done * classes, elements));
        }
    }

    @Override
    public void close() {
        memory.close();
    }

    /** Affine maps with a ReLU between each two. */
    private static final class Layers implements Forward {

        private final Backend backend;
        private final List<Affine> layers;
        private final List<DeviceBuffer> outputs = new ArrayList<>();

        Layers(Backend backend, DeviceMemory memory, List<Affine> layers) {
            this.backend = backend;
            this.layers = List.copyOf(layers);
            layers.forEach(layer -> outputs.add(memory.allocate((long) BATCH * layer.out())));
        }

        @Override
        public DeviceBuffer logits(DeviceBuffer x, int rows) {
            DeviceBuffer from = x;
            for (int i = 0; i < layers.size(); ++i) {
                backend.linear().affine(from, rows, layers.get(i), i < layers.size() - 1, outputs.get(i));
                from = outputs.get(i);
            }
            return from;
        }
    }
}
