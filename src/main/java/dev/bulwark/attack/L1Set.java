package dev.bulwark.attack;

import dev.bulwark.data.Ball;
import dev.bulwark.device.Backend;
import dev.bulwark.device.DeviceBuffer;
import dev.bulwark.device.DeviceMemory;
import dev.bulwark.device.Directed;
import dev.bulwark.device.NoiseKey;
import dev.bulwark.plan.Plan;
import java.util.Arrays;

/**
 * l1 balls cut to [0, 1] (Croce and Hein 2021, "Mind the box"). Random points are the image plus normal noise, projected onto the
 * set. Steps go along the largest elements of the gradient, whose share is set beside the lengths, and have no momentum.
 */
final class L1Set implements FeasibleSet {

    private final Backend backend;
    private final Ball ball;
    private final NoiseKey key;
    private final int inputs;
    /** Images and their balls' radii, of the whole batch. */
    private final DeviceBuffer images;
    private final DeviceBuffer widths;
    /** Of the chosen rows. */
    private final DeviceBuffer centres;
    private final DeviceBuffer rowRadii;
    private final DeviceBuffer fractions;
    private float[] radii = {};

    L1Set(DeviceMemory memory, Plan network, Ball ball, NoiseKey key, int capacity) {
        this.backend = network.backend();
        this.ball = ball;
        this.key = key;
        this.inputs = network.inputs();
        this.images = memory.allocate((long) capacity * inputs);
        this.widths = memory.allocate(capacity);
        this.centres = memory.allocate((long) capacity * inputs);
        this.rowRadii = memory.allocate(capacity);
        this.fractions = memory.allocate(capacity);
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

    /** The largest float with room for what a projection may exceed it by, and for the rounding of a distance. */
    private float radius(float[] image) {
        double excess = 0x1p-49 * inputs + 0x1p-28 * ball.epsilon().lower();
        return Directed.down(Math.min(Float.MAX_VALUE, Math.max(0, ball.l1Room(image) - excess)));
    }

    /** Makes the balls of the whole batch so many times as wide, from the next {@link #choose} on. */
    void widen(float factor) {
        float[] wide = new float[radii.length];
        for (int n = 0; n < wide.length; ++n) {
            wide[n] = factor * radii[n];
        }
        backend.write(wide, widths);
    }

    @Override
    public void choose(DeviceBuffer wanted, int rows) {
        backend.indexing().gather(images, wanted, rows, inputs, centres);
        backend.indexing().gather(widths, wanted, rows, 1, rowRadii);
    }

    @Override
    public DeviceBuffer centres() {
        return centres;
    }

    /** {@code [rows]}, of the chosen rows: which share of the elements a step may take. */
    DeviceBuffer fractions() {
        return fractions;
    }

    /** {@code [rows]}, of the chosen rows. */
    DeviceBuffer radii() {
        return rowRadii;
    }

    @Override
    public void start(Starting rows, DeviceBuffer x) {
        choose(rows.chosen(), rows.rows());
        backend.noise().addNoise(centres, rows.indices(), rows.restarts(), rows.rows(), inputs, 1f, key, x);
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
        backend.ballSteps().projectL1(x, centres, rowRadii, rows, inputs);
    }
}
