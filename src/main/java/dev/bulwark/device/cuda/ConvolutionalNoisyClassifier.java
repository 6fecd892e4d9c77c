package dev.bulwark.device.cuda;

import dev.bulwark.device.Affine;
import dev.bulwark.device.DeviceBuffer;
import dev.bulwark.device.Layer;
import dev.bulwark.device.NoiseKey;
import dev.bulwark.device.NoisyClassifier;
import dev.bulwark.device.SmoothingNoise;
import dev.bulwark.device.cuda.HalfStages.Noisy;
import dev.bulwark.device.cuda.HalfStages.Stage;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Votes of a chain of layers in half precision, a batch of samples at a time: convolutions and poolings by
 * smoothing_convolutions.cu, dense layers behind them by smoothing_layers.cu. A first convolution makes the noise itself.
 *
 * <p>Weights and activations are fp16, sums, biases and logits fp32. A sample with an activation above 65504 may have NaN
 * among its logits and then votes for no class, which only lowers counts.
 */
final class ConvolutionalNoisyClassifier implements NoisyClassifier {

    private static final SmoothingNoise NONE = new SmoothingNoise.Gaussian(0f);
    private static final int TILES_PER_MULTIPROCESSOR = 2;
    /** Of all layers' activations. */
    private static final long MOST_SCRATCH_BYTES = 1L << 28;

    private final CudaMemory memory;
    private final Transfers transfers;
    private final LayeredNoisyClassifier.Kernels kernels;
    private final Opened opened = new Opened();
    private final int inputs;
    private final int classes;
    private final int batch;
    private final ImageIndices indices;
    private final List<Stage> stages;
    private final Optional<HalfLayers> dense;
    /** What a first pooling reads, and what each stage makes; logits are the last one's where no dense layers follow. */
    private final List<DeviceBuffer> activations = new ArrayList<>();
    private final DeviceBuffer logits;

    /** @param layers their buffers may be closed afterwards */
    ConvolutionalNoisyClassifier(CudaMemory memory, Transfers transfers, HalfStages.Kernels convolutions,
                                 LayeredNoisyClassifier.Kernels kernels, List<Layer> layers) {
        this.memory = memory;
        this.transfers = transfers;
        this.kernels = kernels;
        this.inputs = layers.get(0).in();
        this.classes = layers.get(layers.size() - 1).out();
        try {
            int behind = firstDense(layers);
            this.stages = opened.add(new HalfStages(memory, transfers, convolutions, layers, behind)).stages();
            Optional<HalfNetwork> network = behind == layers.size() ? Optional.empty()
                    : Optional.of(opened.add(packed(convolutions.pack(), layers, behind)));
            long widest = network.stream().flatMap(of -> of.layers().stream())
                    .mapToLong(layer -> HalfNetwork.padded(layer.out())).max().orElse(0);
            this.batch = batch(2 * widest + stages.stream().mapToLong(stage -> stage.makes().stride()).sum());
            this.indices = opened.add(new ImageIndices(memory, transfers));
            activations.add(isPlain() ? zeros(stages.get(0).reads().stride()) : nothing());
            for (Stage stage : stages) {
                activations.add(stage.last() ? nothing() : zeros(stage.makes().stride()));
            }
            this.dense = network.map(of -> kernels.layers(of, List.of(zeros(widest), zeros(widest))));
            this.logits = opened.add(memory.allocate((long) batch * classes));
        } catch (RuntimeException e) {
            close();
            throw e;
        }
    }

    /**
     * The first of the dense layers that smoothing_layers.cu can take: those that nothing else follows, with a ReLU between
     * each two and none at the end. There may be none: the other kernels take dense layers too.
     */
    private static int firstDense(List<Layer> layers) {
        int first = layers.size();
        while (first > 1 && layers.get(first - 1) instanceof Layer.Dense dense && dense.relu() == first < layers.size()) {
            --first;
        }
        return first;
    }

