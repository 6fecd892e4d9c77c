package dev.bulwark.device.cuda;

import dev.bulwark.device.Affine;
import dev.bulwark.device.DeviceBuffer;
import java.util.List;

/**
 * Weights of a network of four layers in half precision, in the order in which smoothing_clustered.cu reads them, a stage
 * of 8 KB after the other, and its biases in float. Widths are padded with zeros, the first hidden one to chunks of 256.
 */
final class StagedWeights implements AutoCloseable {

    static final int LAYERS = 4;
    /** Columns of the first hidden layer that are computed at once. */
    static final int CHUNK = 256;
    /** The most outputs of the layers after the first. */
    static final int SECOND = 512;
    static final int THIRD = 256;
    static final int LAST = 16;

    private static final int STEP = 16;
    private static final int CHUNK_SLICES = CHUNK / STEP;
    static final int STAGE_BYTES = CHUNK * STEP * Short.BYTES;

    private final int chunks;
    private final DeviceBuffer weights;
    private final DeviceBuffer biases;

    /**
     * Copies the layers' parameters: their buffers may be closed afterwards.
     *
     * @param pack   the kernel that rounds and reorders one layer
     * @param layers four, within the limits above, their weights finite in fp16
     */
    StagedWeights(CudaMemory memory, Transfers transfers, Kernel pack, List<Affine> layers) {
        int slices = slices(layers.get(0).in());
        this.chunks = chunks(layers);
        long chunkStages = slices + 2L * CHUNK_SLICES;
        long third = chunks * chunkStages;
        long last = third + SECOND / STEP;
        weights = memory.allocate((last + 1) * STAGE_BYTES / Float.BYTES);
        try {
            biases = memory.allocate((long) SECOND + chunks * CHUNK + THIRD + LAST);
        } catch (RuntimeException e) {
            weights.close();
            throw e;
        }
        try {
            transfers.fill(biases, 0f);
            bias(transfers, layers.get(1), 0);
            bias(transfers, layers.get(0), SECOND);
            bias(transfers, layers.get(2), SECOND + chunks * CHUNK);
            bias(transfers, layers.get(3), SECOND + chunks * CHUNK + THIRD);
            pack(pack, layers.get(0), 0, new Blocks(CHUNK, chunks, slices, chunkStages, 1, 0));
            pack(pack, layers.get(1), slices, new Blocks(CHUNK, SECOND / CHUNK, chunks * CHUNK_SLICES, 1, 2, slices));
            pack(pack, layers.get(2), third, new Blocks(CHUNK, 1, SECOND / STEP, 0, 1, 0));
            pack.launch(Grid.over(2L * LAST * CHUNK_SLICES), layers.get(3).weight(), layers.get(3).in(),
                    layers.get(3).out(), LAST, 1, CHUNK_SLICES, 0L, (long) LAST * STEP * Short.BYTES, 0L, from(last));
        } catch (RuntimeException e) {
            close();
            throw e;
        }
    }

    /** Sixteens of inputs. */
    static int slices(int inputs) {
        return (inputs + STEP - 1) / STEP;
    }

    private static int chunks(List<Affine> layers) {
        return (layers.get(0).out() + CHUNK - 1) / CHUNK;
    }

    /**
     * How a layer's weights are cut: blocks of {@code columns} outputs by 16 inputs, a stage each.
     *
     * @param group stages from a block to that of the next columns
     * @param slice stages from a block to that of the next 16 inputs
     * @param chunk stages between those of 256 inputs and the next, which belong to another layer
     */
    private record Blocks(int columns, int groups, int slices, long group, long slice, long chunk) {
    }

    private void pack(Kernel pack, Affine layer, long firstStage, Blocks blocks) {
        pack.launch(Grid.over(2L * blocks.columns * blocks.groups * blocks.slices), layer.weight(), layer.in(),
                layer.out(), blocks.columns, blocks.groups, blocks.slices, blocks.group * STAGE_BYTES,
                blocks.slice * STAGE_BYTES, blocks.chunk * STAGE_BYTES, from(firstStage));
    }

    private DeviceBuffer from(long stage) {
        long first = stage * STAGE_BYTES / Float.BYTES;
        return weights.slice(first, weights.length() - first);
    }

    private void bias(Transfers transfers, Affine layer, int first) {
        transfers.copy(layer.bias(), layer.out(), biases.slice(first, layer.out()));
    }

    int chunks() {
        return chunks;
    }

    DeviceBuffer weights() {
        return weights;
    }

    /** The second layer's, padded, then the first's, the third's and the last's. */
    DeviceBuffer biases() {
        return biases;
    }

    @Override
    public void close() {
        biases.close();
        weights.close();
    }
}
