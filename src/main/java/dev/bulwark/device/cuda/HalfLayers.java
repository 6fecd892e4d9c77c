package dev.bulwark.device.cuda;

import dev.bulwark.device.Affine;
import dev.bulwark.device.DeviceBuffer;
import java.util.List;

/**
 * Dense layers in half precision with a ReLU between each two, a launch of smoothing_layers.cu for each.
 *
 * @param hidden fp16 activations of hidden layers, in turn; rows of whole tiles
 */
record HalfLayers(HalfNetwork network, Kernel hiddenKernel, Kernel lastKernel, List<DeviceBuffer> hidden) {

    /** Rows of a block's tile. */
    static final int TILE = 64;
    /** Outputs of a block's tile. */
    private static final int TILE_OUTPUTS = 512;
    private static final int THREADS = 256;

    HalfLayers {
        hidden = List.copyOf(hidden);
    }

    /**
     * @param x      fp16 activations, rows of whole tiles and panels; may be the last of {@code hidden}
     * @param logits {@code [rows,classes]}
     */
    void forward(DeviceBuffer x, int rows, DeviceBuffer logits) {
        DeviceBuffer from = x;
        int last = network.layers().size() - 1;
        for (int i = 0; i < last; ++i) {
            Affine layer = network.layers().get(i);
            DeviceBuffer to = hidden.get(i % hidden.size());
            hiddenKernel.launch(tiles(rows, layer), from, layer.in(), network.weights(i), network.biases(i), layer.out(),
                    to);
            from = to;
        }
        Affine layer = network.layers().get(last);
        lastKernel.launch(tiles(rows, layer), from, layer.in(), network.weights(last), network.biases(last), layer.out(),
                rows, logits);
    }

    private static Grid tiles(int rows, Affine layer) {
        return Grid.blocks((rows + TILE - 1) / TILE, (layer.out() + TILE_OUTPUTS - 1) / TILE_OUTPUTS, THREADS);
    }
}
