package dev.bulwark.training;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;

import dev.bulwark.device.Backend;
import dev.bulwark.device.DeviceBuffer;
import dev.bulwark.device.DeviceMemory;
import dev.bulwark.device.HostArrays;
import dev.bulwark.model.Graph;
import dev.bulwark.model.Op;
import dev.bulwark.model.Tensor;
import dev.bulwark.plan.Plan;
import dev.bulwark.shapes.Shape;
import java.util.List;
import org.junit.jupiter.api.Test;

/**
 * Where the attack goes in a linear classifier of two classes: of z0 - z1 = 2 x0 - 3 x1 + 0 x2, class 0's loss rises as x0 falls
 * and x1 grows, whatever x is, and x2 counts for nothing.
 */
abstract class TrainingAttackContract {

    private static final float[] WEIGHT = {1, -1, 0.5f, -1, 2, 0.5f};
    private static final float ROUNDING = 1e-6f;

    abstract Backend open();

    @Test
    void givenPoints_whenAttacked_thenTheyGoToTheCornerOfTheBoxAndNoFurther() {
        assertArrayEquals(new float[] {0.3f, 0.7f, 0.5f, 0.7f, 0.3f, 0.5f},
                attack(Adversary.points(4), 0.2, 0.5f, 0.5f, 0.5f, 0.5f, 0.5f, 0.5f), ROUNDING);
    }

    /** A step of a quarter of 0.2. */
    @Test
    void givenOneStep_whenAttacked_thenItHasItsLength() {
        assertArrayEquals(new float[] {0.45f, 0.55f, 0.5f, 0.55f, 0.45f, 0.5f},
                attack(new Adversary(Adversary.Use.POINTS, 1, 0.25, 1), 0.2, 0.5f, 0.5f, 0.5f, 0.5f, 0.5f, 0.5f), ROUNDING);
    }

    /** 0.05 and 0.95 are nearer to the ends of [0, 1] than the radius is. */
    @Test
    void givenAnEndOfTheRange_whenAttacked_thenNothingLeavesIt() {
        assertArrayEquals(new float[] {0, 1, 0.5f, 1, 0, 0.5f},
                attack(Adversary.points(8), 0.2, 0.05f, 0.95f, 0.5f, 0.95f, 0.05f, 0.5f), ROUNDING);
    }

    /** Boxes of a quarter of 0.2 lie within the whole one if their centres keep to three quarters. */
    @Test
    void givenSmallBoxes_whenAttacked_thenTheirCentresLeaveThemRoom() {
        assertArrayEquals(new float[] {0.35f, 0.65f, 0.5f, 0.65f, 0.35f, 0.5f},
                attack(Adversary.smallBoxes(4, 0.25), 0.2, 0.5f, 0.5f, 0.5f, 0.5f, 0.5f, 0.5f), ROUNDING);
    }

    /** @return where two images, of labels 0 and 1, go */
    private float[] attack(Adversary adversary, double epsilon, float... images) {
        Graph graph = Graph.sequence(Shape.of(3), List.of(new Op.Dense(Tensor.of(Shape.of(2, 3), WEIGHT),
                Tensor.of(Shape.of(2), 0.25f, -0.5f))));
        try (Backend backend = open(); DeviceMemory memory = new DeviceMemory(backend)) {
            Plan plan = memory.owning(Plan.load(backend, graph));
            StepScalars scalars = new StepScalars(memory, plan, adversary, 1);
            scalars.load(List.of(new Schedule.Step(2, 1, new Progress.Settings(epsilon, 0.5, 0), 0,
                    new Schedule.Step.Moments(1, 1))));
            TrainingAttack attack = new TrainingAttack(memory, plan, 3, adversary, scalars);
            DeviceBuffer first = memory.holding(new int[] {0});
            DeviceBuffer pixels = memory.holding(images);
            DeviceBuffer labels = memory.holding(new int[] {0, 1});
            Backend.Replay replay = memory.record(() -> {
                backend.indexing().copyRows(first, 0, scalars.current());
                attack.run(pixels, labels, 2);
            });
            replay.run();
            replay.run();
            assertArrayEquals(images, HostArrays.read(backend, pixels));
            return HostArrays.read(backend, attack.points().slice(0, images.length));
        }
    }
}
