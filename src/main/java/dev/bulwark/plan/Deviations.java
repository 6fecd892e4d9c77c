package dev.bulwark.plan;

import dev.bulwark.device.Activation;
import dev.bulwark.device.Backend;
import dev.bulwark.device.DeviceBuffer;
import dev.bulwark.device.DeviceMemory;
import dev.bulwark.device.Enclosure;
import dev.bulwark.device.LinearRelaxations;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.function.IntFunction;
import java.util.stream.IntStream;

/**
 * How far float32 evaluations of a plan's steps may be from what the steps make in real numbers of the same floats, over
 * boxes of these. Of an {@linkplain Arithmetic#REAL exact} plan nothing is.
 *
 * <p>A value is what an operation makes before subnormal numbers are flushed to 0: whoever reads it charges that. ReLUs, clips,
 * maxima and rearrangements only pass on what they read, or constants. Behind the last value there is no reader, so that a last
 * step of these kinds has a deviation for it.
 */
public final class Deviations {

    private static final float FLUSHED = 0x1p-126f;

    private final Backend backend;
    private final Plan plan;
    private final Map<Integer, Enclosure> linear = new HashMap<>();
    /** Of sums and leaky ReLUs. */
    private final Map<Integer, Allowance> allowances = new HashMap<>();
    private final DeviceBuffer sizes;
    private final DeviceBuffer others;
    private final DeviceBox box;

    /**
     * @param memory   owns what it needs; the caller closes it
     * @param capacity boxes that a batch may hold
     */
    public Deviations(DeviceMemory memory, Plan plan, int capacity) {
        this.backend = plan.backend();
        this.plan = plan;
        boolean any = plan.arithmetic() == Arithmetic.FLOAT32;
        long widest = any ? (long) capacity * IntStream.range(0, plan.values()).map(plan::size).max().orElseThrow() : 1;
        this.sizes = memory.allocate(widest);
        this.others = memory.allocate(widest);
        this.box = DeviceBox.allocate(memory, widest);
        if (any) {
            plan.steps().forEach(step -> step.accept(new Preparation(memory)));
        }
    }

    /**
     * {@code [-d, d]} for each element that a step makes; unknown where an evaluation may overflow. Empty where there is none.
     * Good until the next call.
     *
     * @param values boxes of what the step reads
     */
    public Optional<DeviceBox> of(Step step, IntFunction<DeviceBox> values, int rows) {
        boolean any = plan.arithmetic() == Arithmetic.FLOAT32 && step.accept(new Run(values, rows));
        return any ? Optional.of(box) : Optional.empty();
    }

    /** Prepares a step. */
    private final class Preparation implements Step.Visitor<Void> {

        private final DeviceMemory memory;

        Preparation(DeviceMemory memory) {
            this.memory = memory;
        }

        @Override
        public Void linear(Step.Linear step) {
            step.operator().deviations(memory).ifPresent(enclosure -> linear.put(step.to(), enclosure));
            return null;
        }

        @Override
        public Void sum(Step.Sum step) {
            allowances.put(step.to(), Allowance.ofSums(backend, memory, 1, plan.size(step.to())));
            return null;
        }

        @Override
        public Void activation(Step.Activation step) {
            step.function().accept(new Activation.Visitor<Void>() {
                @Override
                public Void leakyRelu(Activation.LeakyRelu function) {
                    double product = LinearRelaxations.productError(1) * function.slope();
                    allowances.put(step.to(), Allowance.of(backend, memory, 1, product, plan.size(step.to())));
                    return null;
                }

                @Override
                public Void clip(Activation.Clip function) {
                    return null;
                }

                @Override
                public Void sigmoid(Activation.Sigmoid function) {
                    throw notKnown(function);
                }

                @Override
                public Void tanh(Activation.Tanh function) {
                    throw notKnown(function);
                }
            });
            return null;
        }

        @Override
        public Void relu(Step.Relu step) {
            return null;
        }

        @Override
        public Void maxPool(Step.MaxPool step) {
            return null;
        }
    }

    private static IllegalArgumentException notKnown(Activation function) {
        return new IllegalArgumentException("how " + function.words() + " rounds depends on who computes it, so that nothing is "
                + "claimed of float32 evaluations: only the real-number network can be bounded");
    }

    /** Leaves a step's deviations in {@link #box} and says whether there are any. */
    private final class Run implements Step.Visitor<Boolean> {

        private final IntFunction<DeviceBox> values;
        private final int rows;

        Run(IntFunction<DeviceBox> values, int rows) {
            this.values = values;
            this.rows = rows;
        }

        @Override
        public Boolean linear(Step.Linear step) {
            Enclosure enclosure = linear.get(step.to());
            if (enclosure == null) {
                return passesOn(step);
            }
            measure(step.from(), sizes);
            enclosure.run(sizes, sizes, rows, box.lower(), box.upper());
            return true;
        }

        @Override
        public Boolean sum(Step.Sum step) {
            measure(step.first(), sizes);
            measure(step.second(), others);
            backend.outwardIntervals().add(sizes, sizes, others, others, length(step.to()), box.lower(), box.upper());
            allowances.get(step.to()).run(box.lower(), box.upper(), rows);
            return true;
        }

        @Override
        public Boolean activation(Step.Activation step) {
            Allowance allowance = allowances.get(step.to());
            if (allowance == null) {
                return passesOn(step);
            }
            measure(step.from(), box.upper());
            allowance.run(box.lower(), box.upper(), rows);
            return true;
        }

        @Override
        public Boolean relu(Step.Relu step) {
            return passesOn(step);
        }

        @Override
        public Boolean maxPool(Step.MaxPool step) {
            return passesOn(step);
        }

        private boolean passesOn(Step step) {
            boolean last = step.to() == plan.values() - 1;
            if (last) {
                backend.fill(box.lower().slice(0, length(step.to())), -FLUSHED);
                backend.fill(box.upper().slice(0, length(step.to())), FLUSHED);
            }
            return last;
        }

        private void measure(int value, DeviceBuffer target) {
            DeviceBox of = values.apply(value);
            backend.reluRelaxations().magnitudes(of.lower(), of.upper(), length(value), target);
        }

        private long length(int value) {
            return (long) rows * plan.size(value);
        }
    }
}
