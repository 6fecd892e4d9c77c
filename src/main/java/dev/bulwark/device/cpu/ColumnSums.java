package dev.bulwark.device.cpu;

import dev.bulwark.device.DeviceBuffer;
import java.nio.FloatBuffer;

/** Sums over the rows of a matrix, each worker's of some columns, in an order that depends on the shape alone. */
final class ColumnSums {

    /** Elements of a row that is worth a copy of its own, where there are many. */
    private static final int LONG_ROW = 512;
    private static final int MANY_ROWS = 1024;

    private final Workers workers;

    ColumnSums(Workers workers) {
        this.workers = workers;
    }

    void add(DeviceBuffer x, int count, int columns, float beta, DeviceBuffer sums) {
        FloatBuffer values = CpuMemory.floats(x.require("x", (long) count * columns));
        FloatBuffer target = CpuMemory.floatsToWrite(sums.require("sums", columns));
        // Short rows are summed several at a time, as one long row, and what is left of them after that.
        int together = count < MANY_ROWS ? 1 : Math.max(1, LONG_ROW / columns);
        int wide = together * columns;
        double[] total = new double[wide];
        workers.split(wide, (from, block) -> addRows(values, count / together, wide, from, block, total));
        double[] rest = new double[columns];
        int left = count % together;
        addRows(values.slice((count - left) * columns, left * columns), left, columns, 0, columns, rest);
        for (int j = 0; j < columns; ++j) {
            double sum = rest[j];
            for (int k = j; k < wide; k += columns) {
                sum += total[k];
            }
            float before = beta == 0f ? 0f : beta * target.get(j);
            target.put(j, (float) (before + sum));
        }
    }

    /** Adds columns {@code from .. from + block - 1} of {@code [count,columns]} to the same elements of {@code total}. */
    private static void addRows(FloatBuffer values, int count, int columns, int from, int block, double[] total) {
        double[] sums = new double[block];
        float[] row = new float[block];
        float[] four = new float[block]; // four rows in float: to widen each element costs as much as several sums
        for (int n = 0; n < count; ++n) {
            values.get(n * columns + from, row);
            if (n % 4 == 0) {
                addTo(sums, four);
                System.arraycopy(row, 0, four, 0, block);
            } else {
                addTo(four, row);
            }
        }
        addTo(sums, four);
        System.arraycopy(sums, 0, total, from, block);
    }

    private static void addTo(double[] sums, float[] terms) {
        for (int j = 0; j < sums.length; ++j) {
            sums[j] += terms[j];
        }
    }

    private static void addTo(float[] sums, float[] terms) {
        for (int j = 0; j < sums.length; ++j) {
            sums[j] += terms[j];
        }
    }
}
