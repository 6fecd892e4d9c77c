package dev.bulwark.device.cuda;

import dev.bulwark.device.DeviceBuffer;

/** Sums of vectors, in double and in a fixed order: reductions.cu. */
final class Reductions implements AutoCloseable {

    private final Kernel sum;
    private final Kernel sumOfSquares;
    private final Kernel finish;
    /** Each block's sum, in double. One is enough: operations are in order. */
    private final DeviceBuffer partials;

    Reductions(CudaMemory memory, KernelModule module) {
        sum = module.kernel("sum");
        sumOfSquares = module.kernel("sum_of_squares");
        finish = module.kernel("finish_sum");
        partials = memory.scratch(2L * Grid.MOST_PARTIAL_SUMS);
    }

    void sum(DeviceBuffer x, long length, float beta, DeviceBuffer sum) {
        reduce(this.sum, x, length, beta, sum);
    }

    void sumOfSquares(DeviceBuffer x, long length, float beta, DeviceBuffer sum) {
        reduce(sumOfSquares, x, length, beta, sum);
    }

    private void reduce(Kernel kernel, DeviceBuffer x, long length, float beta, DeviceBuffer result) {
        Grid grid = Grid.ofPartialSums(length);
        kernel.launch(grid, x.require("x", length), length, partials);
        finish.launch(Grid.blocks(1, 1, grid.threads()), partials, grid.x(), beta, result.require("sum", 1));
    }

    @Override
    public void close() {
        partials.close();
    }
}
