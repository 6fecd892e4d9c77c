package dev.bulwark.attack;

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
    private final PgdSettings settings;
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
    private final DeviceBuffer stepSizes;

    EuclideanSet(DeviceMemory memory, Plan network, PgdSettings settings, int capacity) {
        this.backend = network.backend();
        this.settings = settings;
        this.key = settings.key();
        this.inputs = network.inputs();
        this.images = memory.allocate((long) capacity * inputs);
        this.widths = memory.allocate(capacity);
        this.centres = memory.allocate((long) capacity * inputs);
        this.rowRadii = memory.allocate(capacity);
        this.directions = memory.allocate((long) capacity * inputs);
        this.distances = memory.allocate(capacity);
        this.stepSizes = memory.allocate(capacity);
        backend.fill(stepSizes, (float) settings.stepSize());
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
        double excess = 0x1p-50 * Math.ceil(Math.sqrt(inputs)) + 0x1p-28 * settings.ball().epsilon().lower();
        return Directed.down(Math.min(Float.MAX_VALUE, Math.max(0, settings.ball().euclideanRoom(image) - excess)));
    }

    @Override
    public void start(Starting rows, DeviceBuffer x) {
        backend.indexing().gather(images, rows.chosen(), rows.rows(), inputs, centres);
        backend.indexing().gather(widths, rows.chosen(), rows.rows(), 1, rowRadii);
        backend.fill(x, 0f);
        backend.noise().addNoise(x, rows.indices(), rows.restarts(), rows.rows(), inputs, 1f, key, directions);
        float[] away = new float[rows.rows()];
        for (int n = 0; n < away.length; ++n) {
            // Elements up to the padded length are directions'.
            float u = Philox.uniform(key, rows.images()[n], rows.restart(), Philox.paddedLength(inputs));
            away[n] = (float) (radii[rows.positions()[n]] * Math.pow(u, 1.0 / inputs));
        }
        backend.write(away, distances);
        backend.copy(centres, (long) rows.rows() * inputs, x);
        backend.ballSteps().step(x, directions, centres, rowRadii, distances, rows.rows(), inputs);
    }

    @Override
    public void step(DeviceBuffer x, DeviceBuffer gradients, int rows) {
        backend.ballSteps().step(x, gradients, centres, rowRadii, stepSizes, rows, inputs);
    }
}
