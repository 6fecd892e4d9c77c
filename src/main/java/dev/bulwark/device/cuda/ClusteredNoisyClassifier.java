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
 * As {@link FusedNoisyClassifier}, in pairs of blocks that share the weights, with noise made beside the products:
 * smoothing_clustered.cu, for networks of four layers on GPUs of compute capability 9.0.
 *
 * <p>The noisy inputs are the same bits, and every layer rounds alike; within a layer the order of sums is the tensor
 * cores' own, so that a sample whose two best logits nearly tie may vote otherwise than elsewhere. A sample with an
 * activation above 65504 may vote for no class, which only lowers counts.
 */
final class ClusteredNoisyClassifier implements NoisyClassifier {

    private static final int CAPABILITY = 90;
    private static final int ROWS = 64;
    private static final int THREADS = 512;
    /** Blocks that share weights. */
    private static final int CLUSTER = 2;

    private static final int PANEL_BYTES = ROWS * HalfNetwork.PANEL * Short.BYTES;
    /** Barriers, six stages of weights, and activations of a chunk. */
    private static final int FIXED_BYTES =
            1024 + 6 * StagedWeights.STAGE_BYTES + ROWS * StagedWeights.CHUNK * Short.BYTES;
    /** Panels that there are barriers for. */
    private static final int MOST_RING = 32;
    /** A block counts tiles in an int and adds a grid's blocks to it. */
    private static final long MOST_TILES = 1L << 30;

    private final CudaMemory memory;
    private final Kernel kernel;
    private final HalfNetwork network;
    private final int ring;
    private final StagedWeights staged;
    private final SeparateLayers separate;
    private final ImageIndices indices;

    /**
     * @param network        owned by this object; has checked the weights
     * @param layers         the same, in float
     * @param ring           panels of noisy inputs that a block keeps, at least one tile's
     * @param separateLayers makes the classifier that tells logits, when they are first asked for
     */
    ClusteredNoisyClassifier(CudaMemory memory, Transfers transfers, KernelModule kernels, HalfNetwork network,
                             List<Affine> layers, int ring,
                             Function<HalfNetwork, LayeredNoisyClassifier> separateLayers) {
        this.memory = memory;
        this.network = network;
        this.ring = ring;
        this.separate = new SeparateLayers(network, separateLayers);
        try {
            kernel = kernels.kernel("smoothing_clustered").allowShared(sharedBytes(ring));
            staged = new StagedWeights(memory, transfers, kernels.kernel("pack_stages"), layers);
            try {
                indices = new ImageIndices(memory, transfers);
            } catch (RuntimeException e) {
                staged.close();
                throw e;
            }
        } catch (RuntimeException e) {
            network.close();
            throw e;
        }
    }

    /** Panels of inputs that a block of this GPU has room for. */
    static int mostRing(GpuContext gpu) {
        int available = gpu.attribute(CUdevice_attribute.CU_DEVICE_ATTRIBUTE_MAX_SHARED_MEMORY_PER_BLOCK_OPTIN);
        return Math.min(MOST_RING, (available - FIXED_BYTES) / PANEL_BYTES);
    }

    /** @throws DeviceException if this GPU, or this kernel, can't run the network */
    static void requireFit(GpuContext gpu, List<Affine> layers) {
        if (gpu.capability() != CAPABILITY) {
            throw refusal("they need compute capability 9.0, and " + gpu.gpu().name() + " has "
                    + gpu.gpu().capabilityName());
        }
        if (layers.size() != StagedWeights.LAYERS) {
            throw refusal("they need a network of " + StagedWeights.LAYERS + " layers, not " + layers.size());
        }
        requireWidth("inputs", layers.get(0).in(), mostRing(gpu) * HalfNetwork.PANEL);
        requireWidth("outputs of the second layer", layers.get(1).out(), StagedWeights.SECOND);
        requireWidth("outputs of the third layer", layers.get(2).out(), StagedWeights.THIRD);
        requireWidth("classes", layers.get(3).out(), StagedWeights.LAST);
    }

    private static void requireWidth(String what, int width, int most) {
        if (width > most) {
            throw refusal("they take at most " + most + " " + what + ", not " + width);
        }
    }

    private static DeviceException refusal(String why) {
        return new DeviceException("the clustered kernels can't count these noisy votes: " + why
                + "; let the device choose its kernels").advising(Advice.AUTOMATIC_KERNELS);
    }

    private static int sharedBytes(int ring) {
        return FIXED_BYTES + ring * PANEL_BYTES;
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
            throw refusal("they make Gaussian noise only");
        }
        indices.forEachPart(imageIndices, (first, count, onGpu) -> {
            long tiles = (samples + ROWS - 1L) / ROWS * count;
            if (tiles > MOST_TILES) {
                throw new IllegalArgumentException(samples + " samples of " + count + " images at once: at most "
                        + MOST_TILES + " tiles of " + ROWS);
            }
            long clusters = Math.min((tiles + CLUSTER - 1) / CLUSTER,
                    Math.max(1, memory.gpu().multiprocessors() / CLUSTER));
            Grid grid = Grid.blocks((int) clusters * CLUSTER, 1, THREADS).withShared(sharedBytes(ring));
            kernel.launch(grid, images.slice((long) first * inputs, (long) count * inputs), onGpu, count,
                    inputs, outputs(0), outputs(1), outputs(2), classes, ring, staged.weights(), staged.biases(),
                    gaussian.sigma(), key.keyLow(), key.keyHigh(), key.stream().ordinal(), firstSample, samples,
                    counts.slice((long) first * classes, (long) count * classes));
        });
    }

    private int outputs(int layer) {
        return network.layers().get(layer).out();
    }

    /** By a kernel for each layer, whose sums run in another order. */
    @Override
    public void logits(DeviceBuffer inputs, int total, DeviceBuffer logits) {
        separate.logits(inputs, total, logits);
    }

    @Override
    public void close() {
        separate.close();
        indices.close();
        staged.close();
        network.close();
    }
}
