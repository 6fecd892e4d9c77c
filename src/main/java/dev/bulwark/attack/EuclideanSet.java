package dev.bulwark.attack;

import dev.bulwark.data.Ball;
import dev.bulwark.device.Backend;
import dev.bulwark.device.BallSteps;
import dev.bulwark.device.DeviceBuffer;
import dev.bulwark.device.DeviceMemory;
import dev.bulwark.device.NoiseKey;
import dev.bulwark.device.Philox;
import dev.bulwark.plan.Plan;

/**
 * l2 balls cut to [0, 1]. Steps go along the gradient over its length, and back to the nearest point of the set. Random points are
 * uniform in the ball, a normal direction with a distance of u^(1/D) of the radius (Muller 1959), and then cut to [0, 1], by which
 * they come nearer to the image.
 */
final class EuclideanSet implements FeasibleSet {

    private final Backend backend;
    private final NoiseKey key;
    private final int inputs;
    private final BatchBalls balls;
    private final DeviceBuffer directions;
    private final DeviceBuffer distances;
    /** Steps of no length, and of the one that all rows have. */
    private final DeviceBuffer still;
    private final DeviceBuffer stepSizes;
    private final DeviceBuffer ahead;

    EuclideanSet(DeviceMemory memory, Plan network, Ball ball, NoiseKey key, int capacity) {
        this.backend = network.backend();
        this.key = key;
        this.inputs = network.inputs();
        this.balls = new BatchBalls(memory, network, image -> ball.euclideanRoom(image) - 0x1p-50 * Math.ceil(Math.sqrt(inputs))
                - 0x1p-28 * ball.epsilon().lower(), capacity); // for what a step may exceed it by, and a distance's rounding
        this.directions = memory.allocate((long) capacity * inputs);
        this.distances = memory.allocate(capacity);
        this.still = memory.allocate(capacity);
        this.stepSizes = memory.allocate(capacity);
        this.ahead = memory.allocate((long) capacity * inputs);
        backend.fill(still, 0f);
    }

    @Override
    public void load(float[] batchImages) {
        balls.load(batchImages);
    }

    @Override
    public void choose(DeviceBuffer chosen, int rows) {
        balls.choose(chosen, rows);
    }

    @Override
    public DeviceBuffer centres() {
        return balls.centres();
    }

    /** {@code [rows]}, of the chosen rows. */
    DeviceBuffer radii() {
        return balls.radii();
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
            away[n] = (float) (balls.radius(rows.positions()[n]) * Math.pow(u, 1.0 / inputs));
        }
        backend.write(away, distances);
        backend.copy(balls.centres(), (long) rows.rows() * inputs, x);
        backend.ballSteps().step(x, directions, balls.centres(), balls.radii(), distances, rows.rows(), inputs);
    }

    @Override
    public void setStep(float length) {
        backend.fill(stepSizes, length);
    }

    @Override
    public void step(DeviceBuffer x, DeviceBuffer gradients, int rows) {
        backend.ballSteps().step(x, gradients, balls.centres(), balls.radii(), stepSizes, rows, inputs);
    }

    @Override
    public void momentumStep(DeviceBuffer x, DeviceBuffer previous, DeviceBuffer gradients, DeviceBuffer lengths, float momentum,
                             int rows) {
        backend.copy(x, (long) rows * inputs, ahead);
        backend.ballSteps().step(ahead, gradients, balls.centres(), balls.radii(), lengths, rows, inputs);
        backend.ascentSteps().momentum(ahead, x, previous, momentum, (long) rows * inputs);
        project(x, rows);
    }

    @Override
    public void project(DeviceBuffer x, int rows) {
        backend.ballSteps().step(x, balls.centres(), balls.centres(), balls.radii(), still, rows, inputs);
    }
}
