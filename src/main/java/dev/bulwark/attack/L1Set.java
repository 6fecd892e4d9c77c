package dev.bulwark.attack;

import dev.bulwark.data.Ball;
import dev.bulwark.device.Backend;
import dev.bulwark.device.DeviceBuffer;
import dev.bulwark.device.DeviceMemory;
import dev.bulwark.device.NoiseKey;
import dev.bulwark.plan.Plan;

/**
 * l1 balls cut to [0, 1] (Croce and Hein 2021, "Mind the box"). Random points are the image plus normal noise, projected onto the
 * set. Steps go along the largest elements of the gradient, whose share is set beside the lengths, and have no momentum.
 */
final class L1Set implements FeasibleSet {

    private final Backend backend;
    private final NoiseKey key;
    private final int inputs;
    private final BatchBalls balls;
    private final DeviceBuffer fractions;

    L1Set(DeviceMemory memory, Plan network, Ball ball, NoiseKey key, int capacity) {
        this.backend = network.backend();
        this.key = key;
        this.inputs = network.inputs();
        this.balls = new BatchBalls(memory, network, image -> ball.l1Room(image) - 0x1p-49 * inputs
                - 0x1p-28 * ball.epsilon().lower(), capacity); // for what a projection may exceed it by, and a distance's rounding
        this.fractions = memory.allocate(capacity);
    }

    @Override
    public void load(float[] batchImages) {
        balls.load(batchImages);
    }

    /** Multiplies the radii of the whole batch by a factor, from the next {@link #choose} on. */
    void widen(float factor) {
        balls.widen(factor);
    }

    @Override
    public void choose(DeviceBuffer wanted, int rows) {
        balls.choose(wanted, rows);
    }

    @Override
    public DeviceBuffer centres() {
        return balls.centres();
    }

    /** {@code [rows]}, of the chosen rows: which share of the elements a step may take. */
    DeviceBuffer fractions() {
        return fractions;
    }

    /** {@code [rows]}, of the chosen rows. */
    DeviceBuffer radii() {
        return balls.radii();
    }

    @Override
    public void start(Starting rows, DeviceBuffer x) {
        choose(rows.chosen(), rows.rows());
        backend.noise().addNoise(balls.centres(), rows.indices(), rows.restarts(), rows.rows(), inputs, 1f, key, x);
        project(x, rows.rows());
    }

    @Override
    public void setStep(float length) {
        throw new IllegalStateException("in l1 balls every row has a step of its own");
    }

    @Override
    public void step(DeviceBuffer x, DeviceBuffer gradients, int rows) {
        throw new IllegalStateException("in l1 balls every row has a step of its own");
    }

    @Override
    public void momentumStep(DeviceBuffer x, DeviceBuffer previous, DeviceBuffer gradients, DeviceBuffer lengths, float momentum,
                             int rows) {
        backend.ascentSteps().sparseStep(x, gradients, fractions, lengths, rows, inputs);
        project(x, rows);
    }

    @Override
    public void project(DeviceBuffer x, int rows) {
        backend.ballSteps().projectL1(x, balls.centres(), balls.radii(), rows, inputs);
    }
}
