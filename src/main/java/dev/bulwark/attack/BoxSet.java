package dev.bulwark.attack;

import dev.bulwark.data.Ball;
import dev.bulwark.device.Backend;
import dev.bulwark.device.DeviceBuffer;
import dev.bulwark.device.DeviceMemory;
import dev.bulwark.device.NoiseKey;
import dev.bulwark.plan.Plan;

/** l-infinity balls: boxes, with signed steps that are cut to them (Madry et al. 2018). */
final class BoxSet implements FeasibleSet {

    private final Backend backend;
    private final Ball ball;
    private final NoiseKey key;
    private final int inputs;
    private float stepSize;
    /** Of the whole batch. */
    private final DeviceBuffer lowest;
    private final DeviceBuffer highest;
    private final DeviceBuffer images;
    /** Of the rows that were started. */
    private final DeviceBuffer lower;
    private final DeviceBuffer upper;
    private final DeviceBuffer centres;

    BoxSet(DeviceMemory memory, Plan network, Ball ball, NoiseKey key, int capacity) {
        this.backend = network.backend();
        this.ball = ball;
        this.key = key;
        this.inputs = network.inputs();
        this.lowest = memory.allocate((long) capacity * inputs);
        this.highest = memory.allocate((long) capacity * inputs);
        this.lower = memory.allocate((long) capacity * inputs);
        this.upper = memory.allocate((long) capacity * inputs);
        this.images = memory.allocate((long) capacity * inputs);
        this.centres = memory.allocate((long) capacity * inputs);
    }

    @Override
    public void load(float[] batchImages) {
        InwardBox box = InwardBox.around(batchImages, ball);
        backend.write(batchImages, images);
        backend.write(box.lower(), lowest);
        backend.write(box.upper(), highest);
    }

    @Override
    public void choose(DeviceBuffer chosen, int rows) {
        backend.indexing().gather(images, chosen, rows, inputs, centres);
        backend.indexing().gather(lowest, chosen, rows, inputs, lower);
        backend.indexing().gather(highest, chosen, rows, inputs, upper);
    }

    @Override
    public DeviceBuffer centres() {
        return centres;
    }

    /** The boxes of the chosen rows, {@code [rows,D]}. */
    DeviceBuffer lower() {
        return lower;
    }

    DeviceBuffer upper() {
        return upper;
    }

    @Override
    public void start(Starting rows, DeviceBuffer x) {
        choose(rows.chosen(), rows.rows());
        backend.noise().uniformInBox(lower, upper, rows.indices(), rows.restarts(), rows.rows(), inputs, key, x);
    }

    @Override
    public void setStep(float length) {
        stepSize = length;
    }

    @Override
    public void step(DeviceBuffer x, DeviceBuffer gradients, int rows) {
        backend.elementwise().signedStep(x, gradients, (long) rows * inputs, stepSize, lower, upper);
    }

    @Override
    public void momentumStep(DeviceBuffer x, DeviceBuffer previous, DeviceBuffer gradients, DeviceBuffer lengths, float momentum,
                             int rows) {
        backend.ascentSteps().signedStep(x, previous, gradients, lengths, momentum, lower, upper, rows, inputs);
    }

    @Override
    public void project(DeviceBuffer x, int rows) {
        backend.elementwise().signedStep(x, centres, (long) rows * inputs, 0f, lower, upper);
    }
}
