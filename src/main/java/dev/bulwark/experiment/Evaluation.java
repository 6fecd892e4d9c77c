package dev.bulwark.experiment;

import dev.bulwark.bounds.Bounds;
import dev.bulwark.bounds.Ibp;
import dev.bulwark.data.Dataset;
import dev.bulwark.device.Backend;
import dev.bulwark.device.DeviceBuffer;
import dev.bulwark.device.DeviceMemory;
import dev.bulwark.device.NoiseKey;
import dev.bulwark.device.NoiseKey.Stream;
import dev.bulwark.nn.DeviceNetwork;
import dev.bulwark.nn.ForwardPass;
import dev.bulwark.nn.Network;
import java.util.Arrays;
import java.util.stream.IntStream;

/** Accuracies of a network over a whole data set, for its provenance: percentages. */
public final class Evaluation {

    private static final int BATCH = 500;

    private final Backend backend;
    private final Network network;
    private final Dataset data;

    public Evaluation(Backend backend, Network network, Dataset data) {
        this.backend = backend;
        this.network = network;
        this.data = data;
    }

    /** Share of images whose label has the largest logit. */
    public double clean() {
        return noisy(0, 0);
    }

    /** As {@link #clean}, with one draw of Gaussian noise on every image: the base classifier's own accuracy. */
    public double noisy(double sigma, long seed) {
        int inputs = data.imageSize();
        int correct = 0;
        try (DeviceNetwork loaded = DeviceNetwork.load(backend, network); DeviceMemory memory = new DeviceMemory(backend)) {
            ForwardPass pass = new ForwardPass(backend, memory, loaded, BATCH);
            DeviceBuffer images = memory.allocate((long) BATCH * inputs);
            DeviceBuffer indices = memory.allocate(BATCH);
            DeviceBuffer samples = memory.allocate(BATCH);
            DeviceBuffer best = memory.allocate(BATCH);
            backend.zeroInts(samples);
            for (int from = 0; from < data.size(); from += BATCH) {
                int count = Math.min(BATCH, data.size() - from);
                float[] pixels = new float[count * inputs];
                data.pixels(from, from + count, pixels);
                backend.write(pixels, images);
                backend.write(range(from, count), indices);
                if (sigma > 0) {
                    backend.addNoise(images, indices, samples, count, inputs, (float) sigma,
                            new NoiseKey(seed, Stream.PREDICTION), images);
                }
                backend.argMax(pass.logits(images, count), count, network.classes(), best);
                int[] predictions = new int[count];
                backend.read(best, predictions);
                for (int k = 0; k < count; ++k) {
                    correct += predictions[k] == data.label(from + k) ? 1 : 0;
                }
            }
        }
        return 100.0 * correct / data.size();
    }

    /** Share of images certified by IBP with the last layer elided. */
    public double certified(double epsilon) {
        int certified = 0;
        try (DeviceNetwork loaded = DeviceNetwork.load(backend, network)) {
            Ibp ibp = new Ibp(backend, loaded);
            for (int from = 0; from < data.size(); from += BATCH) {
                int count = Math.min(BATCH, data.size() - from);
                float[] pixels = new float[count * data.imageSize()];
                data.pixels(from, from + count, pixels);
                int[] labels = Arrays.copyOfRange(data.labels(), from, from + count);
                certified += (int) ibp.verify(pixels, labels, epsilon).stream().filter(Bounds::certified).count();
            }
        }
        return 100.0 * certified / data.size();
    }

    private static int[] range(int first, int count) {
        return IntStream.range(first, first + count).toArray();
    }
}
