package dev.bulwark.device.cuda;

import dev.bulwark.device.DeviceBuffer;
import dev.bulwark.device.Reductions;

/** Sums of vectors, in double and in a fixed order: reductions.cu. */
final class CudaReductions implements Reductions {

    private final Kernel sum;
    private final Kernel sumOfSquares;
    private final Kernel clipFactorOf;
    private final ColumnSums columnSums;
    private final Tickets tickets;

    CudaReductions(KernelModule module, ColumnSums columnSums, Tickets tickets) {
        sum = module.kernel("sum");
        sumOfSquares = module.kernel("sum_of_squares");
        clipFactorOf = module.kernel("clip_factor_of");
        this.columnSums = columnSums;
        this.tickets = tickets;
    }

    @Override
    public void sum(DeviceBuffer x, long length, float beta, DeviceBuffer sum) {
        reduce(this.sum, x, length, beta, sum);
    }

    @Override
    public void sumOfSquares(DeviceBuffer x, long length, float beta, DeviceBuffer sum) {
        reduce(sumOfSquares, x, length, beta, sum);
    }

    private void reduce(Kernel kernel, DeviceBuffer x, long length, float beta, DeviceBuffer result) {
        kernel.launch(Grid.ofPartialSums(length), x.require("x", length), length, beta, result.require("sum", 1),
                tickets.partials(), tickets.tickets());
    }

    @Override
    public void columnSums(DeviceBuffer x, int rows, int columns, float beta, DeviceBuffer sums) {
        columnSums.sum(x, rows, columns, beta, sums);
    }

    void clipFactor(DeviceBuffer x, long length, float maxNorm, DeviceBuffer squares, DeviceBuffer factor) {
        clipFactorOf.launch(Grid.ofPartialSums(length), x.require("x", length), length, maxNorm,
                squares.require("squares", 1), factor.require("factor", 1), tickets.partials(), tickets.tickets());
    }
}
