package dev.bulwark.device.cuda;

import dev.bulwark.device.Affine;
import dev.bulwark.device.DeviceBuffer;
import dev.bulwark.device.DeviceException.Advice;
import dev.bulwark.device.DeviceException;
import dev.bulwark.device.NoiseKey;
import dev.bulwark.device.NoisyClassifier;
import dev.bulwark.device.SmoothingNoise;
import java.util.List;
import java.util.function.Function;
import jcuda.driver.CUdevice_attribute;

/**
 * Noise, all layers and votes in one persistent kernel: smoothing_fused.cu. Activations never leave a multiprocessor.
 *
 * <p>Weights and activations are fp16, sums, biases and logits fp32. A sample with an activation above 65504 may have NaN
 * among its logits and then votes for no class, which only lowers counts. Votes under discrete noise come from
 * {@link LayeredNoisyClassifier}, in the same arithmetic.
 */
final class FusedNoisyClassifier implements NoisyClassifier {

    /**
     * Samples a block may take, most first. Fewer need less shared memory but read the weights more often: below these,
     * {@link LayeredNoisyClassifier} reads less.
     */
    private static final int[] ROWS = {64, 48, 32};
    private static final int PANEL_ROW_BYTES = 2 * HalfNetwork.PANEL;
    /** Panels of outputs that a block holds in registers. */
    private static final int REGISTER_PANELS = 8;
    /** What the kernel declares itself, up to the alignment of the rest. */
    private static final int STATIC_BYTES = 5120;
    private static final int THREADS = 256;

    private final CudaMemory memory;
    private final Kernel kernel;
    private final HalfNetwork network;
    private final int rows;
    private final int slots;
    private final boolean only;
    private final SeparateLayers separate;
    private final ImageIndices indices;
    private final DeviceBuffer widths;

    /**
     * @param network        owned by this object
     * @param rows           samples of a block, as the kernel's name says
     * @param only           whether this kernel was asked for: votes under discrete noise are refused then
     * @param separateLayers makes the classifier that tells logits, when they are first asked for
     */
    FusedNoisyClassifier(CudaMemory memory, Transfers transfers, Kernel kernel, HalfNetwork network, int rows,
                         boolean only, Function<HalfNetwork, LayeredNoisyClassifier> separateLayers) {
        this.memory = memory;
        this.separate = new SeparateLayers(network, separateLayers);
        this.network = network;
        this.only = only;
        this.rows = rows;
        this.slots = slots(network.layers());
        try {
            this.kernel = kernel.allowShared(sharedBytes(slots, rows));
            this.indices = new ImageIndices(memory, transfers);
            try {
                this.widths = onGpu(memory, transfers, network.widths());
            } catch (RuntimeException e) {
                indices.close();
                throw e;
            }
        } catch (RuntimeException e) {
            network.close();
            throw e;
        }
    }

    private static DeviceBuffer onGpu(CudaMemory memory, Transfers transfers, int[] values) {
        DeviceBuffer buffer = memory.allocate(values.length);
        try {
            transfers.write(values, buffer);
            return buffer;
        } catch (RuntimeException e) {
            buffer.close();
            throw e;
        }
    }

    /** The most samples for which a block of this GPU has shared memory enough; 0 if that is none. */
    static int mostRows(GpuContext gpu, List<Affine> layers) {
        int available = gpu.attribute(CUdevice_attribute.CU_DEVICE_ATTRIBUTE_MAX_SHARED_MEMORY_PER_BLOCK_OPTIN)
                - STATIC_BYTES;
        for (int rows : ROWS) {
            if ((long) slots(layers) * rows * PANEL_ROW_BYTES <= available) {
                return rows;
            }
        }
        return 0;
    }

    /**
     * Panels that a block's ring needs: a layer's inputs beside all outputs that leave the registers before the inputs
     * have been read, and each layer's outputs.
     */
    static int slots(List<Affine> layers) {
        int slots = HalfNetwork.panels(layers.get(0).in());
        for (Affine hidden : layers.subList(0, layers.size() - 1)) {
            int outputs = HalfNetwork.panels(hidden.out());
            int early = (outputs - 1) / REGISTER_PANELS * REGISTER_PANELS;
            slots = Math.max(slots, Math.max(HalfNetwork.panels(hidden.in()) + early, outputs));
        }
        return slots;
    }

    private static int sharedBytes(int slots, int rows) {
        return Math.multiplyExact(slots, rows * PANEL_ROW_BYTES);
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
        if (samples <= 0) {
            return;
        }
        if (!(noise instanceof SmoothingNoise.Gaussian gaussian)) {
            if (only) {
                throw new DeviceException("the fused kernel makes Gaussian noise only; let the device choose its kernels")
                        .advising(Advice.AUTOMATIC_KERNELS);
            }
            separate.classifier().countVotes(images, imageIndices, noise, key, firstSample, samples, counts);
            return;
        }
        indices.forEachPart(imageIndices, (first, count, onGpu) -> {
            long tiles = (samples + rows - 1L) / rows * count;
            Grid grid = Grid.blocks((int) Math.min(tiles, memory.gpu().multiprocessors()), 1, THREADS)
                    .withShared(sharedBytes(slots, rows));
            kernel.launch(grid, images.slice((long) first * inputs, (long) count * inputs), onGpu, count,
                    widths, network.layers().size(), slots, network.fields(), network.weights(), network.biases(),
                    gaussian.sigma(), key.keyLow(), key.keyHigh(), key.stream().ordinal(), firstSample, samples,
                    counts.slice((long) first * classes, (long) count * classes));
        });
    }

    /** The fused kernel keeps its logits to itself: a kernel for each layer gives the same. */
    @Override
    public void logits(DeviceBuffer inputs, int total, DeviceBuffer logits) {
        separate.logits(inputs, total, logits);
    }

    @Override
    public void close() {
        separate.close();
        widths.close();
        indices.close();
        network.close();
    }
}
