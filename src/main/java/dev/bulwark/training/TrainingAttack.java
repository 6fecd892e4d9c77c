package dev.bulwark.training;

import dev.bulwark.device.Backend;
import dev.bulwark.device.DeviceBuffer;
import dev.bulwark.device.DeviceMemory;
import dev.bulwark.device.InputGradients;
import dev.bulwark.plan.Plan;

/**
 * {@link Adversary}'s attack on a batch, with the network's parameters as they are now. It moves in the box around each image cut
 * to [0, 1], and where an end of [0, 1] is near, its steps are shorter as the box is.
 */
final class TrainingAttack {

    private final Backend backend;
    private final Adversary adversary;
    private final StepScalars scalars;
    private final int inputs;
    private final int classes;
    private final InputGradients network;
    private final DeviceBuffer points;
    private final DeviceBuffer gradients;
    private final DeviceBuffer lower;
    private final DeviceBuffer upper;
    private final DeviceBuffer steps;
    private final DeviceBuffer ones;
    private final DeviceBuffer minusOnes;
    private final DeviceBuffer logits;
    private final DeviceBuffer losses;
    private final DeviceBuffer weight;

    /**
     * @param memory owns all buffers
     * @param plan   the network; must outlive this object
     * @param batch  most images in a batch
     */
    TrainingAttack(DeviceMemory memory, Plan plan, int batch, Adversary adversary, StepScalars scalars) {
        this.backend = plan.backend();
        this.adversary = adversary;
        this.scalars = scalars;
        this.inputs = plan.inputs();
        this.classes = plan.classes();
        this.network = memory.owning(plan.floatInputGradients(batch));
        long elements = (long) batch * inputs;
        this.points = memory.allocate(elements);
        this.gradients = memory.allocate(elements);
        this.lower = memory.allocate(elements);
        this.upper = memory.allocate(elements);
        this.steps = memory.allocate(elements);
        this.ones = memory.allocate(elements);
        this.minusOnes = memory.allocate(elements);
        backend.fill(ones, 1);
        backend.fill(minusOnes, -1);
        this.logits = memory.allocate((long) batch * classes);
        this.losses = memory.allocate(batch);
        this.weight = memory.holding(1f);
    }

    /**
     * Attacks {@code rows} images.
     *
     * @param images {@code [rows,inputs]}, left as they are
     * @param labels {@code int [rows]}
     * @return {@link #points}
     */
    DeviceBuffer run(DeviceBuffer images, DeviceBuffer labels, int rows) {
        long length = (long) rows * inputs;
        ends(images, length);
        backend.trainingIntervals().boxAround(images, length, scalars.attackStep(), points, steps);
        backend.copy(images, length, points);
        for (int step = 0; step < adversary.steps(); ++step) {
            network.forward(points, rows, logits);
            backend.losses().crossEntropy(logits, labels, rows, classes, weight, logits, losses);
            network.backward(logits, rows, gradients);
            backend.elementwise().addSigned(steps, gradients, length, points);
            backend.elementwise().signedStep(points, gradients, length, 0f, lower, upper);
        }
        return points;
    }

    /** {@code [batch,inputs]}: what {@link #run} found, until it runs again. */
    DeviceBuffer points() {
        return points;
    }

    /** The ends of the boxes in which the attack moves. */
    private void ends(DeviceBuffer images, long length) {
        backend.trainingIntervals().boxAround(images, length, scalars.attackReach(), lower, steps);
        backend.copy(lower, length, upper);
        backend.elementwise().addSigned(steps, ones, length, upper);
        backend.elementwise().addSigned(steps, minusOnes, length, lower);
    }
}
