package dev.bulwark.device;

/**
 * Balls around a batch's inputs, each cut to a box: all points c + d of box n with {@code ||d|| <= epsilons[n]}, for every
 * real centre c with {@code |c - x| <= centreError |x|}, element by element.
 *
 * @param centres     x, {@code [N,D]}
 * @param lower       of the boxes, {@code [N,D]}, as is upper
 * @param centreError 0 or a power of two
 * @param epsilons    {@code [N]}, not below the distances meant
 * @param dual        of the ball's norm
 */
public record InputBall(DeviceBuffer centres, DeviceBuffer lower, DeviceBuffer upper, float centreError, DeviceBuffer epsilons,
                        Dual dual) {

    /**
     * The norm dual to a ball's: over the ball a linear form is least by epsilon times this below its value at the centre.
     */
    public enum Dual {
        /** Of an l2 ball: the root of the sum of squares. */
        EUCLIDEAN,
        /** Of an l1 ball: the largest absolute value. */
        LARGEST
    }
}
