package dev.bulwark.device.cpu;

import static dev.bulwark.device.cpu.Spans.Operand.in;

import dev.bulwark.device.DeviceBuffer;
import dev.bulwark.device.Reductions;
import java.nio.FloatBuffer;

/** Sums, in double over chunks of a vector; over the rows of a matrix, each worker's of some columns. */
final class CpuReductions implements Reductions {

    /** Elements of a row that is worth a copy of its own, where there are many. */
    private static final int LONG_ROW = 512;
    private static final int MANY_ROWS = 1024;

    private final Workers workers;
    private final Spans spans;

    CpuReductions(Workers workers, Spans spans) {
        this.workers = workers;
        this.spans = spans;
    }

    @Override
    public void sum(DeviceBuffer x, long length, float beta, DeviceBuffer sum) {
        accumulate(sum, beta, spans.reduce(length, (s, count) -> sum(s[0], count), in(x, length)));
    }

    @Override
    public void sumOfSquares(DeviceBuffer x, long length, float beta, DeviceBuffer sum) {
        accumulate(sum, beta, spans.reduce(length, (s, count) -> {
            double total = 0;
            for (int i = 0; i < count; ++i) {
                total += (double) s[0][i] * s[0][i];
            }
            return total;
        }, in(x, length)));
    }

    private static void accumulate(DeviceBuffer sum, float beta, double value) {
        FloatBuffer target = CpuMemory.floatsToWrite(sum.require("sum", 1));
        double before = beta == 0f ? 0 : beta * (double) target.get(0);
        target.put(0, (float) (before + value));
    }

    static double sum(float[] x, int count) {
        return sum(x, 0, count);
    }

    /** Of the {@code count} elements from {@code from} on. */
    static double sum(float[] x, int from, int count) {
        // Four sums at a time: one addition must wait for the one before it.
        double first = 0;
        double second = 0;
        double third = 0;
        double fourth = 0;
        int end = from + count;
        int i = from;
        for (; i + 3 < end; i += 4) {
            first += x[i];
            second += x[i + 1];
            third += x[i + 2];
            fourth += x[i + 3];
        }
        for (; i < end; ++i) {
            first += x[i];
        }
        return (first + second) + (third + fourth);
    }

    @Override
    public void columnSums(DeviceBuffer x, int count, int columns, float beta, DeviceBuffer sums) {
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
