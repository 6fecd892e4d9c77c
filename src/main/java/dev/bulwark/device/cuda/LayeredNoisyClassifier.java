package dev.bulwark.device.cuda;

import dev.bulwark.device.DeviceBuffer;
import dev.bulwark.device.NoiseKey;
import dev.bulwark.device.NoisyClassifier;
import dev.bulwark.device.SmoothingNoise;
import dev.bulwark.device.cuda.HalfStages.Noisy;
import java.util.ArrayList;
import java.util.List;

/**
 * Noise, layers and votes as kernels of their own, a batch of samples at a time: smoothing_layers.cu. Samples of all
 * images lie end to end in the batches; the same rounding as {@link FusedNoisyClassifier}, and the same votes.
 */
final class LayeredNoisyClassifier implements NoisyClassifier {

    private static final int TILE = HalfLayers.TILE;
    /** Tiles a multiprocessor takes from a batch: even the narrowest layer so has work for all. */
    private static final int TILES_PER_MULTIPROCESSOR = 2;
    /** Of the two buffers that activations move between. */
    private static final long MOST_SCRATCH_BYTES = 1L << 28;

    private final HalfNetwork network;
    private final HalfLayers layers;
    private final Kernels kernels;
    private final int batch;
    private final List<DeviceBuffer> opened = new ArrayList<>();
    private final ImageIndices indices;
    /** fp16 activations, even layers' inputs in the first. */
    private final DeviceBuffer[] activations;
    private final DeviceBuffer logits;

    /** The kernels of smoothing_layers.cu that run for each batch. */
    record Kernels(Kernel noise, Kernel discrete, Kernel round, Kernel hidden, Kernel last, Kernel count) {

        static Kernels of(KernelModule module) {
            return new Kernels(module.kernel("noisy_halves"), module.kernel("discrete_halves"),
                    module.kernel("round_to_halves"), module.kernel("hidden_layer"), module.kernel("last_layer"),
                    module.kernel("count_votes"));
        }

        /** Samples as fp16. @param target {@code [rows]}, as wide as the layout of {@code inputs} */
        void fill(int rows, int inputs, Noisy noisy, DeviceBuffer target) {
            Grid grid = CudaNoise.over(rows, inputs);
            NoiseKey key = noisy.key();
            if (noisy.noise() instanceof SmoothingNoise.Discrete) {
                discrete.launch(grid, noisy.images(), noisy.indices(), noisy.samples(), noisy.firstSample(), noisy.first(),
                        rows, inputs, noisy.tables(), noisy.thresholds(), key.keyLow(), key.keyHigh(), key.stream().ordinal(),
                        target);
            } else {
                noise.launch(grid, noisy.images(), noisy.indices(), noisy.samples(), noisy.firstSample(), noisy.first(),
                        rows, inputs, noisy.sigma(), key.keyLow(), key.keyHigh(), key.stream().ordinal(), target);
            }
        }

        /** Dense layers by these kernels. @param activations fp16 activations of hidden layers, in turn */
        HalfLayers layers(HalfNetwork network, List<DeviceBuffer> activations) {
            return new HalfLayers(network, hidden, last, activations);
        }
    }

    /** @param network owned by this object */
    LayeredNoisyClassifier(CudaMemory memory, Transfers transfers, Kernels kernels, HalfNetwork network) {
        this.network = network;
        this.kernels = kernels;
        long widest = network.layers().stream().mapToLong(layer -> HalfNetwork.padded(layer.in())).max().orElseThrow();
        long tiles = Math.min((long) memory.gpu().multiprocessors() * TILES_PER_MULTIPROCESSOR,
                MOST_SCRATCH_BYTES / (2 * Short.BYTES * TILE * widest));
        this.batch = TILE * (int) Math.max(1, tiles);
        try {
            indices = new ImageIndices(memory, transfers);
            activations = new DeviceBuffer[] {zeros(memory, transfers, widest), zeros(memory, transfers, widest)};
            layers = kernels.layers(network, List.of(activations[1], activations[0]));
            logits = opening(memory.allocate((long) batch * network.classes()));
        } catch (RuntimeException e) {
            close();
            throw e;
        }
    }

    /** Activations of a layer: kernels read whole tiles and panels, also what no batch has filled yet. */
    private DeviceBuffer zeros(CudaMemory memory, Transfers transfers, long width) {
        DeviceBuffer buffer = opening(memory.allocate(batch * width / 2));
        transfers.zeroInts(buffer);
        return buffer;
    }

    private DeviceBuffer opening(DeviceBuffer buffer) {
        opened.add(buffer);
        return buffer;
    }

    @Override
    public Precision precision() {
        return Precision.FLOAT16;
    }

    @Override
    public void countVotes(DeviceBuffer images, int[] imageIndices, SmoothingNoise noise, NoiseKey key,
                           int firstSample, int samples, DeviceBuffer counts) {
        int inputs = network.inputs();
        int classes = network.classes();
        images.require("images", (long) imageIndices.length * inputs);
        counts.require("counts", (long) imageIndices.length * classes);
        indices.forEachPart(imageIndices, (firstImage, count, onGpu) -> {
            DeviceBuffer part = images.slice((long) firstImage * inputs, (long) count * inputs);
            DeviceBuffer votes = counts.slice((long) firstImage * classes, (long) count * classes);
            long total = (long) count * samples;
            int rows;
            for (long first = 0; first < total; first += rows) {
                rows = (int) Math.min(batch, total - first);
                kernels.fill(rows, inputs, new Noisy(part, onGpu, samples, firstSample, first, noise, key), activations[0]);
                layers.forward(activations[0], rows, logits);
                kernels.count.launch(Grid.over(rows), logits, samples, first, rows, classes, votes);
            }
        });
    }

    @Override
    public void logits(DeviceBuffer given, int total, DeviceBuffer target) {
        int inputs = network.inputs();
        int classes = network.classes();
        given.require("inputs", (long) total * inputs);
        target.require("logits", (long) total * classes);
        for (int first = 0, rows; first < total; first += rows) {
            rows = Math.min(batch, total - first);
            long elements = (long) rows * inputs;
            kernels.round.launch(Grid.over(elements), given.slice((long) first * inputs, elements),
                    rows, inputs, activations[0]);
            layers.forward(activations[0], rows, target.slice((long) first * classes, (long) rows * classes));
        }
    }

    /** fp32 {@code [rows,classes]}: those of the last batch. */
    DeviceBuffer logits() {
        return logits;
    }

    /** fp16, two to an element: what even layers read, and what odd ones do. */
    List<DeviceBuffer> activations() {
        return List.of(activations);
    }

    @Override
    public void close() {
        for (int i = opened.size() - 1; i >= 0; --i) {
            opened.get(i).close();
        }
        if (indices != null) {
            indices.close();
        }
        network.close();
    }
}
