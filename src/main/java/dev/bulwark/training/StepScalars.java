package dev.bulwark.training;

import dev.bulwark.device.Backend;
import dev.bulwark.device.DeviceBuffer;
import dev.bulwark.device.DeviceMemory;
import dev.bulwark.device.Indexing.RowCopy;
import dev.bulwark.plan.Plan;
import dev.bulwark.plan.Step;
import java.util.List;

/**
 * The numbers that change from step to step, in device memory where a recorded step reads them. A table of all steps of an
 * epoch is written once, and each step begins with a copy of its row: the host has nothing to write between steps.
 */
final class StepScalars {

    private static final int EPSILON = 0;
    private static final int NATURAL_WEIGHT = 1;
    private static final int WORST_CASE_WEIGHT = 2;
    private static final int REGULARISER_WEIGHT = 3;
    private static final int INPUT_MEAN = 4;
    private static final int ATTACK_REACH = 5;
    private static final int ATTACK_STEP = 6;
    private static final int STEP = 7;
    private static final int LOSSES = 10;
    private static final int COLUMNS = LOSSES + LossGradient.TERMS;

    private final Backend backend;
    private final int inputs;
    private final int hiddenLayers;
    private final Adversary adversary;
    private final DeviceBuffer table;
    private final DeviceBuffer now;

    /** @param plan the network in training */
    StepScalars(DeviceMemory memory, Plan plan, Adversary adversary, int stepsPerEpoch) {
        this(plan.backend(), memory, plan.inputs(),
                (int) plan.steps().stream().filter(Step.Relu.class::isInstance).count(), adversary, stepsPerEpoch);
    }

    /** @param hiddenLayers ReLUs in the network */
    StepScalars(Backend backend, DeviceMemory memory, int inputs, int hiddenLayers, Adversary adversary,
                int stepsPerEpoch) {
        this.backend = backend;
        this.inputs = inputs;
        this.hiddenLayers = Math.max(1, hiddenLayers);
        this.adversary = adversary;
        this.table = memory.allocate((long) stepsPerEpoch * COLUMNS);
        this.now = memory.allocate(COLUMNS);
    }

    /** Writes an epoch's table. */
    void load(List<Schedule.Step> steps) {
        float[] values = new float[Math.multiplyExact(steps.size(), COLUMNS)];
        for (int step = 0; step < steps.size(); ++step) {
            Schedule.Step row = steps.get(step);
            int at = step * COLUMNS;
            double epsilon = row.settings().epsilon();
            values[at + EPSILON] = (float) adversary.boxes(epsilon);
            values[at + ATTACK_REACH] = (float) adversary.reach(epsilon);
            values[at + ATTACK_STEP] = (float) (adversary.length() * adversary.reach(epsilon));
            values[at + NATURAL_WEIGHT] = (float) row.settings().kappa();
            values[at + WORST_CASE_WEIGHT] = (float) (1 - row.settings().kappa());
            values[at + REGULARISER_WEIGHT] = (float) (row.regulariser() / hiddenLayers);
            values[at + INPUT_MEAN] = (float) (1.0 / ((double) row.rows() * inputs));
            values[at + STEP] = (float) row.settings().learningRate();
            values[at + STEP + 1] = (float) row.moments().first();
            values[at + STEP + 2] = (float) row.moments().second();
        }
        backend.write(values, table);
    }

    /** What makes the loaded epoch's step of the copied row's number the current one. */
    RowCopy current() {
        return new RowCopy(table, COLUMNS, now, 0, COLUMNS);
    }

    /** Radius of the boxes. */
    DeviceBuffer epsilon() {
        return now.slice(EPSILON, 1);
    }

    /** Radius within which the attack moves. */
    DeviceBuffer attackReach() {
        return now.slice(ATTACK_REACH, 1);
    }

    /** Length of the attack's steps. */
    DeviceBuffer attackStep() {
        return now.slice(ATTACK_STEP, 1);
    }

    DeviceBuffer naturalWeight() {
        return now.slice(NATURAL_WEIGHT, 1);
    }

    DeviceBuffer worstCaseWeight() {
        return now.slice(WORST_CASE_WEIGHT, 1);
    }

    /** For each hidden layer: the regularisers are averaged over them. */
    DeviceBuffer regulariserWeight() {
        return now.slice(REGULARISER_WEIGHT, 1);
    }

    /** What turns a sum over the batch's input elements into their mean. */
    DeviceBuffer inputMean() {
        return now.slice(INPUT_MEAN, 1);
    }

    /** Where the step's losses add up: 0 when it begins. */
    DeviceBuffer losses() {
        return now.slice(LOSSES, LossGradient.TERMS);
    }

    /** {@code [learningRate, 1 - beta1^t, 1 - beta2^t]}, as the optimisers want it. */
    DeviceBuffer step() {
        return now.slice(STEP, 3);
    }
}
