package dev.bulwark.device.cuda;

import dev.bulwark.device.DeviceBuffer;

/**
 * Scratch of kernels whose last block adds up what all blocks have left: room for their sums, and counters of the blocks
 * that are done, which are 0 between launches. One is enough for all kernels of a backend: its operations are in order.
 */
final class Tickets implements AutoCloseable {

    /** The kernels of sums.cuh keep at most eight doubles a block. */
    private static final long PARTIALS = 8L * 2 * Grid.MOST_PARTIAL_SUMS;
    /** More than one chunk of rows a column: as many floats for partial sums of columns at least. */
    private static final long LEAST_PARTIALS = 1 << 16;
    private static final long TICKETS = LEAST_PARTIALS / 32;

    private final DeviceBuffer partials;
    private final DeviceBuffer tickets;

    Tickets(CudaMemory memory, Transfers transfers) {
        partials = memory.scratch(Math.max(PARTIALS, LEAST_PARTIALS));
        try {
            tickets = memory.scratch(TICKETS);
        } catch (RuntimeException e) {
            partials.close();
            throw e;
        }
        transfers.zeroInts(tickets);
    }

    /** Room for sums, {@link #length} floats. */
    DeviceBuffer partials() {
        return partials;
    }

    long length() {
        return partials.length();
    }

    /** One counter for each 32 columns at least that {@link #length} floats hold two sums of; the others need the first. */
    DeviceBuffer tickets() {
        return tickets;
    }

    @Override
    public void close() {
        tickets.close();
        partials.close();
    }
}
