package dev.bulwark.device.cuda;

import dev.bulwark.device.Affine;
import dev.bulwark.device.Convolution;
import dev.bulwark.device.DeviceBuffer;
import dev.bulwark.device.Layer;
import dev.bulwark.device.NoiseKey;
import dev.bulwark.device.NoisyClassifier;
import dev.bulwark.device.Pooling;
import dev.bulwark.shapes.ImageShape;
import dev.bulwark.shapes.Windows.Axis;
import dev.bulwark.shapes.Windows;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import jcuda.driver.CUdevice_attribute;

/**
 * Votes of a chain of layers in half precision, a batch of samples at a time: convolutions and poolings by
 * smoothing_convolutions.cu, dense layers behind them by smoothing_layers.cu. A first convolution makes the noise itself.
 *
 * <p>Weights and activations are fp16, sums, biases and logits fp32. A sample with an activation above 65504 may have NaN
 * among its logits and then votes for no class, which only lowers counts.
 */
final class ConvolutionalNoisyClassifier implements NoisyClassifier {

    private static final int TILES_PER_MULTIPROCESSOR = 2;
    /** Of all layers' activations. */
    private static final long MOST_SCRATCH_BYTES = 1L << 28;

    private final CudaMemory memory;
    private final Transfers transfers;
    private final Kernels kernels;
    private final Opened opened = new Opened();
    private final int inputs;
    private final int classes;
    private final int batch;
    private final ImageIndices indices;
    private final List<Stage> stages = new ArrayList<>();
    private final Optional<HalfLayers> dense;
    /** What a first pooling reads, and what each stage makes; logits are the last one's where no dense layers follow. */
    private final List<DeviceBuffer> activations = new ArrayList<>();
    private final DeviceBuffer logits;

    /** The kernels of smoothing_convolutions.cu, those of smoothing_layers.cu, and the one that packs weights. */
    record Kernels(Kernel upTo32, Kernel upTo64, Kernel pool, LayeredNoisyClassifier.Kernels layers, Kernel pack) {

        static Kernels of(KernelModule convolutions, KernelModule layers) {
            return new Kernels(convolutions.kernel("convolve_halves_32"), convolutions.kernel("convolve_halves_64"),
                    convolutions.kernel("pool_halves"), LayeredNoisyClassifier.Kernels.of(layers),
                    layers.kernel("pack_weights"));
        }
    }

    /** Images of a call, and which samples of them a batch has: from sample {@code first} of all of them on. */
    private record Noisy(DeviceBuffer images, DeviceBuffer indices, int samples, int firstSample, long first, float sigma,
                         NoiseKey key) {
    }

    /**
     * A convolution or pooling.
     *
     * @param reads what it reads
     * @param makes what it makes; logits are plain
     * @param last  whether it makes the logits
     */
    private record Stage(Work work, HalfImage reads, HalfImage makes, boolean last) {
    }

    /** What is launched for a stage. */
    private interface Work {
        void launch(Stage stage, int rows, Noisy noisy, DeviceBuffer from, DeviceBuffer to);
    }

    /** @param layers a convolution or a pooling among them; their buffers may be closed afterwards */
    ConvolutionalNoisyClassifier(CudaMemory memory, Transfers transfers, Kernels kernels, List<Layer> layers) {
        this.memory = memory;
        this.transfers = transfers;
        this.kernels = kernels;
        this.inputs = layers.get(0).in();
        this.classes = layers.get(layers.size() - 1).out();
        try {
            int behind = firstDense(layers);
            addStages(layers, behind);
            Optional<HalfNetwork> network = behind == layers.size() ? Optional.empty()
                    : Optional.of(opened.add(packed(layers, behind, stages.get(behind - 1).makes)));
            long widest = network.stream().flatMap(of -> of.layers().stream()).mapToLong(layer -> HalfNetwork.padded(layer.out()))
                    .max().orElse(0);
            this.batch = batch(2 * widest + stages.stream().mapToLong(stage -> stage.makes.stride()).sum());
            this.indices = opened.add(new ImageIndices(memory, transfers));
            activations.add(stages.get(0).reads.chunk() == 1 ? zeros(stages.get(0).reads.stride()) : nothing());
            for (Stage stage : stages) {
                activations.add(stage.last ? nothing() : zeros(stage.makes.stride()));
            }
            this.dense = network.map(of -> kernels.layers.layers(of, List.of(zeros(widest), zeros(widest))));
            this.logits = opened.add(memory.allocate((long) batch * classes));
        } catch (RuntimeException e) {
            close();
            throw e;
        }
    }

