package dev.bulwark.device;

/**
 * Steps of attacks whose step sizes adapt row by row (APGD: Croce and Hein 2020; in l1 balls: Croce and Hein 2021, "Mind the
 * box"), and what they note of their losses. Rounded to nearest.
 */
public interface AscentSteps {

    /**
     * A signed step with momentum inside boxes. With {@code z = clamp(x + lengths[n] sign(gradient), lower, upper)}, x becomes
     * {@code clamp(x + momentum (z - x) + (1 - momentum) (x - previous), lower, upper)} and previous what x was, in place. The
     * sign of NaN is 0.
     *
     * @param x       {@code [rows,columns]}, as are previous, gradients, lower and upper
     * @param lengths {@code [rows]}
     */
    void signedStep(DeviceBuffer x, DeviceBuffer previous, DeviceBuffer gradients, DeviceBuffer lengths, float momentum,
                    DeviceBuffer lower, DeviceBuffer upper, int rows, int columns);

    /**
     * Momentum alone: x becomes {@code x + momentum (ahead - x) + (1 - momentum) (x - previous)} and previous what x was, in
     * place, on {@code length} elements.
     */
    void momentum(DeviceBuffer ahead, DeviceBuffer x, DeviceBuffer previous, float momentum, long length);

    /**
     * In place, x moves by {@code lengths[n]} in the l1 norm along the largest elements of the gradient, all by the same distance,
     * along its sign. Of {@code columns} elements, {@code columns - floor((1 - fractions[n]) columns)} take part, at least one, and
     * as many more as tie with the least of them; elements that are 0 do not. Where the gradient is 0, or an element of it is not
     * finite, nothing moves.
     *
     * @param x         {@code [rows,columns]}, as are gradients
     * @param fractions {@code [rows]}, in [0, 1], as many as lengths
     */
    void sparseStep(DeviceBuffer x, DeviceBuffer gradients, DeviceBuffer fractions, DeviceBuffer lengths, int rows, int columns);

    /**
     * APGD's adaptation in l1 balls. With k the number of elements in which the best point so far differs from its centre:
     * {@code fractions[n] = k / columns / 1.5}; where k is less than .95 {@code counts[n]}, the length becomes {@code longest} and
     * {@code restarts[n]} 1, else the length is divided by 1.5, down to a tenth of the longest, and {@code restarts[n]} is 0; then
     * {@code counts[n] = k}.
     *
     * @param best     {@code [rows,columns]}, as are centres
     * @param counts   {@code [rows]}, as are fractions and lengths; all in place
     * @param restarts {@code int [rows]}
     */
    void adaptSparsity(DeviceBuffer best, DeviceBuffer centres, DeviceBuffer counts, DeviceBuffer fractions, DeviceBuffer lengths,
                       float longest, DeviceBuffer restarts, int rows, int columns);

    /**
     * Compares losses with those before. {@code improved[n]} says whether {@code losses[n] > best[n]}, which then becomes
     * {@code losses[n]}; {@code increases[n]} counts up where {@code losses[n] > previous[n]}; then
     * {@code previous[n] = losses[n]}. NaN is greater than nothing.
     *
     * @param losses    {@code [rows]}, as are previous and best, these in place
     * @param increases {@code int [rows]}, in place
     * @param improved  {@code int [rows]}, 1 or 0
     */
    void compare(DeviceBuffer losses, DeviceBuffer previous, DeviceBuffer best, DeviceBuffer increases, DeviceBuffer improved,
                 int rows);

    /** {@code target[n,:] = source[n,:]} where {@code chosen[n]}, an int, is not 0. */
    void copyWhere(DeviceBuffer chosen, DeviceBuffer source, DeviceBuffer target, int rows, int columns);
}
