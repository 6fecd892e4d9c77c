package dev.bulwark.plan;

import dev.bulwark.device.Backend;
import dev.bulwark.device.DeviceBuffer;
import dev.bulwark.device.DeviceMemory;
import java.util.ArrayList;
import java.util.List;
import java.util.function.IntPredicate;

/** Logits of a batch in float, rounded to nearest: empirical, never a bound. */
public final class Logits {

    private final Backend backend;
    private final Plan plan;
    private final Slots slots;
    private final List<DeviceBuffer> buffers = new ArrayList<>();

    /**
     * @param memory   owns the buffers; the caller closes it
     * @param plan     must outlive this object
     * @param capacity images that a batch may hold
     */
    public Logits(DeviceMemory memory, Plan plan, int capacity) {
        this(memory, plan, capacity, value -> false);
    }

    /** @param kept values that must stay after the last step: see {@link #kept} */
    Logits(DeviceMemory memory, Plan plan, int capacity, IntPredicate kept) {
        this.backend = plan.backend();
        this.plan = plan;
        this.slots = Slots.forward(plan, kept);
        for (int slot = 0; slot < slots.count(); ++slot) {
            buffers.add(memory.allocate((long) capacity * slots.size(slot)));
        }
    }

    /** Logits {@code [rows,C]} of x {@code [rows,D]}, good until the next call. */
    public DeviceBuffer of(DeviceBuffer x, int rows) {
        List<Step> steps = plan.steps();
        for (int k = 0; k < steps.size(); ++k) {
            if (followedInPlace(k)) {
                Step.Linear linear = (Step.Linear) steps.get(k);
                linear.operator().apply(value(linear.from(), x), rows, true, value(linear.to(), x));
                ++k;
            } else {
                steps.get(k).accept(new Forward(x, rows));
            }
        }
        return value(plan.values() - 1, x);
    }

    /** A value of the last call that had to be kept, {@code [rows,size]}; not the input, which is the caller's. */
    DeviceBuffer kept(int value) {
        return buffers.get(slots.of(value));
    }

    /** Whether a step is linear and the next one its ReLU, in place: a device does both in one go. */
    private boolean followedInPlace(int k) {
        List<Step> steps = plan.steps();
        return k + 1 < steps.size() && steps.get(k) instanceof Step.Linear linear
                && steps.get(k + 1) instanceof Step.Relu relu && relu.from() == linear.to()
                && slots.of(relu.to()) == slots.of(linear.to());
    }

    private DeviceBuffer value(int number, DeviceBuffer x) {
        return number == 0 ? x : buffers.get(slots.of(number));
    }

    /** One step. */
    private final class Forward implements Step.Visitor<Void> {

        private final DeviceBuffer x;
        private final int rows;

        Forward(DeviceBuffer x, int rows) {
            this.x = x;
            this.rows = rows;
        }

        @Override
        public Void linear(Step.Linear step) {
            step.operator().apply(value(step.from(), x), rows, false, value(step.to(), x));
            return null;
        }

        @Override
        public Void relu(Step.Relu step) {
            long length = (long) rows * plan.size(step.to());
            DeviceBuffer from = value(step.from(), x);
            DeviceBuffer to = value(step.to(), x);
            if (step.from() != 0 && slots.of(step.from()) == slots.of(step.to())) {
                backend.elementwise().relu(to, length);
            } else {
                backend.elementwise().relu(from, length, to);
            }
            return null;
        }

        @Override
        public Void sum(Step.Sum step) {
            backend.elementwise().add(value(step.first(), x), value(step.second(), x), (long) rows * plan.size(step.to()),
                    value(step.to(), x));
            return null;
        }

        @Override
        public Void activation(Step.Activation step) {
            backend.activations().apply(step.function(), value(step.from(), x), (long) rows * plan.size(step.to()),
                    value(step.to(), x));
            return null;
        }

        @Override
        public Void maxPool(Step.MaxPool step) {
            backend.maxPooling().apply(value(step.from(), x), rows, step.pooling(), value(step.to(), x));
            return null;
        }
    }
}
