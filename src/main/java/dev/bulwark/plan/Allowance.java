package dev.bulwark.plan;

import dev.bulwark.device.Backend;
import dev.bulwark.device.DeviceBuffer;
import dev.bulwark.device.DeviceMemory;
import dev.bulwark.device.Directed;
import dev.bulwark.device.LinearRelaxations;
import dev.bulwark.device.Scaling;

/**
 * Turns sizes S that bound what a float operation adds up into how far its result may be from the real one:
 * {@code share S + absolute}, unknown where {@code guard S} exceeds the largest float.
 */
record Allowance(Backend backend, Scaling guard, Scaling share) {

    /** Where no share is named: more than several results that are flushed to 0, less than anything that counts. */
    static final float TINY = 0x1p-100f;
    /** A share that nothing is known of. */
    static final float UNKNOWN = Float.MAX_VALUE;

    /**
     * Of the absolute values that an operation sums, products or not.
     *
     * @param terms    products that an element sums
     * @param elements of a row
     */
    static Allowance ofSums(Backend backend, DeviceMemory memory, int terms, int elements) {
        double relative = LinearRelaxations.productError(terms);
        return of(backend, memory, 1 + 2 * relative, relative, elements);
    }

    /** The same numbers for all elements of a row, and {@link #TINY}. */
    static Allowance of(Backend backend, DeviceMemory memory, double guard, double share, int elements) {
        return of(backend, memory, new float[] {Directed.up(guard)}, new float[] {Directed.up(Math.nextUp(share))},
                new float[] {TINY}, elements);
    }

    /** @param guard {@code [channels]}, as are the others, rounded up */
    static Allowance of(Backend backend, DeviceMemory memory, float[] guard, float[] share, float[] absolute, int elements) {
        int channels = guard.length;
        float[] beyond = new float[channels]; // the square of the largest float is unknown
        for (int c = 0; c < channels; ++c) {
            beyond[c] = share[c] == UNKNOWN ? Float.MAX_VALUE : 0;
        }
        DeviceBuffer none = memory.zeros(channels);
        return new Allowance(backend,
                new Scaling(memory.holding(guard), memory.holding(beyond), none, none, channels, elements / channels),
                new Scaling(none, none, memory.holding(share), memory.holding(absolute), channels, elements / channels));
    }

    /** @param upper {@code [rows,elements]}: S, then the upper end of the deviations; the lower one goes to {@code lower} */
    void run(DeviceBuffer lower, DeviceBuffer upper, int rows) {
        backend.channelwise().encloseScaled(upper, upper, rows, guard, lower, upper);
        backend.channelwise().encloseScaled(upper, upper, rows, share, lower, upper);
    }
}
