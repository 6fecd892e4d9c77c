package dev.bulwark.device.cuda;

import dev.bulwark.device.DeviceBuffer;

/** Sums of vectors, in double and in a fixed order: reductions.cu. */
final class Reductions {

    private final Kernel sum;
    private final Kernel sumOfSquares;
    private final Kernel clipFactorOf;
    private final Tickets tickets;

    Reductions(KernelModule module, Tickets tickets) {
        sum = module.kernel("sum");
        sumOfSquares = module.kernel("sum_of_squares");
        clipFactorOf = module.kernel("clip_factor_of");
        this.tickets = tickets;
    }

    void sum(DeviceBuffer x, long length, float beta, DeviceBuffer sum) {
        reduce(this.sum, x, length, beta, sum);
    }

    void sumOfSquares(DeviceBuffer x, long length, float beta, DeviceBuffer sum) {
        reduce(sumOfSquares, x, length, beta, sum);
    }

    private void reduce(Kernel kernel, DeviceBuffer x, long length, float beta, DeviceBuffer result) {
        kernel.launch(Grid.ofPartialSums(length), x.require("x", length), length, beta, result.require("sum", 1),
                tickets.partials(), tickets.tickets());
    }

    void clipFactor(DeviceBuffer x, long length, float maxNorm, DeviceBuffer squares, DeviceBuffer factor) {
        clipFactorOf.launch(Grid.ofPartialSums(length), x.require("x", length), length, maxNorm,
                squares.require("squares", 1), factor.require("factor", 1), tickets.partials(), tickets.tickets());
    }
}
