package dev.bulwark.attack;

import dev.bulwark.device.Backend;
import dev.bulwark.device.DeviceBuffer;
import dev.bulwark.device.DeviceMemory;
import dev.bulwark.device.NoiseKey;
import dev.bulwark.plan.Plan;

/** l-infinity balls: boxes, with signed steps that are cut to them (Madry et al. 2018). */
final class BoxSet implements FeasibleSet {

    private final Backend backend;
    private final PgdSettings settings;
    private final NoiseKey key;
    private final int inputs;
    /** Of the whole batch. */
    private final DeviceBuffer lowest;
    private final DeviceBuffer highest;
    /** Of the rows that were started. */
    private final DeviceBuffer lower;
    private final DeviceBuffer upper;

    BoxSet(DeviceMemory memory, Plan network, PgdSettings settings, int capacity) {
        this.backend = network.backend();
        this.settings = settings;
        this.key = settings.key();
        this.inputs = network.inputs();
        this.lowest = memory.allocate((long) capacity * inputs);
        this.highest = memory.allocate((long) capacity * inputs);
        this.lower = memory.allocate((long) capacity * inputs);
        this.upper = memory.allocate((long) capacity * inputs);
    }

    @Override
    public void load(float[] images) {
        InwardBox box = InwardBox.around(images, settings.ball());
        backend.write(box.lower(), lowest);
        backend.write(box.upper(), highest);
    }

    @Override
    public void start(Starting rows, DeviceBuffer x) {
        backend.indexing().gather(lowest, rows.chosen(), rows.rows(), inputs, lower);
        backend.indexing().gather(highest, rows.chosen(), rows.rows(), inputs, upper);
        backend.noise().uniformInBox(lower, upper, rows.indices(), rows.restarts(), rows.rows(), inputs, key, x);
    }

    @Override
    public void step(DeviceBuffer x, DeviceBuffer gradients, int rows) {
        backend.elementwise().signedStep(x, gradients, (long) rows * inputs, (float) settings.stepSize(), lower, upper);
    }
}
