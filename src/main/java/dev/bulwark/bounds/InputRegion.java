package dev.bulwark.bounds;

import dev.bulwark.data.Ball;
import dev.bulwark.data.Norm;
import dev.bulwark.device.Backend;
import dev.bulwark.device.DeviceBuffer;
import dev.bulwark.device.DeviceMemory;
import dev.bulwark.device.Directed;
import dev.bulwark.device.InputBall;
import dev.bulwark.plan.DeviceBox;
import dev.bulwark.plan.Plan;
import java.util.List;
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
     * @param images   {@code [N,D]} until the last use of the region
     * @param balls    one for each image, of one norm and one kind of centre
     * @param epsilons room for N elements, which the region fills when it is entered
     */
    static InputRegion balls(Backend backend, DeviceBuffer images, List<Ball> balls, DeviceBuffer epsilons) {
        Ball any = balls.get(0);
        for (Ball ball : balls) {
            if (ball.norm() != any.norm() || ball.centre() != any.centre()) {
                throw new IllegalArgumentException("balls of a batch are of one norm and centre: " + any + " and " + ball);
            }
        }
        return boxes -> {
            enterBoxes(backend, images, balls, boxes);
            if (any.norm() == Norm.INF) {
                return Optional.empty();
            }
            float[] most = new float[balls.size()];
            for (int n = 0; n < most.length; ++n) {
                most[n] = Directed.up(balls.get(n).epsilon().upper());
            }
            backend.write(most, epsilons);
            return Optional.of(new InputBall(images, boxes.lower(), boxes.upper(), any.centreError(), epsilons,
                    any.norm() == Norm.TWO ? InputBall.Dual.EUCLIDEAN : InputBall.Dual.LARGEST));
        };
    }

    /** The boxes around the balls: neighbours of one radius together. */
    private static void enterBoxes(Backend backend, DeviceBuffer images, List<Ball> balls, DeviceBox boxes) {
        long size = images.length() / balls.size();
        int from = 0;
        for (int to = 1; to <= balls.size(); ++to) {
            Ball ball = balls.get(from);
            if (to == balls.size() || !balls.get(to).epsilon().equals(ball.epsilon())) {
                long start = from * size;
                long length = (to - from) * size;
                backend.outwardIntervals().box(images.slice(start, length), length, ball.centreError(), ball.epsilon().upper(),
                        boxes.lower().slice(start, length), boxes.upper().slice(start, length));
                from = to;
            }
        }
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
                return balls(plan.backend(), memory.holding(of.centre()), List.of(of.ball()), memory.allocate(1));
            }
        });
    }
}