    /**
     * The first of the dense layers that smoothing_layers.cu can take: those that nothing else follows, with a ReLU between
     * each two and none at the end. There may be none: then the others' kernels take dense layers too.
     */
    private static int firstDense(List<Layer> layers) {
        int first = layers.size();
        while (first > 1 && layers.get(first - 1) instanceof Layer.Dense dense && dense.relu() == first < layers.size()) {
            --first;
        }
        return first;
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

    // ---- layers --------------------------------------------------------------------------------------------------------

    private void addStages(List<Layer> layers, int end) {
        List<Object> works = new ArrayList<>();
        ImageShape shape = new ImageShape(inputs, 1, 1);
        for (Layer layer : layers.subList(0, end)) {
            works.add(layer instanceof Layer.Pool pool ? pool.pooling() : convolution(layer, shape));
            shape = outputOf(works.get(works.size() - 1));
        }
        for (int k = 0; k < end; ++k) {
            HalfImage reads = k > 0 ? stages.get(k - 1).makes : works.get(0) instanceof Pooling pooling
                    ? HalfImage.plain(pooling.input()) : HalfImage.of(((Convolution) works.get(0)).input(),
                            ((Convolution) works.get(0)).groups());
            boolean last = k == layers.size() - 1;
            ImageShape made = outputOf(works.get(k));
            HalfImage makes = last ? HalfImage.plain(made) : HalfImage.of(made,
                    k + 1 < end && works.get(k + 1) instanceof Convolution next ? next.groups() : 1);
            stages.add(new Stage(work(layers.get(k), works.get(k), k), reads, makes, last));
        }
    }

    private static ImageShape outputOf(Object work) {
        return work instanceof Pooling pooling ? pooling.output() : ((Convolution) work).output();
    }

    /** A convolution, or a dense layer as one of a single window: all of what is given, in its order. */
    private static Convolution convolution(Layer layer, ImageShape given) {
        if (layer instanceof Layer.Convolve convolve) {
            return convolve.convolution();
        }
        Affine affine = ((Layer.Dense) layer).affine();
        Windows all = new Windows(new Axis(given.height(), 1, 0, 0, 1), new Axis(given.width(), 1, 0, 0, 1));
        return Convolution.over(given, affine.weight(), affine.bias(), affine.out(), all, 1);
    }

    private Work work(Layer layer, Object of, int number) {
        if (layer instanceof Layer.Pool pool) {
            return (stage, rows, noisy, from, to) -> launch(pool, stage, rows, from, to);
        }
        Convolution convolution = (Convolution) of;
        boolean relu = layer instanceof Layer.Convolve convolve ? convolve.relu() : ((Layer.Dense) layer).relu();
        HalfTile tile = HalfTile.of(convolution, memory.gpu().attribute(
                CUdevice_attribute.CU_DEVICE_ATTRIBUTE_MAX_SHARED_MEMORY_PER_BLOCK_OPTIN));
        Kernel kernel = (tile.columns() == 32 ? kernels.upTo32 : kernels.upTo64).allowShared((int) tile.sharedBytes());
        HalfConvolution packed = opened.add(new HalfConvolution(memory, transfers, kernels.pack, convolution, number));
        return (stage, rows, noisy, from, to) -> launch(kernel, tile, packed, relu, number == 0, stage, rows, noisy, from, to);
    }

    private void launch(Kernel kernel, HalfTile tile, HalfConvolution packed, boolean relu, boolean first, Stage stage, int rows,
                        Noisy noisy, DeviceBuffer from, DeviceBuffer to) {
        Convolution of = tile.layer();
        Axis y = of.windows().height();
        Axis x = of.windows().width();
        kernel.launch(tile.grid(rows), rows, first ? 1 : 0, noisy.images, noisy.indices, noisy.samples, noisy.firstSample,
                noisy.first, noisy.sigma, noisy.key.keyLow(), noisy.key.keyHigh(), noisy.key.stream().ordinal(),
                from, stage.reads.stride(), packed.weights(), packed.biases(), relu ? 1 : 0, stage.last ? 1 : 0,
                stage.makes.channels(), to, stage.makes.stride(), to,
                of.input().channels() / of.groups(), of.input().height(), of.input().width(),
                of.output().channels() / of.groups(), of.output().height(), of.output().width(),
                y.kernel(), x.kernel(), y.stride(), x.stride(), y.before(), x.before(), y.dilation(), x.dilation(),
                tile.height(), tile.width(), tile.samples());
    }

    private void launch(Layer.Pool pool, Stage stage, int rows, DeviceBuffer from, DeviceBuffer to) {
        Pooling of = pool.pooling();
        Axis y = of.windows().height();
        Axis x = of.windows().width();
        kernels.pool.launch(Grid.over((long) rows * HalfImage.of(of.output(), 1).elements()), from, stage.reads.stride(),
                stage.reads.chunk(), rows, pool.kind() == Layer.Pool.Kind.AVERAGE ? 1 : 0, of.countPadding() ? 1 : 0,
                stage.last ? 1 : 0, stage.makes.channels(), to, stage.makes.stride(), to,
                of.input().channels(), of.input().height(), of.input().width(), of.output().height(), of.output().width(),
                y.kernel(), x.kernel(), y.stride(), x.stride(), y.before(), x.before(), y.dilation(), x.dilation());
    }

    /** The dense layers from number {@code first} on, the first one's inputs in the order in which they are laid out. */
    private HalfNetwork packed(List<Layer> layers, int first, HalfImage given) {
        List<Affine> affine = new ArrayList<>();
        layers.subList(first, layers.size()).forEach(layer -> affine.add(((Layer.Dense) layer).affine()));
        Affine of = affine.get(0);
        int width = given.elements();
        float[] weight = new float[Math.multiplyExact(of.out(), of.in())];
        transfers.read(of.weight(), weight);
        float[] inOrder = new float[Math.multiplyExact(of.out(), width)];
        int area = given.shape().area();
        for (int k = 0; k < weight.length; ++k) {
            int element = k % of.in();
            inOrder[k / of.in() * width + given.position(element / area, element % area)] = weight[k];
        }
        try (DeviceBuffer ordered = memory.allocate(inOrder.length)) {
            transfers.write(inOrder, ordered);
            affine.set(0, new Affine(ordered, of.bias(), width, of.out()));
            return new HalfNetwork(memory, transfers, kernels.pack, affine, first);
        }
    }

    // ---- votes ---------------------------------------------------------------------------------------------------------

    @Override
    public Precision precision() {
        return Precision.FLOAT16;
    }

    @Override
    public void countVotes(DeviceBuffer images, int[] imageIndices, float sigma, NoiseKey key,
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
                forward(new Noisy(part, onGpu, samples, firstSample, first, sigma, key), rows, logits);
                kernels.layers.count().launch(Grid.over(rows), logits, samples, first, rows, classes, votes);
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
                forward(new Noisy(given.slice(row * inputs, (long) rows * inputs), onGpu, 1, 0, 0, 0f, key), rows,
                        target.slice(row * classes, (long) rows * classes));
            }
        });
    }

    private void forward(Noisy noisy, int rows, DeviceBuffer target) {
        if (stages.get(0).reads.chunk() == 1) {
            kernels.layers.noise().launch(CudaNoise.over(rows, inputs), noisy.images, noisy.indices, noisy.samples,
                    noisy.firstSample, noisy.first, rows, inputs, noisy.sigma, noisy.key.keyLow(), noisy.key.keyHigh(),
                    noisy.key.stream().ordinal(), activations.get(0));
        }
        for (int k = 0; k < stages.size(); ++k) {
            Stage stage = stages.get(k);
            stage.work.launch(stage, rows, noisy, activations.get(k), stage.last ? target : activations.get(k + 1));
        }
        dense.ifPresent(layers -> layers.forward(activations.get(stages.size()), rows, target));
    }

    @Override
    public void close() {
        opened.close();
    }
}
