package dev.bulwark.bounds;

import java.util.List;

/** A network and a way to bound its logits over l-infinity boxes; may keep memory on the device from call to call. */
public interface Verifier extends AutoCloseable {

    /**
     * Bounds over {@code [x - epsilon, x + epsilon]}, cut to [0, 1], for each image x.
     *
     * @param images  {@code [N,D]}, in [0, 1]
     * @param labels  {@code [N]}
     * @param epsilon l-infinity distance, in input units: this real number, not a float near it
     */
    List<Bounds> verify(float[] images, int[] labels, double epsilon);

    /** Gives back what was kept; the verifier may be used again. */
    @Override
    default void close() {
        // Nothing was.
    }
}
