package dev.bulwark.device.cpu;

import dev.bulwark.device.Affine;
import dev.bulwark.device.DeviceBuffer;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.stream.IntStream;

/**
 * Float products {@code a W} in which columns of a take no part that are 0 in all rows of a block, nor do the rows of W that
 * they meet. Of linear forms behind ReLUs those are the columns of units that are off over an image's box: three quarters of a
 * hidden layer, often. What is left out are products with 0, which are exact.
 *
 * <p>Blocks are found in the numbers themselves: rows that follow one another belong together as long as their columns are much
 * the same, as those of one image are.
 */
final class CompactProducts {

    /** Rows whose columns are looked at together. */
    private static final int CHUNK = 32;
    /** Multiply-adds that copying a float of W costs, about. */
    private static final int COPY = 24;
    /** A block of more rows is split: its copy of a is to stay in a cache. */
    private static final int MOST_ROWS = 1024;
    /** Share of the columns that a block may have to be copied for. */
    private static final double WORTH = 0.75;

    private final Workers workers;
    private final Products blocks;
    private final FloatProducts whole;
    private final Queue<Lane> lanes = new ConcurrentLinkedQueue<>();

    CompactProducts(Workers workers, Products blocks) {
        this.workers = workers;
        this.blocks = blocks;
        this.whole = new FloatProducts(workers, blocks);
    }

    /** Rows of a, and the columns that are not 0 in all of them. */
    private record Block(int first, int count, int[] columns) {

        /** What it costs to multiply them, for each column of W. */
        static long cost(int rows, int columns) {
            return (long) (rows + COPY) * columns;
        }
    }

    /** Memory for one task at a time. */
    private static final class Lane {
        private FloatBuffer a = CpuMemory.scratch(0);
        private FloatBuffer w = CpuMemory.scratch(0);

        void makeRoom(int ofA, int ofW) {
            a = a.capacity() < ofA ? CpuMemory.scratch(ofA) : a;
            w = w.capacity() < ofW ? CpuMemory.scratch(ofW) : w;
        }
    }

    /**
     * {@code target = a W}.
     *
     * @param a      {@code [rows,out]}
     * @param target {@code [rows,in]}
     */
    void multiply(DeviceBuffer a, int rows, Affine layer, DeviceBuffer target) {
        int out = layer.out();
        a.require("a", (long) rows * out);
        target.require("target", (long) rows * layer.in());
        List<Block> found = rows < CHUNK / 2 ? List.of() : blocks(a, rows, out);
        long all = found.stream().mapToLong(block -> (long) block.count * block.columns.length).sum();
        if (found.isEmpty() || all > WORTH * rows * out) {
            whole.multiply(false, false, rows, layer.in(), out, a, layer.weight(), 0f, target);
            return;
        }
        int parts = Math.min((layer.in() + 15) / 16, (2 * workers.count() + found.size() - 1) / found.size());
        workers.run(found.size() * parts, task -> {
            Lane lane = Optional.ofNullable(lanes.poll()).orElseGet(Lane::new);
            int part = task % parts;
            int from = (int) ((long) layer.in() * part / parts);
            multiply(lane, a, found.get(task / parts), layer, from, (int) ((long) layer.in() * (part + 1) / parts) - from, target);
            lanes.add(lane);
        });
    }

    /** Columns {@code from .. from + width - 1} of a block of the target. */
    private void multiply(Lane lane, DeviceBuffer a, Block block, Affine layer, int from, int width, DeviceBuffer target) {
        int kept = block.columns.length;
        FloatBuffer result = CpuMemory.floatsToWrite(target);
        if (kept == 0) {
            float[] zeros = new float[width];
            for (int r = block.first; r < block.first + block.count; ++r) {
                result.put(r * layer.in() + from, zeros);
            }
            return;
        }
        lane.makeRoom(block.count * kept, kept * width);
        FloatBuffer left = CpuMemory.floats(a);
        float[] row = new float[layer.out()];
        float[] packed = new float[kept];
        for (int r = 0; r < block.count; ++r) {
            left.get((block.first + r) * layer.out(), row);
            for (int k = 0; k < kept; ++k) {
                packed[k] = row[block.columns[k]];
            }
            lane.a.put(r * kept, packed);
        }
        FloatBuffer weight = CpuMemory.floats(layer.weight());
        for (int k = 0; k < kept; ++k) {
            lane.w.put(k * width, weight, block.columns[k] * layer.in() + from, width);
        }
        int start = block.first * layer.in() + from;
        blocks.multiply(false, false, block.count, width, kept, lane.a, kept, lane.w, width, 0f,
                result.slice(start, result.capacity() - start), layer.in());
    }

    private List<Block> blocks(DeviceBuffer a, int rows, int columns) {
        int[][] chunks = new int[(rows + CHUNK - 1) / CHUNK][columns];
        workers.run(chunks.length, chunk -> {
            int first = chunk * CHUNK;
            int count = Math.min(CHUNK, rows - first);
            int[] bits = Rows.loadInts(a, first, count, columns);
            int[] any = chunks[chunk];
            for (int r = 0; r < count; ++r) {
                for (int j = 0; j < columns; ++j) {
                    any[j] |= bits[r * columns + j] << 1; // but for the sign: -0 is 0
                }
            }
        });
        List<Block> found = new ArrayList<>();
        Block last = null;
        for (int chunk = 0; chunk < chunks.length; ++chunk) {
            int first = chunk * CHUNK;
            Block next = new Block(first, Math.min(CHUNK, rows - first), marked(chunks[chunk]));
            Block joined = last == null ? next : joined(last, next, columns);
            if (joined == null) {
                found.add(last);
                joined = next;
            }
            last = joined;
        }
        found.add(last);
        return found;
    }

    private static int[] marked(int[] any) {
        return IntStream.range(0, any.length).filter(j -> any[j] != 0).toArray();
    }

    /** Two neighbours as one block, or null where they are better off apart. */
    private static Block joined(Block a, Block b, int columns) {
        boolean[] either = new boolean[columns];
        Arrays.stream(a.columns).forEach(j -> either[j] = true);
        Arrays.stream(b.columns).forEach(j -> either[j] = true);
        int[] union = IntStream.range(0, columns).filter(j -> either[j]).toArray();
        int count = a.count + b.count;
        boolean pays = Block.cost(count, union.length) <= Block.cost(a.count, a.columns.length) + Block.cost(b.count, b.columns.length);
        return pays && count <= MOST_ROWS ? new Block(a.first, count, union) : null;
    }
}
