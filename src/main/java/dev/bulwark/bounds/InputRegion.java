package dev.bulwark.bounds;

import dev.bulwark.data.Ball;
import dev.bulwark.data.Norm;
import dev.bulwark.device.Backend;
import dev.bulwark.device.DeviceBuffer;
import dev.bulwark.device.DeviceMemory;
import dev.bulwark.device.InputBall;
import dev.bulwark.plan.DeviceBox;
import dev.bulwark.plan.Plan;
import java.util.Optional;

/** Brings what a batch of inputs may become to a device. */
interface InputRegion {

    /**
     * Fills the inputs' boxes.
     *
     * @return the balls inside these boxes that the inputs may not leave either, where there are such
     */
    Optional<InputBall> enter(DeviceBox boxes);

    /** Any box. */
    static InputRegion box(Backend backend, Box box) {
        return boxes -> {
            backend.write(box.lower(), boxes.lower());
            backend.write(box.upper(), boxes.upper());
            return Optional.empty();
        };
    }

    /**
     * The ball around each image.
     *
     * @param images {@code [N,D]} of {@code length} elements in all, until the last use of the region
     */
    static InputRegion balls(Backend backend, DeviceBuffer images, long length, Ball ball) {
        return boxes -> {
            double epsilon = ball.epsilon().upper();
            backend.outwardIntervals().box(images, length, ball.centreError(), epsilon, boxes.lower(), boxes.upper());
            return ball.norm() == Norm.INF ? Optional.empty()
                    : Optional.of(new InputBall(images, boxes.lower(), boxes.upper(),
                    ball.centreError(), epsilon, ball.norm() == Norm.TWO ? InputBall.Dual.EUCLIDEAN
                    : InputBall.Dual.LARGEST));
        };
    }

    /**
     * A region of one input of a plan.
     *
     * @param memory owns what the region needs
     * @throws IllegalArgumentException if the region is none of the plan's inputs
     */
    static InputRegion of(Region region, Plan plan, DeviceMemory memory) {
        if (region.size() != plan.inputs()) {
            throw new IllegalArgumentException("a region of " + region.size() + " elements is none of a network of "
                    + plan.inputs() + " inputs");
        }
        return region.accept(new Region.Visitor<>() {
            @Override
            public InputRegion box(Box box) {
                plan.requireInputs(box.lower(), 1, -Float.MAX_VALUE, Float.MAX_VALUE);
                plan.requireInputs(box.upper(), 1, -Float.MAX_VALUE, Float.MAX_VALUE);
                return InputRegion.box(plan.backend(), box);
            }

            @Override
            public InputRegion ball(Region.BallRegion of) {
                return balls(plan.backend(), memory.holding(of.centre()), of.size(), of.ball());
            }
        });
    }
}
