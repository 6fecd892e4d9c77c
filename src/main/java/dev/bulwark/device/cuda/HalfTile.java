package dev.bulwark.device.cuda;

import dev.bulwark.device.Convolution;
import dev.bulwark.device.DeviceException.Advice;
import dev.bulwark.device.DeviceException;
import dev.bulwark.shapes.ImageShape;
import dev.bulwark.shapes.Windows.Axis;

/**
 * What a block of a convolution of smoothing_convolutions.cu computes. Results do not depend on it.
 *
 * @param height  outputs along the columns
 * @param width   outputs along the rows
 * @param samples whole images where a tile has room for them
 */
record HalfTile(Convolution layer, int height, int width, int samples) {

    static final int THREADS = 128;
    private static final int WARPS = 4;
    /** Windows of a warp's share. */
    private static final int WARP_ROWS = 64;
    private static final int MOST_SAMPLES = 64;
    private static final int PIXEL_BYTES = 2 * HalfImage.CHUNK;
    /** Shared memory that the driver takes of each block. */
    private static final int RESERVED_BYTES = 1024;
    /** More than so much of a gain, and a tile has more samples. */
    private static final double GAIN = 1.02;

    /**
     * The tile for a layer: of whole images if one fits, and otherwise of as many rows of outputs as fit, or of a part of
     * one. Several blocks share a multiprocessor, so that some multiply while others read.
     *
     * @param most bytes of shared memory that a block may have
     * @throws DeviceException if not a single window fits
     */
    static HalfTile of(Convolution layer, int most) {
        HalfTile one = new HalfTile(layer, 1, 1, 1);
        long pixels = (long) reach(layer.windows().height(), layer.output().height()) * layer.input().width();
        if (one.sharedBytes() > most || pixels * layer.input().width() > 0xFFFF_FFFFL) {
            throw new DeviceException("a GPU's block has no room for windows of " + layer.windows().words() + " of "
                    + layer.input().channels() / layer.groups() + " channels in half precision: use fp32")
                    .advising(Advice.PRECISION);
        }
        long budget = Math.max(one.sharedBytes(), (most + RESERVED_BYTES) / one.blocks() - RESERVED_BYTES);
        ImageShape out = layer.output();
        int width = evenly(out.width(), largest(out.width(), w -> new HalfTile(layer, 1, w, 1).sharedBytes() <= budget));
        int height = width < out.width() ? 1 : evenly(out.height(),
                largest(out.height(), h -> new HalfTile(layer, h, width, 1).sharedBytes() <= budget));
        HalfTile best = new HalfTile(layer, height, width, 1);
        for (int samples = 2; best.wholeImages() && samples <= MOST_SAMPLES; ++samples) {
            HalfTile more = new HalfTile(layer, height, width, samples);
            if (more.sharedBytes() <= budget && more.share() > GAIN * best.share()) {
                best = more;
            }
        }
        return best;
    }

    private interface Fit {
        boolean of(int outputs);
    }

    /** The largest number up to {@code most} that fits; 1 does. */
    private static int largest(int most, Fit fit) {
        int fits = 1;
        for (int end = most + 1; end - fits > 1;) {
            int middle = fits + (end - fits) / 2;
            if (fit.of(middle)) {
                fits = middle;
            } else {
                end = middle;
            }
        }
        return fits;
    }

    /** At most {@code part}, so that as many parts make up {@code all}, of nearly one size. */
    private static int evenly(int all, int part) {
        int parts = (all + part - 1) / part;
        return (all + parts - 1) / parts;
    }

    private boolean wholeImages() {
        return height == layer.output().height() && width == layer.output().width();
    }

    private int outputs() {
        return layer.output().channels() / layer.groups();
    }

    private int chunks() {
        return HalfImage.chunks(layer.input().channels() / layer.groups());
    }

    /** Outputs that the kernel for this layer has in registers: 32 or 64. */
    int columns() {
        return outputs() <= 32 ? 32 : 64;
    }

    /** Blocks that a multiprocessor has registers for. */
    private int blocks() {
        return columns() == 32 ? 3 : 2;
    }

    /** The share of the warps' work that is asked for. */
    private double share() {
        int windows = samples * height * width;
        int passes = (outputs() + columns() - 1) / columns();
        int items = (windows + WARP_ROWS - 1) / WARP_ROWS * passes;
        return (double) windows * passes / ((items + WARPS - 1) / WARPS * WARPS * WARP_ROWS);
    }

    /** Elements along an edge that this number of outputs read. */
    private static int reach(Axis axis, int outputs) {
        return (outputs - 1) * axis.stride() + (axis.kernel() - 1) * axis.dilation() + 1;
    }

    /** What the samples' images take, a pixel of zeros, and the place of each pixel of a window. */
    long sharedBytes() {
        long pixels = (long) samples * chunks() * reach(layer.windows().height(), height)
                * reach(layer.windows().width(), width);
        return (pixels + 1) * PIXEL_BYTES + (long) Integer.BYTES * chunks() * layer.windows().elements();
    }

    /** Blocks for a batch. */
    Grid grid(int rows) {
        ImageShape out = layer.output();
        long tiles = (long) ((out.height() + height - 1) / height) * ((out.width() + width - 1) / width)
                * ((rows + samples - 1) / samples);
        return Grid.blocks(Math.toIntExact(tiles), layer.groups(), THREADS).withShared((int) sharedBytes());
    }
}
