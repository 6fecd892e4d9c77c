package dev.bulwark.device.cuda;

import dev.bulwark.device.DeviceBuffer;

/** Sums over the rows of a matrix: column_sums.cuh, in a kernel of its own or beside another's work. */
final class ColumnSums {

    static final int THREADS = 256;

    private static final int GROUP_COLUMNS = 32;
    private static final int MOST_CHUNKS = 64;
    /** Rows that a thread adds up at least, before another block would take a part of them. */
    private static final int LEAST_ROWS = 16;

    private final Kernel kernel;
    private final Tickets tickets;

    /** @param module the kernels of products.cu */
    ColumnSums(KernelModule module, Tickets tickets) {
        this.kernel = module.kernel("column_sums");
        this.tickets = tickets;
    }

    /**
     * How the sums are shared out; it depends on the shape alone, and so do the bits.
     *
     * @param blocks groups of columns times chunks
     * @param chunks parts of the rows
     */
    record Plan(int blocks, int chunks) {
    }

    /** For a matrix {@code [rows,columns]} with at least one column. */
    Plan plan(long rows, int columns) {
        int groups = (int) (((long) columns + GROUP_COLUMNS - 1) / GROUP_COLUMNS);
        int lines = THREADS / Math.min(columns, GROUP_COLUMNS);
        long most = Math.min(MOST_CHUNKS, tickets.length() / columns); // as many have room for their sums
        int chunks = (int) Math.max(1, Math.min(most, rows / ((long) LEAST_ROWS * lines)));
        return new Plan(Math.multiplyExact(groups, chunks), chunks);
    }

    void sum(DeviceBuffer x, long rows, int columns, float beta, DeviceBuffer sums) {
        x.require("x", rows * columns);
        sums.require("sums", columns);
        if (columns > 0) {
            Plan plan = plan(rows, columns);
            kernel.launch(Grid.blocks(plan.blocks(), 1, THREADS), x, rows, columns, beta, sums, tickets.partials(),
                    tickets.tickets(), plan.chunks());
        }
    }
}
