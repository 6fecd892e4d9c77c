package dev.bulwark.device.cuda;

import dev.bulwark.device.Affine;
import dev.bulwark.device.NoisyClassifier;
import java.util.List;

/** Base classifiers of randomized smoothing in half precision: smoothing_fused.cu where it fits, else smoothing_layers.cu. */
final class Smoothing {

    private final CudaMemory memory;
    private final Transfers transfers;
    private final LayeredNoisyClassifier.Kernels layered;
    private final KernelModule fused;
    private final Kernel pack;

    Smoothing(CudaMemory memory, Transfers transfers, KernelModule layered, KernelModule fused) {
        this.memory = memory;
        this.transfers = transfers;
        this.layered = LayeredNoisyClassifier.Kernels.of(layered);
        this.fused = fused;
        this.pack = layered.kernel("pack_weights");
    }

    /**
     * The fastest classifier whose activations fit this GPU. All give the same votes.
     *
     * @param layers affine maps with a ReLU between each two
     * @throws dev.bulwark.device.DeviceException if a weight is beyond fp16's range
     */
    NoisyClassifier classifier(List<Affine> layers) {
        int rows = FusedNoisyClassifier.mostRows(memory.gpu(), layers);
        return rows > 0 ? fused(layers, rows) : layered(layers);
    }

    /** The whole network in one kernel, {@code rows} samples a block: 64, 48 or 32. */
    NoisyClassifier fused(List<Affine> layers, int rows) {
        return new FusedNoisyClassifier(memory, transfers, fused.kernel("smoothing_fused_" + rows),
                new HalfNetwork(memory, transfers, pack, layers), rows, this::layered);
    }

    /** One kernel a layer. */
    LayeredNoisyClassifier layered(List<Affine> layers) {
        return layered(new HalfNetwork(memory, transfers, pack, layers));
    }

    private LayeredNoisyClassifier layered(HalfNetwork network) {
        return new LayeredNoisyClassifier(memory, transfers, layered, network);
    }
}
