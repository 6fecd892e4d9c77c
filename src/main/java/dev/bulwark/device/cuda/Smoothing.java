package dev.bulwark.device.cuda;

import dev.bulwark.device.Affine;
import dev.bulwark.device.NoisyClassifier;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;

/**
 * Base classifiers of randomized smoothing in half precision: smoothing_fused.cu where it fits, else smoothing_layers.cu.
 * Their kernels are the longest to compile for a GPU, so each source is loaded when it is first needed.
 */
final class Smoothing {

    private static final String LAYERS = "smoothing_layers";
    private static final String FUSED = "smoothing_fused";

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
     * The fastest classifier whose activations fit this GPU. All give the same votes.
     *
     * @param layers affine maps with a ReLU between each two
     * @throws dev.bulwark.device.DeviceException if a weight is beyond fp16's range
     */
    NoisyClassifier classifier(List<Affine> layers) {
        int rows = mostRows(layers);
        return rows > 0 ? fused(layers, rows) : layered(layers);
    }

    /** The most samples a block of the fused kernel can take on this GPU; 0 if it can't run. */
    int mostRows(List<Affine> layers) {
        return FusedNoisyClassifier.mostRows(memory.gpu(), layers);
    }

    /** The whole network in one kernel, {@code rows} samples a block: 64, 48 or 32. */
    NoisyClassifier fused(List<Affine> layers, int rows) {
        Kernel kernel = module(FUSED).kernel("smoothing_fused_" + rows);
        return new FusedNoisyClassifier(memory, transfers, kernel, packed(layers), rows, this::layered);
    }

    /** One kernel a layer. */
    LayeredNoisyClassifier layered(List<Affine> layers) {
        return layered(packed(layers));
    }

    private LayeredNoisyClassifier layered(HalfNetwork network) {
        return new LayeredNoisyClassifier(memory, transfers, LayeredNoisyClassifier.Kernels.of(module(LAYERS)), network);
    }

    private HalfNetwork packed(List<Affine> layers) {
        return new HalfNetwork(memory, transfers, module(LAYERS).kernel("pack_weights"), layers);
    }
}
