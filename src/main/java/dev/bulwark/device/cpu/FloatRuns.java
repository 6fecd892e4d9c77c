package dev.bulwark.device.cpu;

import dev.bulwark.device.DeviceBuffer;
import java.nio.FloatBuffer;
import java.util.Arrays;

/**
 * Float products {@code c = a b} whose sums are made in runs: at most {@link #LENGTH} products are added up by the library,
 * in whatever order, and the runs' sums one after the other. So no product goes through more than {@link #roundings}
 * roundings, where a sum in one go may take as many as it has products (Higham 2002, section 4.2: blocked summation).
 *
 * <p>A row of c depends on no other row. Where columns of a are said to be 0 in all rows of an owner, they are left out, and
 * runs are runs of the others; a row of which that is not true becomes NaN.
 */
final class FloatRuns {

    /** Products of a run: longer ones round more often, shorter ones read and write c more often. */
    static final int LENGTH = 128;
    /** Elements of c that are summed together, so that they stay in a worker's cache. */
    private static final int TOGETHER = 1 << 17;

    private final Workers workers;
    private final Products products;
    /** Each worker's memory, for one call at a time. */
    private final ThreadLocal<Lane> lanes = ThreadLocal.withInitial(Lane::new);

    FloatRuns(Workers workers, Products products) {
        this.workers = workers;
        this.products = products;
    }

    /** How often a product of a sum of {@code terms} may be rounded, on its own or as part of a sum. */
    static int roundings(int terms) {
        return terms <= LENGTH ? terms : LENGTH + (terms - 1) / LENGTH;
    }

    /** Columns of a that may be other than 0, in ascending order. */
    interface Columns {
        int[] of(int owner);
    }

    /** Factors and result: a {@code [m,k]}, b {@code [k,n]}, c {@code [m,n]}. */
    private record Operands(int n, int k, FloatBuffer a, FloatBuffer b, FloatBuffer c) {

        static Operands of(int m, int n, int k, DeviceBuffer a, DeviceBuffer b, DeviceBuffer c) {
            return new Operands(n, k, CpuMemory.floats(a.require("a", (long) m * k)),
                    CpuMemory.floats(b.require("b", (long) k * n)), CpuMemory.floatsToWrite(c.require("c", (long) m * n)));
        }

        /** Rows that are summed together, of {@code count}. */
        int together(int count) {
            return Math.max(1, Math.min(count, TOGETHER / n));
        }
    }

    /** a {@code [m,k]}, b {@code [k,n]}, c {@code [m,n]}. */
    void multiply(int m, int n, int k, DeviceBuffer a, DeviceBuffer b, DeviceBuffer c) {
        Operands of = Operands.of(m, n, k, a, b, c);
        workers.split(m, (from, count) -> lanes.get().multiply(of, from, count));
    }

    /**
     * As above, without the columns of a that are 0.
     *
     * @param owners  {@code [m]}
     * @param columns asked once for rows of one owner that follow one another
     */
    void multiply(int m, int n, int k, DeviceBuffer a, DeviceBuffer b, DeviceBuffer c, int[] owners, Columns columns) {
        Operands of = Operands.of(m, n, k, a, b, c);
        workers.split(m, (from, count) -> {
            Lane lane = lanes.get();
            for (int row = from, end; row < from + count; row = end) {
                end = row + 1;
                while (end < from + count && owners[end] == owners[row]) {
                    ++end;
                }
                int[] chosen = columns.of(owners[row]);
                if (chosen.length == k) {
                    lane.multiply(of, row, end - row);
                } else {
                    lane.multiply(of, row, end - row, chosen);
                }
            }
        });
    }

    /** One worker's memory. */
    private final class Lane {

        private FloatBuffer run = CpuMemory.scratch(0);
        private FloatBuffer left = CpuMemory.scratch(0);
        private FloatBuffer right = CpuMemory.scratch(0);
        private float[] sums = new float[0];
        private final float[] line = new float[Spans.CHUNK];

        /** Rows {@code first ..} of c. */
        void multiply(Operands of, int first, int count) {
            int rows = of.together(count);
            for (int row = first; row < first + count; row += rows) {
                int these = Math.min(rows, first + count - row);
                sum(tail(of.a, row * of.k), of.b, of.k, these, of.n);
                of.c.put(row * of.n, sums, 0, these * of.n);
            }
        }

        /** As above, by some columns of a and rows of b. */
        void multiply(Operands of, int first, int count, int[] chosen) {
            if (chosen.length == 0) { // one that is 0 where it must be stands for none
                multiply(of, first, count, new int[1]);
                return;
            }
            int rows = of.together(count);
            right = room(right, chosen.length * of.n);
            for (int j = 0; j < chosen.length; ++j) {
                right.put(j * of.n, of.b, chosen[j] * of.n, of.n);
            }
            float[] all = new float[of.k];
            float[] some = new float[chosen.length];
            left = room(left, rows * chosen.length);
            for (int row = first; row < first + count; row += rows) {
                int these = Math.min(rows, first + count - row);
                for (int r = 0; r < these; ++r) {
                    of.a.get((row + r) * of.k, all);
                    choose(all, chosen, some);
                    left.put(r * some.length, some);
                }
                sum(left, right, chosen.length, these, of.n);
                of.c.put(row * of.n, sums, 0, these * of.n);
            }
        }

        /** A row's chosen elements: NaN, of which nothing is claimed, where one that is left out is not 0. */
        private static void choose(float[] all, int[] chosen, float[] some) {
            int left = 0;
            for (float element : all) {
                left += element == 0 ? 0 : 1;
            }
            for (int j = 0; j < some.length; ++j) {
                some[j] = all[chosen[j]];
                left -= some[j] == 0 ? 0 : 1;
            }
            if (left > 0) {
                Arrays.fill(some, Float.NaN);
            }
        }

        /** {@code sums = a b}, a {@code [rows,k]}, b {@code [k,n]}. */
        private void sum(FloatBuffer a, FloatBuffer b, int k, int rows, int n) {
            int elements = rows * n;
            run = room(run, elements);
            sums = sums.length < elements ? new float[elements] : sums;
            for (int from = 0; from < k; from += LENGTH) {
                products.multiply(false, false, rows, n, Math.min(LENGTH, k - from), tail(a, from), k, tail(b, from * n), n, 0f,
                        run, n);
                if (from == 0) {
                    run.get(0, sums, 0, elements);
                } else {
                    add(elements);
                }
            }
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

    private static FloatBuffer room(FloatBuffer buffer, int length) {
        return buffer.capacity() < length ? CpuMemory.scratch(length) : buffer;
    }

    private static FloatBuffer tail(FloatBuffer buffer, int from) {
        return buffer.slice(from, buffer.capacity() - from);
    }
}
