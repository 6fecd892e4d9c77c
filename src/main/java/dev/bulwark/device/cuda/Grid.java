package dev.bulwark.device.cuda;

/**
 * Shape of a launch.
 *
 * @param x           blocks along x, fastest
 * @param y           blocks along y
 * @param z           blocks along z
 * @param threads     threads of a block, along x
 * @param sharedBytes dynamic shared memory of a block
 */
record Grid(int x, int y, int z, int threads, int sharedBytes) {

    private static final int THREADS = 256;
    /** Enough blocks to fill any GPU several times; kernels stride over what is left. */
    private static final int MOST_BLOCKS = 8192;
    /** Blocks whose results the kernels that sum have room for. */
    static final int MOST_PARTIAL_SUMS = 256;
    /** Fewer elements than this are no work for a block of their own. */
    private static final int LEAST_SUMMED = 4 * THREADS;

    /** For grid-stride kernels over {@code length} elements: a thread each, up to a bound. */
    static Grid over(long length) {
        return new Grid((int) Math.max(1, Math.min(MOST_BLOCKS, (length + THREADS - 1) / THREADS)), 1, 1, THREADS, 0);
    }

    /** For kernels that give each of {@code rows} rows a warp: 32 threads. */
    static Grid overWarps(long rows) {
        return over(Math.multiplyExact(rows, 32L));
    }

    /** For kernels that give each of {@code rows} rows a block that takes sums, and stride over those that are left. */
    static Grid blockEach(int rows) {
        return blocks(Math.max(1, Math.min(MOST_BLOCKS, rows)), 1, THREADS);
    }

    /** For kernels that leave a partial sum a block; the same for the same {@code length} on every GPU. */
    static Grid ofPartialSums(long length) {
        return blocks((int) Math.max(1, Math.min(MOST_PARTIAL_SUMS, length / LEAST_SUMMED)), 1, THREADS);
    }

    /** For kernels that give each row a warp and leave a partial sum a block. */
    static Grid overWarpsWithPartialSums(long rows) {
        return blocks(Math.min(MOST_PARTIAL_SUMS, overWarps(rows).x()), 1, THREADS);
    }

    /** {@code x} times {@code y} blocks of {@code threads}. */
    static Grid blocks(int x, int y, int threads) {
        return new Grid(x, y, 1, threads, 0);
    }

    Grid withShared(int bytes) {
        return new Grid(x, y, z, threads, bytes);
    }

    @Override
    public String toString() {
        return x + " x " + y + " x " + z + " blocks of " + threads + " threads and " + sharedBytes + " bytes";
    }
}
