package dev.bulwark.device;

/** Steps of attacks that stay in l2 balls, and in l1 balls. */
public interface BallSteps {

    /**
     * In place, {@code x[n,:]} becomes the point of row n's region that is nearest to
     * {@code x[n,:] + lengths[n] directions[n,:] / norm}. The region is all of the l2 ball of {@code radii[n]} around
     * {@code centres[n,:]} that lies in [0, 1]. The norm is that of the elements that don't lead from 0 or 1 out of the range: else
     * images with many such elements would hardly move. Where it is 0, or a direction has an element that is not finite, nothing
     * moves.
     *
     * <p>The nearest point is {@code clamp(c + t d, 0, 1)} with d the way from the centre to the end of the step and the largest
     * t up to 1 that leads no further than the radius. Elements round toward the centre, so that the floats keep to the ball:
     * their real-number distance from the centre exceeds the radius by at most {@code 2^-30} of it and
     * {@code 2^-50 sqrt(columns)}, for up to 2^20 columns.
     *
     * @param x          {@code [rows,columns]}, as are directions and centres; centres in [0, 1]
     * @param directions finite where anything is to move
     * @param radii      {@code [rows]}, not negative, as are lengths
     */
    void step(DeviceBuffer x, DeviceBuffer directions, DeviceBuffer centres, DeviceBuffer radii, DeviceBuffer lengths,
              int rows, int columns);

    /**
     * In place, {@code x[n,:]} becomes the point nearest to it, in the l2 norm, of all of the l1 ball of {@code radii[n]} around
     * {@code centres[n,:]} that lies in [0, 1] (Croce and Hein 2021, "Mind the box", proposition 2.1): with d the way from the
     * centre, {@code clamp(c + sign(d) max(|d| - s, 0), 0, 1)} with the least s, not negative, that keeps to the radius. Where an
     * element is not finite, the row becomes its centre.
     *
     * <p>Elements round toward the centre, so that the floats keep to the ball: their real-number distance from the centre exceeds
     * the radius by at most {@code 2^-30} of it and {@code 2^-50 columns}, for up to 2^20 columns.
     *
     * @param x       {@code [rows,columns]}, as are centres, which lie in [0, 1]
     * @param centres {@code [rows,columns]}
     * @param radii   {@code [rows]}, not negative
     */
    void projectL1(DeviceBuffer x, DeviceBuffer centres, DeviceBuffer radii, int rows, int columns);
}
