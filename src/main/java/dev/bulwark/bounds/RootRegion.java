package dev.bulwark.bounds;

import dev.bulwark.data.Ball;
import dev.bulwark.data.Norm;
import dev.bulwark.device.Backend;
import dev.bulwark.device.DeviceBuffer;
import dev.bulwark.device.DeviceMemory;
import dev.bulwark.plan.DeviceBox;
import dev.bulwark.plan.Plan;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Optional;

/** The region of one input that domains are parts of. */
final class RootRegion {

    private final Backend backend;
    private final Region region;
    private final Box box;
    /** Where it is more than its box says. */
    private final Optional<Region.BallRegion> ball;
    private final DeviceBuffer centres;
    private final DeviceBuffer epsilons;

    /**
     * @param memory   owns what it needs; the caller closes it
     * @param capacity domains of a batch
     * @throws IllegalArgumentException if the region is none of the plan's inputs
     */
    RootRegion(DeviceMemory memory, Plan plan, Region region, int capacity) {
        this.backend = plan.backend();
        this.region = region;
        int inputs = plan.inputs();
        boolean curved = region instanceof Region.BallRegion of && of.ball().norm() != Norm.INF;
        this.ball = curved ? Optional.of((Region.BallRegion) region) : Optional.empty();
        this.centres = memory.allocate(curved ? (long) capacity * inputs : 1);
        this.epsilons = memory.allocate(capacity);
        try (DeviceMemory scratch = new DeviceMemory(backend)) {
            DeviceBox whole = new DeviceBox(scratch.allocate(inputs), scratch.allocate(inputs));
            InputRegion.of(region, plan, scratch).enter(whole);
            float[] lower = new float[inputs];
            float[] upper = new float[inputs];
            backend.read(whole.lower(), lower);
            backend.read(whole.upper(), upper);
            this.box = new Box(lower, upper);
        }
        ball.ifPresent(of -> {
            float[] all = new float[capacity * inputs];
            for (int n = 0; n < capacity; ++n) {
                System.arraycopy(of.centre(), 0, all, n * inputs, inputs);
            }
            backend.write(all, centres);
        });
    }

    /** The smallest box around it. */
    Box box() {
        return box;
    }

    /** How many inputs may change. */
    int free() {
        int free = 0;
        for (int i = 0; i < box.size(); ++i) {
            free += box.lower(i) < box.upper(i) ? 1 : 0;
        }
        return free;
    }

    /** Whether it is all of its box, so that parts of the box are parts of the region. */
    boolean isBox() {
        return ball.isEmpty();
    }

    /** The point of the region next to one of its box, in floats; empty where it is not known to lie in the region. */
    Optional<float[]> inside(float[] point) {
        return region.accept(new Region.Visitor<>() {
            @Override
            public Optional<float[]> box(Box of) {
                return Optional.of(between(of.lower(), point, of.upper()));
            }

            @Override
            public Optional<float[]> ball(Region.BallRegion of) {
                Ball around = of.ball();
                float[] centre = of.centre();
                Optional<float[]> inBox = of.holdsCentre()
                        ? Optional.of(between(around.least(centre), point, around.greatest(centre))) : Optional.empty();
                return switch (around.norm()) {
                    case INF -> inBox;
                    case TWO -> inBox.filter(p -> around.euclideanDistance(centre, p) <= around.epsilon().lower());
                    case ONE -> Optional.empty();
                };
            }
        });
    }

    private static float[] between(float[] lower, float[] point, float[] upper) {
        float[] inside = new float[point.length];
        for (int i = 0; i < inside.length; ++i) {
            inside[i] = Math.max(lower[i], Math.min(upper[i], point[i]));
        }
        return inside;
    }

    /** The parts of it that lie in these boxes, one for each. */
    InputRegion of(List<Box> parts) {
        if (ball.isPresent()) { // no part is less than all of it
            List<Ball> balls = Collections.nCopies(parts.size(), ball.get().ball());
            return InputRegion.balls(backend, centres.slice(0, (long) parts.size() * box.size()), balls, epsilons);
        }
        return boxes -> {
            float[] lower = new float[parts.size() * box.size()];
            float[] upper = new float[lower.length];
            for (int n = 0; n < parts.size(); ++n) {
                System.arraycopy(parts.get(n).lower(), 0, lower, n * box.size(), box.size());
                System.arraycopy(parts.get(n).upper(), 0, upper, n * box.size(), box.size());
            }
            backend.write(lower, boxes.lower());
            backend.write(upper, boxes.upper());
            return Optional.empty();
        };
    }
}
