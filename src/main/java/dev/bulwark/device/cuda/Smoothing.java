package dev.bulwark.device.cuda;

import dev.bulwark.device.Affine;
import dev.bulwark.device.DeviceException.Advice;
import dev.bulwark.device.DeviceException;
import dev.bulwark.device.Layer;
import dev.bulwark.device.NoisyClassifier;
import dev.bulwark.device.cuda.CudaOptions.NoisyKernels;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;

/**
 * Base classifiers of randomized smoothing in half precision: smoothing_fused.cu where it fits, else smoothing_layers.cu,
 * or smoothing_clustered.cu where that is asked for; smoothing_convolutions.cu for chains of other layers too. Their
 * kernels are the longest to compile for a GPU, so each source is loaded when it is first needed.
 */
final class Smoothing {

    private static final String LAYERS = "smoothing_layers";
    private static final String FUSED = "smoothing_fused";
    private static final String CONVOLUTIONS = "smoothing_convolutions";
    private static final String CLUSTERED = "smoothing_clustered";

    private final CudaMemory memory;
    private final Transfers transfers;
    private final Function<String, KernelModule> loader;
    private final Map<String, KernelModule> modules = new HashMap<>();

    /** @param loader loads the kernels of a source, once each, and closes them in the end */
    Smoothing(CudaMemory memory, Transfers transfers, Function<String, KernelModule> loader) {
        this.memory = memory;
        this.transfers = transfers;
        this.loader = loader;
    }

    private KernelModule module(String source) {
        return modules.computeIfAbsent(source, loader);
    }

    /**
     * A classifier by the kernels asked for.
     *
     * @param layers affine maps with a ReLU between each two
     * @throws DeviceException if a weight is beyond fp16's range, or these kernels can't run the network on this GPU
     */
    NoisyClassifier classifier(List<Affine> layers, NoisyKernels kernels) {
        int rows = kernels == NoisyKernels.AUTO || kernels == NoisyKernels.FUSED ? mostRows(layers) : 0;
        return switch (kernels) {
            case AUTO -> rows > 0 ? fused(layers, rows) : layered(layers);
            case LAYERED -> layered(layers);
            case FUSED -> {
                if (rows == 0) {
                    throw new DeviceException("the fused kernel can't count these noisy votes: a block of "
                            + memory.gpu().gpu().name() + " lacks shared memory for the activations; "
                            + "let the device choose its kernels").advising(Advice.AUTOMATIC_KERNELS);
                }
                yield fused(layers, rows, true);
            }
            case CLUSTERED -> clustered(layers);
        };
    }

    /** The most samples a block of the fused kernel can take on this GPU; 0 if it can't run. */
    int mostRows(List<Affine> layers) {
        return FusedNoisyClassifier.mostRows(memory.gpu(), layers);
    }

    /** The whole network in one kernel, {@code rows} samples a block: 64, 48 or 32. */
    NoisyClassifier fused(List<Affine> layers, int rows) {
        return fused(layers, rows, false);
    }

    /** @param only whether other kernels may not count votes under noise that this one does not make */
    private NoisyClassifier fused(List<Affine> layers, int rows, boolean only) {
        Kernel kernel = module(FUSED).kernel("smoothing_fused_" + rows);
        return new FusedNoisyClassifier(memory, transfers, kernel, packed(layers), rows, only, this::layered);
    }

    /** The whole network in one kernel, two blocks to a set of weights. */
    NoisyClassifier clustered(List<Affine> layers) {
        return clustered(layers, ClusteredNoisyClassifier.mostRing(memory.gpu()));
    }

    /** As {@link #clustered(List)}, with room for {@code ring} panels of inputs in a block. */
    NoisyClassifier clustered(List<Affine> layers, int ring) {
        ClusteredNoisyClassifier.requireFit(memory.gpu(), layers);
        KernelModule kernels = module(CLUSTERED);
        return new ClusteredNoisyClassifier(memory, transfers, kernels, packed(layers), layers, ring, this::layered);
    }

    /** One kernel a layer. */
    LayeredNoisyClassifier layered(List<Affine> layers) {
        return layered(packed(layers));
    }

    private LayeredNoisyClassifier layered(HalfNetwork network) {
        return new LayeredNoisyClassifier(memory, transfers, LayeredNoisyClassifier.Kernels.of(module(LAYERS)), network);
    }

    /** A kernel a layer, of any chain. @throws DeviceException if a weight is beyond fp16's range, or a window too large */
    NoisyClassifier chain(List<Layer> layers) {
        return new ConvolutionalNoisyClassifier(memory, transfers,
                HalfStages.Kernels.of(module(CONVOLUTIONS), module(LAYERS)),
                LayeredNoisyClassifier.Kernels.of(module(LAYERS)), layers);
    }

    /** The weights as the kernels take them. */
    HalfNetwork packed(List<Affine> layers) {
        return new HalfNetwork(memory, transfers, module(LAYERS).kernel("pack_weights"), layers, 0);
    }
}
