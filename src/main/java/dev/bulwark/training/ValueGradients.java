package dev.bulwark.training;

import dev.bulwark.device.Backend;
import dev.bulwark.device.BoxRows;
import dev.bulwark.device.DeviceBuffer;
import dev.bulwark.device.DeviceMemory;
import dev.bulwark.plan.Plan;
import dev.bulwark.plan.Slots;
import dev.bulwark.plan.Step;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Consumer;

/**
 * The gradients with respect to a plan's values, on the way back: what the readers of a value give it adds up, the first to
 * come overwriting what was there. Values without a parameter behind them, such as the input, are given none.
 */
final class ValueGradients {

    private final Backend backend;
    private final Plan plan;
    private final Slots slots;
    private final List<DeviceBuffer> buffers = new ArrayList<>();
    private final Signal output;
    private final boolean[] learned;
    private final boolean[] begun;

    /**
     * @param points most points in a batch
     * @param radii  columns of the output's radii
     */
    ValueGradients(DeviceMemory memory, Plan plan, int points, int radii) {
        this.backend = plan.backend();
        this.plan = plan;
        this.slots = Slots.backward(plan, plan.values() - 1, value -> false);
        for (int slot = 0; slot < slots.count(); ++slot) {
            buffers.add(Signal.allocate(memory, points, slots.size(slot), slots.size(slot)).values());
        }
        int last = plan.values() - 1;
        this.output = radii == plan.classes() ? in(slots.of(last), radii)
                : Signal.allocate(memory, points, plan.classes(), radii);
        this.begun = new boolean[plan.values()];
        this.learned = new boolean[plan.values()];
        for (Step step : plan.steps()) {
            learned[step.to()] = step instanceof Step.Linear || Arrays.stream(step.reads()).anyMatch(read -> learned[read]);
        }
    }

    private Signal in(int slot, int columns) {
        return new Signal(buffers.get(slot), columns, columns);
    }

    /** Forgets what earlier steps of training gave. */
    void begin() {
        Arrays.fill(begun, false);
    }

    /** What value {@code value} has been given; of the output, to be filled before anything else. */
    Signal of(int value) {
        return value == plan.values() - 1 ? output : in(slots.of(value), plan.size(value));
    }

    /**
     * Gives {@code value} a part.
     *
     * @param step  the number of the step whose part it is
     * @param maker overwrites what it is given with the part
     */
    void give(int step, int value, StepRows rows, Consumer<BoxRows> maker) {
        if (!learned[value]) {
            return;
        }
        if (!begun[value]) {
            begun[value] = true;
            maker.accept(of(value).rows(rows));
        } else {
            Signal part = in(slots.scratch(step), plan.size(value));
            maker.accept(part.rows(rows));
            add(part, value, rows);
        }
    }

    /** Gives {@code value} what {@code from} has, which is not asked for any more. */
    void pass(int from, int value, StepRows rows) {
        if (!learned[value]) {
            return;
        }
        Signal part = of(from);
        Signal target = of(value);
        if (begun[value]) {
            add(part, value, rows);
        } else if (part.values() != target.values()) {
            backend.copy(part.all(rows), part.elements(rows), target.all(rows));
        }
        begun[value] = true;
    }

    private void add(Signal part, int value, StepRows rows) {
        DeviceBuffer sum = of(value).all(rows);
        backend.elementwise().add(sum, part.all(rows), part.elements(rows), sum);
    }
}
