package dev.bulwark.bounds;

import dev.bulwark.data.Ball;
import java.util.List;

/** A network and a way to bound its logits over l-infinity boxes; may keep memory on the device from call to call. */
public interface Verifier extends AutoCloseable {

    /**
     * Bounds over the ball around each image.
     *
     * @param images {@code [N,D]}, in [0, 1]
     * @param labels {@code [N]}
     */
    List<Bounds> verify(float[] images, int[] labels, Ball ball);

    /** As above, around the floats themselves; {@code epsilon} is the decimal that it prints as. */
    default List<Bounds> verify(float[] images, int[] labels, double epsilon) {
        return verify(images, labels, Ball.aroundFloats(epsilon));
    }

    /** Gives back what was kept; the verifier may be used again. */
    @Override
    default void close() {
        // Nothing was.
    }
}
