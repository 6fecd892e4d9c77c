package dev.bulwark.attack;

import dev.bulwark.data.Norm;
import dev.bulwark.device.DeviceBuffer;
import dev.bulwark.device.DeviceMemory;
import dev.bulwark.plan.Plan;

/**
 * What the images of a batch may become, on the device: random points of it to start from, and steps that stay in it. Points are
 * floats, and each truly lies in its ball and in [0, 1].
 */
interface FeasibleSet {

    /**
     * Rows of a batch that are attacked now.
     *
     * @param positions in the batch, {@code [rows]}
     * @param chosen    the same on the device
     * @param images    {@code int [rows]}, indices in the data set, a coordinate of random points, on the host
     * @param indices   the same on the device
     * @param restart   another coordinate, on the host
     * @param restarts  the same for each row, on the device
     */
    record Starting(int[] positions, DeviceBuffer chosen, int[] images, DeviceBuffer indices, int restart,
                    DeviceBuffer restarts) {

        int rows() {
            return positions.length;
        }
    }

    /**
     * @param memory   owns the buffers; the caller closes it
     * @param capacity images that a batch may hold
     */
    static FeasibleSet of(DeviceMemory memory, Plan network, PgdSettings settings, int capacity) {
        return settings.ball().norm() == Norm.INF ? new BoxSet(memory, network, settings, capacity)
                : new EuclideanSet(memory, network, settings, capacity);
    }

    /** @param images of the whole batch, {@code [N,D]} */
    void load(float[] images);

    /** Goes on with some rows of the batch, close together, and puts each at a random point x {@code [rows,D]}. */
    void start(Starting rows, DeviceBuffer x);

    /** A step along the gradients {@code [rows,D]}, of the rows last started. */
    void step(DeviceBuffer x, DeviceBuffer gradients, int rows);
}
