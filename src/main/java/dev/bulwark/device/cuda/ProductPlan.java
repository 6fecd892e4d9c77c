package dev.bulwark.device.cuda;

import java.util.List;
import java.util.Optional;

/**
 * How a product is cut into blocks: tiles of the result, and parts of k.
 *
 * <p>Large tiles read less memory for each multiply-add, but a batch of a few hundred rows has too few of them to keep
 * all multiprocessors busy; then small tiles do better, and where even those are too few, each block sums only a part
 * of k and a second pass adds the parts up in a fixed order. The plan depends on the shape and the GPU alone, and so do
 * the bits.
 *
 * @param side  rows and columns of a tile
 * @param tiles tiles of the result
 * @param parts parts of k
 * @param chunk elements of k in a part, the last may be shorter
 */
record ProductPlan(int side, int tiles, int parts, int chunk) {

    static final int SMALL = 64;
    static final int LARGE = 128;

    /** Blocks a multiprocessor should have at least: while one waits for memory the other computes. */
    private static final int BLOCKS_PER_MULTIPROCESSOR = 2;
    /** Shorter parts would cost more in the second pass than they save in the first. */
    private static final int SHORTEST_CHUNK = 128;
    /** Parts begin where a tile's depth of k does, of every kernel. */
    private static final int CHUNK_MULTIPLE = 16;

    /** For c {@code [m,n]} = op(a) {@code [m,k]} op(b) {@code [k,n]}. */
    static ProductPlan of(int m, int n, int k, int multiprocessors) {
        int wanted = BLOCKS_PER_MULTIPROCESSOR * multiprocessors;
        if (tiles(m, n, LARGE) >= wanted) {
            return new ProductPlan(LARGE, tiles(m, n, LARGE), 1, k);
        }
        return small(m, n, k, wanted / tiles(m, n, SMALL));
    }

    /**
     * For products that share the GPU, all in small tiles; empty if one of them fills it alone with large ones. Whatever of
     * them is in several parts fits {@link #scratchLength} together.
     */
    static Optional<List<ProductPlan>> of(List<MatrixProduct.Factors> products, int multiprocessors) {
        int wanted = BLOCKS_PER_MULTIPROCESSOR * multiprocessors;
        if (products.stream().anyMatch(of -> tiles(of.m(), of.n(), LARGE) >= wanted)) {
            return Optional.empty();
        }
        long tiles = products.stream().mapToLong(of -> tiles(of.m(), of.n(), SMALL)).sum();
        int parts = (int) (wanted / tiles);
        return Optional.of(products.stream().map(of -> small(of.m(), of.n(), of.k(), parts)).toList());
    }

    /** Blocks of a launch with one product. */
    int blocks() {
        return Math.multiplyExact(tiles, parts);
    }

    /** Small tiles, and at most this number of parts. */
    private static ProductPlan small(int m, int n, int k, int most) {
        int tiles = tiles(m, n, SMALL);
        int parts = Math.min(most, k / SHORTEST_CHUNK);
        if (parts <= 1) {
            return new ProductPlan(SMALL, tiles, 1, k);
        }
        int chunk = ceilDiv(ceilDiv(k, parts), CHUNK_MULTIPLE) * CHUNK_MULTIPLE;
        return new ProductPlan(SMALL, tiles, ceilDiv(k, chunk), chunk);
    }

    /** Elements that the partial sums of any plan fit into: {@code parts * m * n} of a product in several parts. */
    static long scratchLength(int multiprocessors) {
        return (long) BLOCKS_PER_MULTIPROCESSOR * multiprocessors * SMALL * SMALL;
    }

    private static int tiles(int m, int n, int side) {
        return Math.multiplyExact(ceilDiv(m, side), ceilDiv(n, side));
    }

    private static int ceilDiv(int x, int y) {
        return (int) (((long) x + y - 1) / y);
    }
}
