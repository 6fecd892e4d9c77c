package dev.bulwark.attack;

import dev.bulwark.device.NoiseKey;
import dev.bulwark.device.Philox;
import dev.bulwark.shapes.ImageShape;

/** What Square's windows are filled with, how large they are, and where it starts (Andriushchenko et al. 2020). */
final class SquarePattern {

    /** Of the image that the first windows cover. */
    private static final double FIRST_SHARE = 0.8;
    /** Queries after which the share is halved. */
    private static final int[] HALVINGS = {10, 50, 200, 500, 1000, 2000, 4000, 6000, 8000};
    /** Windows along a side of the image that l2's and l1's searches start from. */
    private static final int TILES = 5;

    private SquarePattern() {
    }

    /** The share of the image that query number {@code query}'s window covers. */
    static double share(int query) {
        double share = FIRST_SHARE;
        for (int halving : HALVINGS) {
            share = query > halving ? share / 2 : share;
        }
        return share;
    }

    /** The next query behind {@code query} whose share is another; a large number where there is none. */
    static int nextChange(int query) {
        for (int halving : HALVINGS) {
            if (query <= halving) {
                return halving + 1;
            }
        }
        return Integer.MAX_VALUE;
    }

    /** Pixels of a window's side in l-infinity, or, where {@code odd}, in l2 and l1. */
    static int side(int query, ImageShape image, boolean odd) {
        int side = (int) Math.rint(Math.sqrt(share(query) * image.area()));
        side = Math.max(side, odd ? 3 : 1);
        side = odd && side % 2 == 0 ? side + 1 : side;
        return Math.min(side, Math.min(image.height(), image.width()));
    }

    /**
     * A window of norm 1, {@code [side,side]}: two bumps of opposite signs, one above the other, each a sum of growing rectangles.
     *
     * @param euclidean whether the norm is l2, else l1
     */
    static float[] bumps(int side, boolean euclidean) {
        double[] window = new double[side * side];
        int upper = side / 2;
        addBump(window, 0, upper, side, 1, euclidean);
        addBump(window, upper, side - upper, side, -1, euclidean);
        normalise(window, 0, window.length, euclidean, 1);
        float[] values = new float[window.length];
        for (int k = 0; k < values.length; ++k) {
            values[k] = (float) window[k];
        }
        return values;
    }

    /** Rows {@code top} to {@code top + height - 1} of a window {@code [side,side]}. */
    private static void addBump(double[] window, int top, int height, int side, double sign, boolean euclidean) {
        int middleRow = height / 2;
        int middleColumn = side / 2;
        for (int k = 0; k <= Math.max(middleRow, middleColumn); ++k) {
            double more = Math.pow(k + 1, euclidean ? -2 : -4);
            for (int u = Math.max(0, middleRow - k); u < Math.min(height, middleRow + k + 1); ++u) {
                for (int v = Math.max(0, middleColumn - k); v < Math.min(side, middleColumn + k + 1); ++v) {
                    window[(top + u) * side + v] += more;
                }
            }
        }
        normalise(window, top * side, (top + height) * side, euclidean, sign);
    }

    private static void normalise(double[] values, int from, int to, boolean euclidean, double length) {
        double sum = 0;
        for (int k = from; k < to; ++k) {
            sum += euclidean ? values[k] * values[k] : Math.abs(values[k]);
        }
        double norm = euclidean ? Math.sqrt(sum) : sum;
        for (int k = from; k < to && norm > 0; ++k) {
            values[k] *= length / norm;
        }
    }

    /** Whether a sign that a search starts with is positive: element {@code which} of sample 3 start + 2. */
    static boolean positive(NoiseKey key, int image, int start, int which) {
        return (Philox.word(key, image, 3 * start + 2, which) & 1) == 1;
    }

    /** l2 and l1: windows side by side, each transposed or not, and of either sign in each channel. */
    static float[] tiles(NoiseKey key, int image, int start, ImageShape shape, boolean euclidean) {
        float[] way = new float[shape.size()];
        int side = Math.max(1, Math.min(shape.height(), shape.width()) / TILES);
        float[] bumps = bumps(side, euclidean);
        int draw = 0;
        for (int top = shape.height() % side / 2; top + side <= shape.height(); top += side) {
            for (int left = shape.width() % side / 2; left + side <= shape.width(); left += side) {
                boolean transposed = positive(key, image, start, draw++);
                for (int c = 0; c < shape.channels(); ++c) {
                    float sign = positive(key, image, start, draw++) ? 1 : -1;
                    for (int k = 0; k < side * side; ++k) {
                        int u = transposed ? k % side : k / side;
                        int v = transposed ? k / side : k % side;
                        way[c * shape.area() + (top + u) * shape.width() + left + v] = sign * bumps[k];
                    }
                }
            }
        }
        return way;
    }
}
