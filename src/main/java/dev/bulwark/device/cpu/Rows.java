package dev.bulwark.device.cpu;

import dev.bulwark.device.DeviceBuffer;
import dev.bulwark.device.HostArrays;

/**
 * Row-by-row work on small matrices {@code [rows,columns]}: each task copies its rows to the heap and back. A CPU buffer's
 * elements have ints as indices, so {@code first columns} is one, in any matrix that fits its buffer.
 */
final class Rows {

    private static final int ROWS_PER_TASK = 64;
    /** Elements below which handing work to other threads costs more than it saves. */
    private static final int SERIAL = 8192;

    private final Workers workers;

    Rows(Workers workers) {
        this.workers = workers;
    }

    /** Works on {@code count} rows from row {@code first} on. */
    interface Block {
        void run(int first, int count);
    }

    void run(int rows, Block block) {
        int tasks = (rows + ROWS_PER_TASK - 1) / ROWS_PER_TASK;
        workers.run(tasks, task -> {
            int first = task * ROWS_PER_TASK;
            block.run(first, Math.min(ROWS_PER_TASK, rows - first));
        });
    }

    /**
     * The same of wide rows, of so many columns, as many for each worker. Work on them should go row by row, in arrays that are used
     * again: those of many rows leave the cache before they are read.
     */
    void run(int rows, int columns, Block block) {
        int tasks = (long) rows * columns <= SERIAL ? 1 : Math.min(rows, workers.count());
        workers.run(tasks, task -> {
            int first = (int) ((long) rows * task / tasks);
            block.run(first, (int) ((long) rows * (task + 1) / tasks) - first);
        });
    }

    /** Rows {@code first .. first + count - 1} of {@code matrix}, copied. */
    static float[] load(DeviceBuffer matrix, int first, int count, int columns) {
        float[] values = new float[HostArrays.length("rows of a matrix by columns", count, columns)];
        CpuMemory.floats(matrix).get(first * columns, values);
        return values;
    }

    static int[] loadInts(DeviceBuffer matrix, int first, int count, int columns) {
        int[] values = new int[HostArrays.length("rows of a matrix by columns", count, columns)];
        CpuMemory.ints(matrix).get(first * columns, values);
        return values;
    }

    static void store(float[] values, DeviceBuffer matrix, int first, int columns) {
        CpuMemory.floatsToWrite(matrix).put(first * columns, values);
    }
}
