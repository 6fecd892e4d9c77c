package dev.bulwark.device.cuda;

import dev.bulwark.device.DeviceBuffer;

/** Sums of vectors, in double and in a fixed order: reductions.cu. */
final class Reductions {

    private final Kernel sum;
    private final Kernel sumOfSquares;
    private final Kernel finish;

    Reductions(KernelModule module) {
        sum = module.kernel("sum");
        sumOfSquares = module.kernel("sum_of_squares");
        finish = module.kernel("finish_sum");
    }

    void sum(DeviceBuffer x, long length, float beta, DeviceBuffer sum) {
        reduce(this.sum, x, length, beta, sum);
    }

    void sumOfSquares(DeviceBuffer x, long length, float beta, DeviceBuffer sum) {
        reduce(sumOfSquares, x, length, beta, sum);
    }

    private void reduce(Kernel kernel, DeviceBuffer x, long length, float beta, DeviceBuffer result) {
        Grid grid = Grid.ofPartialSums(length);
        kernel.launch(grid, x.require("x", length), length);
        finish.launch(Grid.blocks(1, 1, grid.threads()), grid.x(), beta, result.require("sum", 1));
    }
}
