package dev.bulwark.device.cpu;

import dev.bulwark.device.DeviceBuffer;
import java.nio.FloatBuffer;

/**
 * Float products {@code c = a b} whose sums are made in runs: at most {@link #LENGTH} products are added up by the library,
 * in whatever order, and the runs' sums one after the other. So no product goes through more than {@link #roundings}
 * roundings, where a sum in one go may take as many as it has products (Higham 2002, section 4.2: blocked summation).
 */
final class FloatRuns {

    /** Products of a run: longer ones round more often, shorter ones read and write c more often. */
    static final int LENGTH = 128;
    /** Elements of c that are summed together, so that they stay in a worker's cache. */
    private static final int TOGETHER = 1 << 17;

    private final Workers workers;
    private final Products products;

    FloatRuns(Workers workers, Products products) {
        this.workers = workers;
        this.products = products;
    }

    /** How often a product of a sum of {@code terms} may be rounded, on its own or as part of a sum. */
    static int roundings(int terms) {
        return terms <= LENGTH ? terms : LENGTH + (terms - 1) / LENGTH;
    }

    /** a {@code [m,k]}, b {@code [k,n]}, c {@code [m,n]}. A row of c depends on no other row. */
    void multiply(int m, int n, int k, DeviceBuffer a, DeviceBuffer b, DeviceBuffer c) {
        FloatBuffer left = CpuMemory.floats(a.require("a", (long) m * k));
        FloatBuffer right = CpuMemory.floats(b.require("b", (long) k * n));
        FloatBuffer result = CpuMemory.floatsToWrite(c.require("c", (long) m * n));
        workers.split(m, (from, count) -> {
            int rows = Math.max(1, Math.min(count, TOGETHER / n));
            Lane lane = new Lane(rows, n, k, right);
            for (int row = from; row < from + count; row += rows) {
                lane.multiply(left, result, row, Math.min(rows, from + count - row));
            }
        });
    }

    private final class Lane {

        private final int n;
        private final int k;
        private final FloatBuffer right;
        private final FloatBuffer run;
        private final float[] sums;
        private final float[] line;

        Lane(int rows, int n, int k, FloatBuffer right) {
            this.n = n;
            this.k = k;
            this.right = right;
            run = CpuMemory.scratch(rows * n);
            sums = new float[rows * n];
            line = new float[Math.min(Spans.CHUNK, rows * n)];
        }

        /** Rows {@code first ..} of c. */
        void multiply(FloatBuffer left, FloatBuffer result, int first, int rows) {
            int elements = rows * n;
            for (int from = 0; from < k; from += LENGTH) {
                products.multiply(false, false, rows, n, Math.min(LENGTH, k - from), tail(left, first * k + from), k,
                        tail(right, from * n), n, 0f, run, n);
                if (from == 0) {
                    run.get(0, sums, 0, elements);
                } else {
                    add(elements);
                }
            }
            result.put(first * n, sums, 0, elements);
        }

        private void add(int elements) {
            for (int at = 0; at < elements; at += line.length) {
                int count = Math.min(line.length, elements - at);
                run.get(at, line, 0, count);
                for (int i = 0; i < count; ++i) {
                    sums[at + i] += line[i];
                }
            }
        }
    }

    private static FloatBuffer tail(FloatBuffer buffer, int from) {
        return buffer.slice(from, buffer.capacity() - from);
    }
}
