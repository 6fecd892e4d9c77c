package dev.bulwark.shapes;

import java.math.BigInteger;

/**
 * Which windows of an image {@code [channels, height, width]} a convolution or a pooling sees, along both edges.
 *
 * @param height along the columns
 * @param width  along the rows
 */
public record Windows(Axis height, Axis width) {

    /**
     * Windows along one edge: window w covers the elements {@code w stride - before + dilation k}, k = 0 .. kernel - 1, of
     * which those outside the edge count as 0.
     *
     * @param kernel   elements that a window covers
     * @param stride   elements from one window to the next
     * @param before   zeros in front of the edge
     * @param after    zeros behind it
     * @param dilation elements from one covered element to the next
     */
    public record Axis(int kernel, int stride, int before, int after, int dilation) {

        public Axis {
            requireAtLeast(1, "kernel", kernel);
            requireAtLeast(1, "stride", stride);
            requireAtLeast(0, "padding", before);
            requireAtLeast(0, "padding", after);
            requireAtLeast(1, "dilation", dilation);
            reach(kernel, dilation);
        }

        /** Number of windows that fit an edge of {@code elements}. @throws IllegalArgumentException if not one does */
        public int count(int elements) {
            long room = (long) elements + before + after - reach(kernel, dilation);
            if (room < 0) {
                throw new IllegalArgumentException("an edge of " + elements + " elements has no room for a window of "
                        + reach(kernel, dilation) + (before + after > 0 ? " with " + (before + after) + " of padding" : ""));
            }
            return Math.toIntExact(room / stride + 1);
        }

        /** How many elements of window {@code window} lie on an edge of {@code elements}. */
        public int inside(int window, int elements) {
            int inside = 0;
            for (int k = 0; k < kernel; ++k) {
                long place = (long) window * stride - before + (long) k * dilation;
                inside += place >= 0 && place < elements ? 1 : 0;
            }
            return inside;
        }

        /** Windows that cover one element, at most: of its taps those whose places differ by a multiple of the stride. */
        public int overlap() {
            int period = stride / BigInteger.valueOf(stride).gcd(BigInteger.valueOf(dilation)).intValueExact();
            return (kernel + period - 1) / period;
        }

        private Axis unpadded() {
            return new Axis(kernel, stride, 0, 0, dilation);
        }

        /** Elements from a window's first to its last, both included. */
        private static int reach(int kernel, int dilation) {
            return Math.addExact(Math.multiplyExact(kernel - 1, dilation), 1);
        }

        private static void requireAtLeast(int least, String what, int value) {
            if (value < least) {
                throw new IllegalArgumentException(what + " must be at least " + least + ": " + value);
            }
        }
    }

    /** Square windows without padding and dilation. */
    public static Windows square(int kernel, int stride) {
        return square(kernel, stride, 0);
    }

    /** Square windows without dilation, padded alike on all sides. */
    public static Windows square(int kernel, int stride, int padding) {
        Axis axis = new Axis(kernel, stride, padding, padding, 1);
        return new Windows(axis, axis);
    }

    /** The same without padding. */
    public Windows unpadded() {
        return new Windows(height.unpadded(), width.unpadded());
    }

    /** Windows that cover one element, at most. */
    public int overlap() {
        return Math.multiplyExact(height.overlap(), width.overlap());
    }

    /** Elements that a window covers of one channel. */
    public int elements() {
        return Math.multiplyExact(height.kernel, width.kernel);
    }

    /** {@code channels} numbers for each window of {@code image}. @throws IllegalArgumentException if not one fits */
    public ImageShape over(ImageShape image, int channels) {
        return new ImageShape(channels, height.count(image.height()), width.count(image.width()));
    }

    /** {@code 3 x 3 windows, 2 apart, padded by 1}. */
    public String words() {
        StringBuilder words = new StringBuilder(height.kernel + " x " + width.kernel + " windows, " + height.stride
                + (height.stride == width.stride ? "" : " and " + width.stride) + " apart");
        if (height.before + height.after + width.before + width.after > 0) {
            boolean even = height.before == height.after && height.before == width.before && width.before == width.after;
            words.append(", padded by ").append(height.before);
            if (!even) {
                words.append(", ").append(height.after).append(", ").append(width.before).append(", ").append(width.after);
            }
        }
        if (height.dilation > 1 || width.dilation > 1) {
            words.append(", dilated by ").append(height.dilation)
                    .append(height.dilation == width.dilation ? "" : " and " + width.dilation);
        }
        return words.toString();
    }
}
