package dev.bulwark.device.cuda;

import dev.bulwark.device.Affine;
import dev.bulwark.device.Convolution;
import dev.bulwark.device.DeviceBuffer;
import dev.bulwark.device.Layer;
import dev.bulwark.device.NoiseKey;
import dev.bulwark.device.Pooling;
import dev.bulwark.device.SmoothingNoise;
import dev.bulwark.shapes.ImageShape;
import dev.bulwark.shapes.Windows.Axis;
import dev.bulwark.shapes.Windows;
import java.util.ArrayList;
import java.util.List;
import jcuda.driver.CUdevice_attribute;

/**
 * Convolutions and poolings in half precision one behind the other, a launch of smoothing_convolutions.cu for each: their
 * weights, and in which layouts they read and make activations.
 */
final class HalfStages implements AutoCloseable {

    private final CudaMemory memory;
    private final Transfers transfers;
    private final Kernels kernels;
    private final Opened opened = new Opened();
    private final List<Stage> stages = new ArrayList<>();

    /** The kernels of smoothing_convolutions.cu, and the one that packs weights. */
    record Kernels(Kernel upTo32, Kernel upTo64, Kernel pool, Kernel pack) {

        static Kernels of(KernelModule convolutions, KernelModule layers) {
            return new Kernels(convolutions.kernel("convolve_halves_32"), convolutions.kernel("convolve_halves_64"),
                    convolutions.kernel("pool_halves"), layers.kernel("pack_weights"));
        }
    }

    /**
     * Samples of images: row r of a batch is sample {@code first + r} of all of them.
     *
     * @param images  {@code [N,D]}
     * @param indices {@code int [N]}
     * @param samples of each image
     */
    record Noisy(DeviceBuffer images, DeviceBuffer indices, int samples, int firstSample, long first,
                 SmoothingNoise noise, NoiseKey key) {

        /** Of Gaussian noise. */
        float sigma() {
            return noise instanceof SmoothingNoise.Gaussian gaussian ? gaussian.sigma() : 0;
        }

        /** Of discrete noise; else a buffer that nothing reads. */
        DeviceBuffer tables() {
            return noise instanceof SmoothingNoise.Discrete discrete ? discrete.tables() : indices;
        }

        /** Of discrete noise; 0 for Gaussian noise. */
        int thresholds() {
            return noise instanceof SmoothingNoise.Discrete discrete ? discrete.noise().thresholds() : 0;
        }
    }

    /**
     * A convolution or pooling.
     *
     * @param reads what it reads
     * @param makes what it makes; logits are plain
     * @param last  whether it makes the logits
     */
    record Stage(Work work, HalfImage reads, HalfImage makes, boolean last) {

        /**
         * @param noisy what a first convolution reads; the others read {@code from}
         * @param to    fp16 activations, or logits in float
         */
        void launch(int rows, Noisy noisy, DeviceBuffer from, DeviceBuffer to) {
            work.launch(this, rows, noisy, from, to);
        }
    }

    /** What is launched for a stage. */
    private interface Work {
        void launch(Stage stage, int rows, Noisy noisy, DeviceBuffer from, DeviceBuffer to);
    }

    /**
     * @param layers dense ones are convolutions of a single window; the layers' buffers may be closed afterwards
     * @param end    stages are made of those before this one; if it is the number of layers, the last one makes logits
     */
    HalfStages(CudaMemory memory, Transfers transfers, Kernels kernels, List<Layer> layers, int end) {
        this.memory = memory;
        this.transfers = transfers;
        this.kernels = kernels;
        try {
            add(layers, end);
        } catch (RuntimeException e) {
            close();
            throw e;
        }
    }

    /** First to last. */
    List<Stage> stages() {
        return stages;
    }

    private void add(List<Layer> layers, int end) {
        List<Layer> own = new ArrayList<>();
        ImageShape shape = new ImageShape(layers.get(0).in(), 1, 1);
        for (Layer layer : layers.subList(0, end)) {
            own.add(layer instanceof Layer.Dense dense ? convolution(dense, shape) : layer);
            shape = made(own.get(own.size() - 1));
        }
        HalfImage reads = own.get(0) instanceof Layer.Convolve first
                ? HalfImage.of(first.convolution().input(), first.convolution().groups())
                : HalfImage.plain(((Layer.Pool) own.get(0)).pooling().input());
        for (int k = 0; k < end; ++k) {
            boolean last = k == layers.size() - 1;
            int groups = k + 1 < end && own.get(k + 1) instanceof Layer.Convolve next ? next.convolution().groups() : 1;
            ImageShape made = made(own.get(k));
            HalfImage makes = last ? HalfImage.plain(made) : HalfImage.of(made, groups);
            stages.add(new Stage(work(own.get(k), k), reads, makes, last));
            reads = makes;
        }
    }

    private static ImageShape made(Layer layer) {
        return layer instanceof Layer.Pool pool ? pool.pooling().output() : ((Layer.Convolve) layer).convolution().output();
    }

    /** A dense layer as a convolution of one window, which is all of what is given, in its order. */
    private static Layer convolution(Layer.Dense layer, ImageShape given) {
        Affine affine = layer.affine();
        Windows all = new Windows(new Axis(given.height(), 1, 0, 0, 1), new Axis(given.width(), 1, 0, 0, 1));
        return new Layer.Convolve(Convolution.over(given, affine.weight(), affine.bias(), affine.out(), all, 1),
                layer.relu());
    }

    private Work work(Layer layer, int number) {
        if (layer instanceof Layer.Pool pool) {
            return (stage, rows, noisy, from, to) -> launch(pool, stage, rows, from, to);
        }
        Layer.Convolve convolve = (Layer.Convolve) layer;
        HalfTile tile = HalfTile.of(convolve.convolution(), memory.gpu().attribute(
                CUdevice_attribute.CU_DEVICE_ATTRIBUTE_MAX_SHARED_MEMORY_PER_BLOCK_OPTIN));
        Kernel kernel = (tile.columns() == 32 ? kernels.upTo32 : kernels.upTo64).allowShared((int) tile.sharedBytes());
        HalfConvolution packed = opened.add(
                new HalfConvolution(memory, transfers, kernels.pack, convolve.convolution(), number));
        int relu = convolve.relu() ? 1 : 0;
        int first = number == 0 ? 1 : 0;
        return (stage, rows, noisy, from, to) -> {
            Convolution of = tile.layer();
            Axis y = of.windows().height();
            Axis x = of.windows().width();
            kernel.launch(tile.grid(rows), rows, first, noisy.images, noisy.indices, noisy.samples, noisy.firstSample,
                    noisy.first, noisy.sigma(), noisy.tables(), noisy.thresholds(), noisy.key.keyLow(), noisy.key.keyHigh(),
                    noisy.key.stream().ordinal(), from, stage.reads.stride(), packed.weights(), packed.biases(), relu,
                    stage.last ? 1 : 0,
                    stage.makes.channels(), to, stage.makes.stride(), to,
                    of.input().channels() / of.groups(), of.input().height(), of.input().width(),
                    of.output().channels() / of.groups(), of.output().height(), of.output().width(),
                    y.kernel(), x.kernel(), y.stride(), x.stride(), y.before(), x.before(), y.dilation(), x.dilation(),
                    tile.height(), tile.width(), tile.samples());
        };
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

    @Override
    public void close() {
        opened.close();
    }
}
