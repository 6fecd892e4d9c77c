package dev.bulwark.device;

/**
 * Intervals of units before their ReLUs, and the lines that bound the ReLUs over them (CROWN, Zhang et al. 2018). All of it
 * holds in real numbers.
 */
public interface ReluRelaxations {

    /**
     * Takes the lines that fit units' intervals: all of {@code relaxation} but the product error. Where the sign is known,
     * both are the ReLU itself. Elsewhere the one above goes through (lower, 0) and (upper, upper), rounded up; the one
     * below has slope 1 where {@code upper > -lower}, else 0 (Zhang et al. 2018). A unit of an unknown interval has none:
     * its lines are NaN.
     *
     * @param lower {@code [images,units]}, as is {@code upper}; NaN in both where the interval is unknown
     */
    void relax(DeviceBuffer lower, DeviceBuffer upper, int images, Relaxation relaxation);

    /** {@code target = max(|lower|, |upper|)}; NaN where either is. */
    void magnitudes(DeviceBuffer lower, DeviceBuffer upper, long length, DeviceBuffer target);

    /**
     * Lists the units over whose intervals an activation is no line, in their order, two forms each: the unit and its
     * negative. Of a ReLU, with bends 0 and infinity, those are the units whose sign is open.
     *
     * @param first  {@link Activation#firstBend}; where it is NaN, all units are listed
     * @param last   {@link Activation#lastBend}
     * @param lower  {@code [images,units]}, as is {@code upper}; a unit that is unknown is open
     * @param owners {@code int [2 images units]}: takes each form's image
     * @param forms  {@code int [2 images units]}: takes each form's number
     * @param count  {@code int [1]}: takes the number of forms
     */
    void openSides(float first, float last, DeviceBuffer lower, DeviceBuffer upper, int images, int units,
                   DeviceBuffer owners, DeviceBuffer forms, DeviceBuffer count);

    /**
     * Takes lower bounds of forms, as {@link #openSides} lists them, where they are better. NaN is no bound, nor is one
     * beyond the largest float; an interval that is then known at one end only becomes unknown.
     *
     * @param minima {@code [sides]}, of whole pairs
     * @param lower  {@code [images,units]}, in place, as is {@code upper}
     */
    void tighten(DeviceBuffer minima, int sides, DeviceBuffer owners, DeviceBuffer forms, int units, DeviceBuffer lower,
                 DeviceBuffer upper);
}
