package dev.bulwark.device;

/**
 * Lines that bound the largest element of each window over the boxes of a batch. With j the chosen element,
 * {@code x[j] <= max <= upperSlope x[j] + upperIntercept}.
 *
 * <p>The chosen one has the largest lower bound of its window, of several the first; intervals that are unknown don't count
 * where one is known. Where no other element's upper bound is larger, it is the largest everywhere, and the line above is
 * x[j] itself: slope 1, intercept 0. Elsewhere that line has slope 0 and is the largest upper bound (Singh et al. 2019,
 * section 4), NaN where one is unknown.
 *
 * @param chosen         {@code int [N,output]}: numbers of an image's elements
 * @param upperSlope     {@code [N,output]}: 0 or 1
 * @param upperIntercept {@code [N,output]}
 * @param magnitude      {@code [N,input]}: nowhere in the box is |x| larger
 */
public record MaxPoolRelaxation(Pooling pooling, DeviceBuffer chosen, DeviceBuffer upperSlope, DeviceBuffer upperIntercept,
                                DeviceBuffer magnitude) {
}
