package dev.bulwark.device;

import java.util.ArrayList;
import java.util.List;

/** Noisy votes from a backend's separate operations, in float: the yardstick for every fused version. */
public final class ComposedNoisyClassifier implements NoisyClassifier {

    private static final int BATCH = 512;

    private final Backend backend;
    private final List<Affine> layers;
    private final DeviceMemory memory;
    private final List<DeviceBuffer> activations = new ArrayList<>();

    /** @param layers affine maps with a ReLU between each two; their buffers must outlive this object */
    public ComposedNoisyClassifier(Backend backend, List<Affine> layers) {
        this.backend = backend;
        this.layers = List.copyOf(layers);
        try (DeviceMemory building = new DeviceMemory(backend)) {
            activations.add(building.allocate((long) BATCH * layers.get(0).in()));
            for (Affine layer : layers) {
                activations.add(building.allocate((long) BATCH * layer.out()));
            }
            memory = building.handOver();
        }
    }

    @Override
    public Precision precision() {
        return Precision.FLOAT32;
    }

    @Override
    public void countVotes(DeviceBuffer images, int[] imageIndices, float sigma, NoiseKey key,
                           int firstSample, int samples, DeviceBuffer counts) {
        int inputs = layers.get(0).in();
        int classes = layers.get(layers.size() - 1).out();
        for (int n = 0; n < imageIndices.length; ++n) {
            DeviceBuffer image = images.slice((long) n * inputs, inputs);
            DeviceBuffer votes = counts.slice((long) n * classes, classes);
            for (int done = 0, rows; done < samples; done += rows) {
                rows = Math.min(BATCH, samples - done);
                backend.noise().noisyCopies(image, imageIndices[n], firstSample + done, rows, inputs, sigma, key,
                        activations.get(0));
                forward(activations.get(0), rows, activations.get(layers.size()));
                backend.votes().countArgMax(activations.get(layers.size()), rows, classes, votes);
            }
        }
    }

    @Override
    public void logits(DeviceBuffer inputs, int rows, DeviceBuffer logits) {
        int in = layers.get(0).in();
        int out = layers.get(layers.size() - 1).out();
        for (int done = 0, part; done < rows; done += part) {
            part = Math.min(BATCH, rows - done);
            forward(inputs.slice((long) done * in, (long) part * in), part,
                    logits.slice((long) done * out, (long) part * out));
        }
    }

    private void forward(DeviceBuffer inputs, int rows, DeviceBuffer logits) {
        DeviceBuffer from = inputs;
        for (int i = 0; i < layers.size(); ++i) {
            boolean hidden = i < layers.size() - 1;
            DeviceBuffer to = hidden ? activations.get(i + 1) : logits;
            backend.linear().affine(from, rows, layers.get(i), hidden, to);
            from = to;
        }
    }

    @Override
    public void close() {
        memory.close();
    }
}
