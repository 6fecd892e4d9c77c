package dev.bulwark.plan;

import dev.bulwark.device.Backend;
import dev.bulwark.device.DeviceBuffer;
import dev.bulwark.device.DeviceMemory;
import dev.bulwark.device.InputGradients;
import dev.bulwark.device.NoisyClassifier.Precision;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Gradients of any plan with respect to its inputs, in float: the outputs of activations, and which elements maximum
 * poolings took, are kept on the way forward and say on the way back where gradients go. The gradient of a value that
 * several steps read is the sum of what they pass on.
 */
final class ChainRule implements InputGradients {

    private final Backend backend;
    private final Plan plan;
    private final Logits forward;
    private final Slots slots;
    private final List<DeviceBuffer> buffers = new ArrayList<>();
    /** Of maximum poolings, by the values that they make. */
    private final Map<Integer, DeviceBuffer> chosen = new HashMap<>();
    private final DeviceMemory memory;

    /** @param plan must outlive this object */
    ChainRule(Plan plan, int capacity) {
        this.backend = plan.backend();
        this.plan = plan;
        this.slots = Slots.backward(plan, plan.values() - 1, value -> false);
        boolean[] kept = new boolean[plan.values()];
        for (Step step : plan.steps()) {
            kept[step.to()] |= step instanceof Step.Relu || step instanceof Step.Activation;
            if (step instanceof Step.MaxPool pool) {
                kept[pool.from()] = true;
            }
        }
        try (DeviceMemory building = new DeviceMemory(backend)) {
            forward = new Logits(building, plan, capacity, value -> kept[value]);
            for (Step step : plan.steps()) {
                if (step instanceof Step.MaxPool) {
                    chosen.put(step.to(), building.allocate((long) capacity * plan.size(step.to())));
                }
            }
            for (int slot = 0; slot < slots.count(); ++slot) {
                buffers.add(building.allocate((long) capacity * slots.size(slot)));
            }
            memory = building.handOver();
        }
    }

    @Override
    public Precision precision() {
        return Precision.FLOAT32;
    }

    @Override
    public void forward(DeviceBuffer x, int rows, DeviceBuffer logits) {
        backend.copy(forward.of(x, rows), (long) rows * plan.classes(), logits);
        for (Step step : plan.steps()) {
            if (step instanceof Step.MaxPool pool) { // now, for x need not be kept
                DeviceBuffer from = pool.from() == 0 ? x : forward.kept(pool.from());
                backend.maxPooling().choose(from, rows, pool.pooling(), chosen.get(pool.to()));
            }
        }
    }

    @Override
    public void backward(DeviceBuffer logitGradients, int rows, DeviceBuffer gradients) {
        backend.copy(logitGradients, (long) rows * plan.classes(), gradient(plan.values() - 1));
        Backward backward = new Backward(rows);
        for (int k = plan.steps().size() - 1; k >= 0; --k) {
            backward.number = k;
            plan.steps().get(k).accept(backward);
        }
        backend.copy(gradient(0), (long) rows * plan.inputs(), gradients);
    }

    private DeviceBuffer gradient(int value) {
        return buffers.get(slots.of(value));
    }

    @Override
    public void close() {
        memory.close();
    }

    /** Passes gradients on, step by step, as {@link Slots#backward} lays them out. */
    private final class Backward implements Step.Visitor<Void> {

        private final int rows;
        /** Values that have a part of their gradient. */
        private final boolean[] begun = new boolean[plan.values()];
        /** Of the step. */
        private int number;

        Backward(int rows) {
            this.rows = rows;
        }

        @Override
        public Void linear(Step.Linear step) {
            DeviceBuffer target = partFor(step.from());
            step.operator().applyTransposed(gradient(step.to()), rows, target);
            passOn(target, step.from());
            return null;
        }

        @Override
        public Void relu(Step.Relu step) {
            DeviceBuffer own = gradient(step.to());
            backend.elementwise().reluGradient(forward.kept(step.to()), length(step.to()), own);
            passOn(own, step.from());
            return null;
        }

        @Override
        public Void activation(Step.Activation step) {
            DeviceBuffer own = gradient(step.to());
            backend.activations().gradient(step.function(), forward.kept(step.to()), length(step.to()), own);
            passOn(own, step.from());
            return null;
        }

        @Override
        public Void maxPool(Step.MaxPool step) {
            DeviceBuffer target = partFor(step.from());
            backend.maxPooling().applyTransposed(gradient(step.to()), chosen.get(step.to()), rows, step.pooling(), target);
            passOn(target, step.from());
            return null;
        }

        /** Where a step that doesn't work in place makes its part of a value's gradient. */
        private DeviceBuffer partFor(int value) {
            return begun[value] ? buffers.get(slots.scratch(number)) : gradient(value);
        }

        @Override
        public Void sum(Step.Sum step) {
            passOn(gradient(step.to()), step.second());
            passOn(gradient(step.to()), step.first());
            return null;
        }

        /** Adds a part to a value's gradient, or puts it there, unless it was made there. */
        private void passOn(DeviceBuffer part, int value) {
            DeviceBuffer target = gradient(value);
            if (begun[value]) {
                backend.elementwise().add(target, part, length(value), target);
            } else if (part != target) {
                backend.copy(part, length(value), target);
            }
            begun[value] = true;
        }

        private long length(int value) {
            return (long) rows * plan.size(value);
        }
    }
}
