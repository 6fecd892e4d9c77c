package dev.bulwark.device;

import dev.bulwark.shapes.ImageShape;

/** Random proposals of the Square attack (Andriushchenko et al. 2020). */
public interface SquareProposals {

    /** Numbers that one query draws beside the signs: two windows' rows and columns, and the pattern's orientation. */
    int DRAWS = 5;

    /**
     * What proposals are drawn by, a row each. With i = images[n], s = starts[n] and q = query[0], the numbers of a query are
     * Philox's words of sample 3 s, elements 8 q to 8 q + 4, and channel c's sign is the lowest bit of the word of sample 3 s + 1,
     * element q channels + c. (Sample 3 s + 2 is for whatever an attack starts from.)
     *
     * @param images {@code int [rows]}
     * @param starts {@code int [rows]}
     * @param query  {@code int [1]}, the query's number
     */
    record Draws(DeviceBuffer images, DeviceBuffer starts, DeviceBuffer query, NoiseKey key) {
    }

    /**
     * l-infinity: x is best but for a window of {@code side} by {@code side} pixels at a random place, where each channel is at the
     * upper or at the lower end of the box, at random.
     *
     * @param best {@code [rows,image]}, as are lower, upper and x
     * @param side at most the image's height and width
     */
    void squares(DeviceBuffer best, DeviceBuffer lower, DeviceBuffer upper, Draws draws, int rows, ImageShape image, int side,
                 DeviceBuffer x);

    /**
     * l2 and l1: what one window of the displacement d = best - centre has goes, with what is left of the radius, to another
     * window. With p the norm, N(.) the p-norm of one channel and C channels: in the first window, h is the pattern, or its
     * transpose, times the channel's sign, plus d / N(d there); d there becomes h scaled to the norm
     * {@code (max(r^2 - |d|^2, 0) / C + N(d in either window)^2)^(1/2)} in l2 and
     * {@code max(r - |d|, 0) + C N(d in either window)} in l1; d in the rest of the second window becomes 0. In l2, d is then scaled
     * to the radius r. x is the centre plus d, to be projected onto the ball and the input range.
     *
     * @param euclidean whether p is 2, else 1
     * @param best      {@code [rows,image]}, as are centres and x
     * @param pattern   {@code [side,side]}
     * @param radii     {@code [rows]}
     */
    void patterns(boolean euclidean, DeviceBuffer best, DeviceBuffer centres, DeviceBuffer pattern, DeviceBuffer radii, Draws draws,
                  int rows, ImageShape image, int side, DeviceBuffer x);
}
