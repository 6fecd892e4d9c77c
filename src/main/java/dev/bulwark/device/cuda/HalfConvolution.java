package dev.bulwark.device.cuda;

import dev.bulwark.device.Convolution;
import dev.bulwark.device.DeviceBuffer;
import dev.bulwark.device.DeviceException;

/**
 * A convolution's weights rounded to half precision, in the order in which smoothing_convolutions.cu takes them: for each
 * group a matrix whose inner dimension is {@code [chunk of channels, pixel of the window, channel of the chunk]}. Biases are
 * float.
 */
final class HalfConvolution implements AutoCloseable {

    private final Opened opened = new Opened();
    private final DeviceBuffer weights;
    private final DeviceBuffer biases;

    /**
     * Copies the layer's parameters: their buffers may be closed afterwards.
     *
     * @param pack   the kernel that rounds and reorders a matrix
     * @param number of the layer, for messages
     * @throws DeviceException if a weight is beyond fp16's range
     */
    HalfConvolution(CudaMemory memory, Transfers transfers, Kernel pack, Convolution layer, int number) {
        int outputs = layer.output().channels() / layer.groups();
        int inner = inner(layer);
        long packed = HalfNetwork.packedFloats(inner, outputs);
        try (Opened building = new Opened()) {
            weights = opened.add(memory.allocate(layer.groups() * packed));
            biases = opened.add(memory.allocate(layer.groups() * HalfNetwork.padded(outputs)));
            transfers.fill(biases, 0f);
            DeviceBuffer overflow = building.add(memory.allocate(1));
            transfers.zeroInts(overflow);
            DeviceBuffer matrices = building.add(memory.allocate((long) layer.output().channels() * inner));
            transfers.write(inOrder(transfers, layer, inner), matrices);
            for (int group = 0; group < layer.groups(); ++group) {
                long matrix = (long) outputs * inner;
                pack.launch(Grid.over(packed / 4), matrices.slice(group * matrix, matrix), inner, outputs,
                        weights.slice(group * packed, packed), overflow);
                transfers.copy(layer.bias().slice((long) group * outputs, outputs), outputs,
                        biases.slice(group * HalfNetwork.padded(outputs), outputs));
            }
            int[] flag = new int[1];
            transfers.read(overflow, flag);
            if (flag[0] != 0) {
                throw HalfNetwork.beyondRange(number);
            }
        } catch (RuntimeException e) {
            close();
            throw e;
        }
    }

    private static int inner(Convolution layer) {
        return HalfImage.chunks(layer.input().channels() / layer.groups()) * HalfImage.CHUNK * layer.windows().elements();
    }

    private static float[] inOrder(Transfers transfers, Convolution layer, int inner) {
        float[] given = new float[layer.weights()];
        transfers.read(layer.weight(), given);
        int taps = layer.windows().elements();
        int channels = layer.input().channels() / layer.groups();
        float[] matrices = new float[Math.multiplyExact(layer.output().channels(), inner)];
        for (int k = 0; k < given.length; ++k) {
            int tap = k % taps;
            int channel = k / taps % channels;
            int output = k / taps / channels;
            int unit = channel / HalfImage.CHUNK * taps + tap;
            matrices[output * inner + unit * HalfImage.CHUNK + channel % HalfImage.CHUNK] = given[k];
        }
        return matrices;
    }

    DeviceBuffer weights() {
        return weights;
    }

    DeviceBuffer biases() {
        return biases;
    }

    @Override
    public void close() {
        opened.close();
    }
}
