package dev.bulwark.attack;

import dev.bulwark.data.Ball;
import dev.bulwark.device.Backend;
import dev.bulwark.device.BallSteps;
import dev.bulwark.device.DeviceBuffer;
import dev.bulwark.device.DeviceMemory;
import dev.bulwark.device.Directed;
import dev.bulwark.device.NoiseKey;
import dev.bulwark.device.Philox;
import dev.bulwark.plan.Plan;
import java.util.Arrays;

/**
 * l2 balls cut to [0, 1]. Steps go along the gradient over its length, and back to the nearest point of the set. Random points are
 * uniform in the ball, a normal direction with a distance of u^(1/D) of the radius (Muller 1959), and then cut to [0, 1], by which
 * they come nearer to the image.
 */
final class EuclideanSet implements FeasibleSet {

    private final Backend backend;
    private final Ball ball;
    private final NoiseKey key;
    private final int inputs;
    /** Images and their balls' radii, of the whole batch. */
    private final DeviceBuffer images;
    private final DeviceBuffer widths;
    private float[] radii = {};
    /** Of the rows that were started. */
    private final DeviceBuffer centres;
    private final DeviceBuffer rowRadii;
    private final DeviceBuffer directions;
    private final DeviceBuffer distances;
    /** Steps of no length, and of the one that all rows have. */
    private final DeviceBuffer still;
    private final DeviceBuffer stepSizes;
    private final DeviceBuffer ahead;

    EuclideanSet(DeviceMemory memory, Plan network, Ball ball, NoiseKey key, int capacity) {
        this.backend = network.backend();
        this.ball = ball;
        this.key = key;
        this.inputs = network.inputs();
        this.images = memory.allocate((long) capacity * inputs);
        this.widths = memory.allocate(capacity);
        this.centres = memory.allocate((long) capacity * inputs);
        this.rowRadii = memory.allocate(capacity);
        this.directions = memory.allocate((long) capacity * inputs);
        this.distances = memory.allocate(capacity);
        this.still = memory.allocate(capacity);
        this.stepSizes = memory.allocate(capacity);
        this.ahead = memory.allocate((long) capacity * inputs);
        backend.fill(still, 0f);
    }

    @Override
    public void load(float[] batchImages) {
        radii = new float[batchImages.length / inputs];
        for (int n = 0; n < radii.length; ++n) {
            radii[n] = radius(Arrays.copyOfRange(batchImages, n * inputs, (n + 1) * inputs));
        }
        backend.write(batchImages, images);
        backend.write(radii, widths);
    }

    /** The largest float with room for what {@link BallSteps#step} may exceed it by, and for the rounding of a distance. */
    private float radius(float[] image) {
        double excess = 0x1p-50 * Math.ceil(Math.sqrt(inputs)) + 0x1p-28 * ball.epsilon().lower();
        return Directed.down(Math.min(Float.MAX_VALUE, Math.max(0, ball.euclideanRoom(image) - excess)));
    }

    @Override
    public void choose(DeviceBuffer chosen, int rows) {
        backend.indexing().gather(images, chosen, rows, inputs, centres);
        backend.indexing().gather(widths, chosen, rows, 1, rowRadii);
    }

    @Override
    public DeviceBuffer centres() {
        return centres;
    }

    /** {@code [rows]}, of the chosen rows. */
    DeviceBuffer radii() {
        return rowRadii;
    }

    @Override
    public void start(Starting rows, DeviceBuffer x) {
        choose(rows.chosen(), rows.rows());
        backend.fill(x, 0f);
        backend.noise().addNoise(x, rows.indices(), rows.restarts(), rows.rows(), inputs, 1f, key, directions);
        float[] away = new float[rows.rows()];
        for (int n = 0; n < away.length; ++n) {
            // Elements up to the padded length are directions'.
            float u = Philox.uniform(key, rows.images()[n], rows.samples()[n], Philox.paddedLength(inputs));
            away[n] = (float) (radii[rows.positions()[n]] * Math.pow(u, 1.0 / inputs));
        }
        backend.write(away, distances);
        backend.copy(centres, (long) rows.rows() * inputs, x);
        backend.ballSteps().step(x, directions, centres, rowRadii, distances, rows.rows(), inputs);
    }

    @Override
    public void setStep(float length) {
        backend.fill(stepSizes, length);
    }

    @Override
    public void step(DeviceBuffer x, DeviceBuffer gradients, int rows) {
        backend.ballSteps().step(x, gradients, centres, rowRadii, stepSizes, rows, inputs);
    }

    @Override
    public void momentumStep(DeviceBuffer x, DeviceBuffer previous, DeviceBuffer gradients, DeviceBuffer lengths, float momentum,
                             int rows) {
        backend.copy(x, (long) rows * inputs, ahead);
        backend.ballSteps().step(ahead, gradients, centres, rowRadii, lengths, rows, inputs);
        backend.ascentSteps().momentum(ahead, x, previous, momentum, (long) rows * inputs);
        project(x, rows);
    }

    @Override
    public void project(DeviceBuffer x, int rows) {
        backend.ballSteps().step(x, centres, centres, rowRadii, still, rows, inputs);
    }
}
