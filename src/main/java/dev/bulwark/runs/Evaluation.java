package dev.bulwark.runs;

import dev.bulwark.bounds.Bounds;
import dev.bulwark.bounds.Ibp;
import dev.bulwark.data.Dataset;
import dev.bulwark.data.Epsilon;
import dev.bulwark.device.Backend;
import dev.bulwark.device.DeviceBuffer;
import dev.bulwark.device.DeviceMemory;
import dev.bulwark.device.HostArrays;
import dev.bulwark.device.NoiseKey.Stream;
import dev.bulwark.device.NoiseKey;
import dev.bulwark.model.Graph;
import dev.bulwark.plan.Logits;
import dev.bulwark.plan.Plan;
import java.util.Arrays;
import java.util.stream.IntStream;

/** Accuracies of a network over a whole data set, for its provenance: percentages. */
public final class Evaluation {

    private final Backend backend;
    private final Graph network;
    private final Dataset data;
    /** Images that go through the network together. */
    private final int batch;

    public Evaluation(Backend backend, Graph network, Dataset data) {
        this.backend = backend;
        this.network = network;
        this.data = data;
        this.batch = backend.imagesPerCall();
    }

    /** Share of images whose label has the largest logit. */
    public double clean() {
        return noisy(0, 0);
    }

    /** As {@link #clean}, with one draw of Gaussian noise on every image: the base classifier's own accuracy. */
    public double noisy(double sigma, long seed) {
        int[] predictions = predictions(sigma, seed);
        return 100.0 * IntStream.range(0, data.size()).filter(k -> predictions[k] == data.label(k)).count() / data.size();
    }

    /** {@code [N]}: the class with the largest logit; -1 where a logit is NaN. */
    public int[] predictions() {
        return predictions(0, 0);
    }

    private int[] predictions(double sigma, long seed) {
        int inputs = data.imageSize();
        int[] predictions = new int[data.size()];
        try (Plan loaded = Plan.load(backend, network); DeviceMemory memory = new DeviceMemory(backend)) {
            Logits pass = new Logits(memory, loaded, batch);
            DeviceBuffer images = memory.allocate((long) batch * inputs);
            DeviceBuffer indices = memory.allocate(batch);
            DeviceBuffer samples = memory.allocate(batch);
            DeviceBuffer best = memory.allocate(batch);
            backend.zeroInts(samples);
            for (int from = 0; from < data.size(); from += batch) {
                int count = Math.min(batch, data.size() - from);
                float[] pixels = new float[HostArrays.length("images of a batch by pixels", count, inputs)];
                data.pixels(from, from + count, pixels);
                backend.write(pixels, images);
                backend.write(range(from, count), indices);
                if (sigma > 0) {
                    backend.noise().addNoise(images, indices, samples, count, inputs, (float) sigma,
                            new NoiseKey(seed, Stream.PREDICTION), images);
                }
                backend.votes().argMax(pass.of(images, count), count, network.classes(), best);
                int[] found = new int[count];
                backend.read(best, found);
                System.arraycopy(found, 0, predictions, from, count);
            }
        }
        return predictions;
    }

    /** Share of images certified by IBP with the last layer elided. */
    public double certified(Epsilon epsilon) {
        int certified = 0;
        try (Plan plan = Plan.load(backend, network); Ibp ibp = new Ibp(plan)) {
            for (int from = 0; from < data.size(); from += batch) {
                int count = Math.min(batch, data.size() - from);
                float[] pixels = new float[HostArrays.length("images of a batch by pixels", count, data.imageSize())];
                data.pixels(from, from + count, pixels);
                int[] labels = Arrays.copyOfRange(data.labels(), from, from + count);
                certified += (int) ibp.verify(pixels, labels, data.ball(epsilon)).stream().filter(Bounds::certified).count();
            }
        }
        return 100.0 * certified / data.size();
    }

    private static int[] range(int first, int count) {
        return IntStream.range(first, first + count).toArray();
    }
}
