package dev.bulwark.attack;

import dev.bulwark.device.Backend;
import dev.bulwark.device.DeviceBuffer;
import dev.bulwark.device.DeviceMemory;
import dev.bulwark.device.Directed;
import dev.bulwark.plan.Plan;
import java.util.Arrays;

/** The balls of a batch's images, each with a radius of its own, and those of the rows that were chosen. */
final class BatchBalls {

    private final Backend backend;
    private final int inputs;
    private final Room room;
    private final DeviceBuffer images;
    private final DeviceBuffer widths;
    private final DeviceBuffer centres;
    private final DeviceBuffer rowRadii;
    private float[] radii = {};

    /** How far floats may go from an image to be surely in its ball. */
    interface Room {
        double of(float[] image);
    }

    /**
     * @param memory   owns the buffers; the caller closes it
     * @param capacity images of a batch, and rows, at most
     */
    BatchBalls(DeviceMemory memory, Plan network, Room room, int capacity) {
        this.backend = network.backend();
        this.inputs = network.inputs();
        this.room = room;
        this.images = memory.allocate((long) capacity * inputs);
        this.widths = memory.allocate(capacity);
        this.centres = memory.allocate((long) capacity * inputs);
        this.rowRadii = memory.allocate(capacity);
    }

    void load(float[] batchImages) {
        radii = new float[batchImages.length / inputs];
        for (int n = 0; n < radii.length; ++n) {
            double found = room.of(Arrays.copyOfRange(batchImages, n * inputs, (n + 1) * inputs));
            radii[n] = Directed.down(Math.min(Float.MAX_VALUE, Math.max(0, found)));
        }
        backend.write(batchImages, images);
        backend.write(radii, widths);
    }

    /** Multiplies the radii of all balls by a factor, from the next {@link #choose} on. */
    void widen(float factor) {
        float[] wide = new float[radii.length];
        for (int n = 0; n < wide.length; ++n) {
            wide[n] = factor * radii[n];
        }
        backend.write(wide, widths);
    }

    /** @param chosen {@code int [rows]}: each row's image in the batch */
    void choose(DeviceBuffer chosen, int rows) {
        backend.indexing().gather(images, chosen, rows, inputs, centres);
        backend.indexing().gather(widths, chosen, rows, 1, rowRadii);
    }

    /** {@code [rows,D]}, of the chosen rows. */
    DeviceBuffer centres() {
        return centres;
    }

    /** {@code [rows]}, of the chosen rows. */
    DeviceBuffer radii() {
        return rowRadii;
    }

    /** Of an image of the batch, as it was loaded. */
    float radius(int position) {
        return radii[position];
    }
}
