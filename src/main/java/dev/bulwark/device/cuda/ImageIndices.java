package dev.bulwark.device.cuda;

import dev.bulwark.device.DeviceBuffer;
import java.util.Arrays;

/** Hands the images of a call to kernels, with their indices on the GPU, as many at once as a small buffer holds. */
final class ImageIndices implements AutoCloseable {

    private static final int MOST = 4096;

    private final Transfers transfers;
    private final DeviceBuffer buffer;

    ImageIndices(CudaMemory memory, Transfers transfers) {
        this.transfers = transfers;
        this.buffer = memory.allocate(MOST);
    }

    /** What is done with some of the images. */
    interface Part {
        /**
         * @param first   the first image's place among those of the call
         * @param indices {@code int [count]}, on the GPU
         */
        void run(int first, int count, DeviceBuffer indices);
    }

    void forEachPart(int[] imageIndices, Part part) {
        for (int first = 0; first < imageIndices.length; first += MOST) {
            int[] indices = Arrays.copyOfRange(imageIndices, first, Math.min(first + MOST, imageIndices.length));
            transfers.write(indices, buffer);
            part.run(first, indices.length, buffer);
        }
    }

    @Override
    public void close() {
        buffer.close();
    }
}
