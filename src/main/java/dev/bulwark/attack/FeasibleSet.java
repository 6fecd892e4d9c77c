package dev.bulwark.attack;

import dev.bulwark.data.Ball;
import dev.bulwark.device.DeviceBuffer;
import dev.bulwark.device.DeviceMemory;
import dev.bulwark.device.NoiseKey;
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
     * @param samples   {@code int [rows]}, another coordinate, on the host
     * @param restarts  the same on the device
     */
    record Starting(int[] positions, DeviceBuffer chosen, int[] images, DeviceBuffer indices, int[] samples,
                    DeviceBuffer restarts) {

        int rows() {
            return positions.length;
        }
    }

    /**
     * @param memory   owns the buffers; the caller closes it
     * @param capacity images that a batch may hold
     */
    static FeasibleSet of(DeviceMemory memory, Plan network, Ball ball, NoiseKey key, int capacity) {
        return switch (ball.norm()) {
            case INF -> new BoxSet(memory, network, ball, key, capacity);
            case TWO -> new EuclideanSet(memory, network, ball, key, capacity);
            case ONE -> new L1Set(memory, network, ball, key, capacity);
        };
    }

    /** @param images of the whole batch, {@code [N,D]} */
    void load(float[] images);

    /** Goes on with some rows of the batch, close together. @param chosen {@code int [rows]}, positions in the batch */
    void choose(DeviceBuffer chosen, int rows);

    /** The images that the chosen rows are of, {@code [rows,D]}. */
    DeviceBuffer centres();

    /** {@link #choose}, and puts each row at a random point x {@code [rows,D]}. */
    void start(Starting rows, DeviceBuffer x);

    /** The length of every {@link #step} from now on, in the ball's norm. */
    void setStep(float length);

    /** A step along the gradients {@code [rows,D]}, of the chosen rows, of the length that was set. */
    void step(DeviceBuffer x, DeviceBuffer gradients, int rows);

    /**
     * A step with momentum: with z where a step from x leads, to
     * {@code x + momentum (z - x) + (1 - momentum) (x - previous)}, and back into the set; previous becomes what x was.
     *
     * @param lengths {@code [rows]}, in the ball's norm
     */
    void momentumStep(DeviceBuffer x, DeviceBuffer previous, DeviceBuffer gradients, DeviceBuffer lengths, float momentum, int rows);

    /** Moves x {@code [rows,D]} to the nearest points of the set, for the chosen rows; in l-infinity and l2 nearest in both. */
    void project(DeviceBuffer x, int rows);
}
