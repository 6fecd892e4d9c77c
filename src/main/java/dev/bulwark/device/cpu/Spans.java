package dev.bulwark.device.cpu;

import dev.bulwark.device.DeviceBuffer;
import java.nio.FloatBuffer;

/**
 * Element-by-element work on native memory: chunks that fit the first-level cache are copied to heap arrays, where the
 * JIT vectorises plain loops, and back. (Loops over direct buffers themselves run ten times slower.)
 */
final class Spans {

    /** Elements of a chunk: with a handful of operands it stays in the first-level cache. */
    static final int CHUNK = 2048;
    /** Below this, handing work to other threads costs more than it saves. */
    private static final int SERIAL = 4 * CHUNK;

    private final Workers workers;
    private final ThreadLocal<float[][]> scratch = ThreadLocal.withInitial(() -> new float[8][CHUNK]);

    Spans(Workers workers) {
        this.workers = workers;
    }

    /** Works on elements 0 .. count - 1 of each operand's array. */
    interface Kernel {
        void run(float[][] operands, int count);
    }

    /** Returns a partial sum over elements 0 .. count - 1 of each operand's array. */
    interface Reduction {
        double run(float[][] operands, int count);
    }

    /** Sets {@code sums} to partial sums over elements 0 .. count - 1 of each operand's array. */
    interface Reductions {
        void run(float[][] operands, int count, double[] sums);
    }

    /** A buffer and whether its elements are loaded before and stored after. */
    record Operand(FloatBuffer elements, boolean loaded, boolean stored) {
        static Operand in(DeviceBuffer buffer, long length) {
            return new Operand(CpuMemory.floats(buffer.require("input", length)), true, false);
        }

        static Operand out(DeviceBuffer buffer, long length) {
            return new Operand(CpuMemory.floatsToWrite(buffer.require("output", length)), false, true);
        }

        static Operand inOut(DeviceBuffer buffer, long length) {
            return new Operand(CpuMemory.floatsToWrite(buffer.require("operand", length)), true, true);
        }
    }

    /** Applies {@code kernel} to all {@code length} elements of the operands. */
    void apply(long length, Kernel kernel, Operand... operands) {
        share(length, (from, to) -> {
            float[][] arrays = scratch.get();
            for (int at = from; at < to; at += CHUNK) {
                int count = Math.min(CHUNK, to - at);
                load(operands, arrays, at, count);
                kernel.run(arrays, count);
                store(operands, arrays, at, count);
            }
        });
    }

    /** Sums {@code reduction} over all chunks, in an order that doesn't depend on the workers. */
    double reduce(long length, Reduction reduction, Operand... operands) {
        return reduce(1, length, (s, count, sums) -> sums[0] = reduction.run(s, count), operands)[0];
    }

    /** As many {@code sums} in one pass, each in an order that doesn't depend on the workers. */
    double[] reduce(int sums, long length, Reductions reductions, Operand... operands) {
        double[][] partial = new double[(int) ((length + CHUNK - 1) / CHUNK)][sums];
        share(length, (from, to) -> {
            float[][] arrays = scratch.get();
            for (int at = from; at < to; at += CHUNK) {
                int count = Math.min(CHUNK, to - at);
                load(operands, arrays, at, count);
                reductions.run(arrays, count, partial[at / CHUNK]);
            }
        });
        double[] total = new double[sums];
        for (double[] part : partial) {
            for (int i = 0; i < sums; ++i) {
                total[i] += part[i];
            }
        }
        return total;
    }

    /** A range of elements, its start a multiple of {@link #CHUNK}. */
    private interface Range {
        void run(int from, int to);
    }

    private void share(long length, Range range) {
        int total = Math.toIntExact(length);
        if (total <= SERIAL) {
            range.run(0, total);
            return;
        }
        int chunks = (total + CHUNK - 1) / CHUNK;
        int tasks = Math.min(workers.count(), chunks);
        workers.run(tasks, task -> {
            int from = (int) ((long) chunks * task / tasks) * CHUNK;
            int to = (int) Math.min(total, (long) chunks * (task + 1) / tasks * CHUNK);
            range.run(from, to);
        });
    }

    private static void load(Operand[] operands, float[][] arrays, int at, int count) {
        for (int i = 0; i < operands.length; ++i) {
            if (operands[i].loaded()) {
                operands[i].elements().get(at, arrays[i], 0, count);
            }
        }
    }

    private static void store(Operand[] operands, float[][] arrays, int at, int count) {
        for (int i = 0; i < operands.length; ++i) {
            if (operands[i].stored()) {
                operands[i].elements().put(at, arrays[i], 0, count);
            }
        }
    }
}