    /** The dense layers from number {@code first} on, the first one's inputs in the order in which they are laid out. */
    private HalfNetwork packed(Kernel pack, List<Layer> layers, int first) {
        List<Affine> affine = new ArrayList<>();
        layers.subList(first, layers.size()).forEach(layer -> affine.add(((Layer.Dense) layer).affine()));
        Affine of = affine.get(0);
        HalfImage given = stages.get(first - 1).makes();
        int width = given.elements();
        int area = given.shape().area();
        float[] weight = new float[Math.multiplyExact(of.out(), of.in())];
        transfers.read(of.weight(), weight);
        float[] inOrder = new float[Math.multiplyExact(of.out(), width)];
        for (int k = 0; k < weight.length; ++k) {
            int element = k % of.in();
            inOrder[k / of.in() * width + given.position(element / area, element % area)] = weight[k];
        }
        try (DeviceBuffer ordered = memory.allocate(inOrder.length)) {
            transfers.write(inOrder, ordered);
            affine.set(0, new Affine(ordered, of.bias(), width, of.out()));
            return new HalfNetwork(memory, transfers, pack, affine, first);
        }
    }

    private int batch(long elements) {
        long tiles = Math.min((long) memory.gpu().multiprocessors() * TILES_PER_MULTIPROCESSOR,
                MOST_SCRATCH_BYTES / (Short.BYTES * HalfLayers.TILE * elements));
        return HalfLayers.TILE * (int) Math.max(1, tiles);
    }

    /** Activations of a layer: no kernel writes elements without a channel, which must be zeros. */
    private DeviceBuffer zeros(long width) {
        DeviceBuffer buffer = opened.add(memory.allocate(batch * width / 2));
        transfers.zeroInts(buffer);
        return buffer;
    }

    /** In the place of what a launch doesn't read or write. */
    private DeviceBuffer nothing() {
        return opened.add(memory.allocate(1));
    }

    /** Whether noise needs a launch of its own, because a pooling comes first. */
    private boolean isPlain() {
        return stages.get(0).reads().chunk() == 1;
    }

    @Override
    public Precision precision() {
        return Precision.FLOAT16;
    }

    @Override
    public void countVotes(DeviceBuffer images, int[] imageIndices, SmoothingNoise noise, NoiseKey key,
                           int firstSample, int samples, DeviceBuffer counts) {
        images.require("images", (long) imageIndices.length * inputs);
        counts.require("counts", (long) imageIndices.length * classes);
        indices.forEachPart(imageIndices, (firstImage, count, onGpu) -> {
            DeviceBuffer part = images.slice((long) firstImage * inputs, (long) count * inputs);
            DeviceBuffer votes = counts.slice((long) firstImage * classes, (long) count * classes);
            long total = (long) count * samples;
            int rows;
            for (long first = 0; first < total; first += rows) {
                rows = (int) Math.min(batch, total - first);
                forward(new Noisy(part, onGpu, samples, firstSample, first, noise, key), rows, logits);
                kernels.count().launch(Grid.over(rows), logits, samples, first, rows, classes, votes);
            }
        });
    }

    /** Noise of sigma 0 leaves inputs as they are. */
    @Override
    public void logits(DeviceBuffer given, int total, DeviceBuffer target) {
        given.require("inputs", (long) total * inputs);
        target.require("logits", (long) total * classes);
        NoiseKey key = new NoiseKey(0, NoiseKey.Stream.BENCHMARK);
        indices.forEachPart(new int[total], (firstRow, count, onGpu) -> {
            for (int first = 0, rows; first < count; first += rows) {
                rows = Math.min(batch, count - first);
                long row = (long) firstRow + first;
                forward(new Noisy(given.slice(row * inputs, (long) rows * inputs), onGpu, 1, 0, 0, NONE, key), rows,
                        target.slice(row * classes, (long) rows * classes));
            }
        });
    }

    private void forward(Noisy noisy, int rows, DeviceBuffer target) {
        if (isPlain()) {
            kernels.fill(rows, inputs, noisy, activations.get(0));
        }
        for (int k = 0; k < stages.size(); ++k) {
            stages.get(k).launch(rows, noisy, activations.get(k), stages.get(k).last() ? target : activations.get(k + 1));
        }
        dense.ifPresent(layers -> layers.forward(activations.get(stages.size()), rows, target));
    }

    @Override
    public void close() {
        opened.close();
    }
}
