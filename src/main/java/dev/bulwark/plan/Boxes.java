package dev.bulwark.plan;

import dev.bulwark.device.Activation;
import dev.bulwark.device.Backend;
import dev.bulwark.device.DeviceBuffer;
import dev.bulwark.device.DeviceMemory;
import dev.bulwark.device.Enclosure;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Interval bound propagation (Gowal et al. 2019): boxes of the inputs are pushed through step after step, outward, so that
 * every value of the network over a box, by the plan's {@link Arithmetic}, lies in the box that comes out.
 */
public final class Boxes {

    private final Backend backend;
    private final Plan plan;
    private final Slots slots;
    private final List<DeviceBox> buffers = new ArrayList<>();
    private final DeviceBox inputs;
    /** Of linear steps, by the values that they make. */
    private final Map<Integer, Enclosure> enclosures = new HashMap<>();
    private final Deviations deviations;
    /** Of the last step. */
    private Optional<DeviceBox> deviation = Optional.empty();

    /**
     * @param memory   owns the buffers and what is prepared of the plan's operators; the caller closes it
     * @param plan     must outlive this object; its parameters must not change meanwhile
     * @param capacity boxes that a batch may hold
     */
    public Boxes(DeviceMemory memory, Plan plan, int capacity) {
        this.backend = plan.backend();
        this.plan = plan;
        this.slots = Slots.forward(plan);
        this.inputs = DeviceBox.allocate(memory, (long) capacity * plan.inputs());
        this.deviations = new Deviations(memory, plan, capacity);
        for (int slot = 0; slot < slots.count(); ++slot) {
            buffers.add(DeviceBox.allocate(memory, (long) capacity * slots.size(slot)));
        }
        for (Step step : plan.steps()) {
            if (step instanceof Step.Linear linear) {
                enclosures.put(linear.to(), memory.owning(linear.operator().enclosure()));
            }
        }
    }

    /** To be filled before {@link #through}: {@code [rows,D]}. */
    public DeviceBox inputs() {
        return inputs;
    }

    /**
     * Pushes the inputs' boxes through the first {@code steps} steps.
     *
     * @return the box that the last of them made, or the inputs' where there was none; good until the next call
     */
    public DeviceBox through(int steps, int rows) {
        plan.steps().subList(0, steps).forEach(step -> push(step, rows));
        return value(steps == 0 ? 0 : plan.steps().get(steps - 1).to());
    }

    /** Pushes boxes through one step; those of the values that it reads must have been made. */
    public void push(Step step, int rows) {
        deviation = deviations.of(step, this::value, rows); // now, for a step may take the place of what it reads
        step.accept(new Push(rows));
        deviation.ifPresent(by -> {
            DeviceBox to = value(step.to());
            backend.outwardIntervals().add(to.lower(), to.upper(), by.lower(), by.upper(),
                    (long) rows * plan.size(step.to()), to.lower(), to.upper());
        });
    }

    /** What the last step's boxes were widened by, {@code [-d, d]}, if anything; good until the next one. */
    public Optional<DeviceBox> deviation() {
        return deviation;
    }

    /** Boxes of value {@code number}, good until a later step takes their place. */
    public DeviceBox value(int number) {
        return number == 0 ? inputs : buffers.get(slots.of(number));
    }

    /** One step. */
    private final class Push implements Step.Visitor<Void> {

        private final int rows;

        Push(int rows) {
            this.rows = rows;
        }

        @Override
        public Void linear(Step.Linear step) {
            DeviceBox from = value(step.from());
            DeviceBox to = value(step.to());
            enclosures.get(step.to()).run(from.lower(), from.upper(), rows, to.lower(), to.upper());
            return null;
        }

        @Override
        public Void relu(Step.Relu step) {
            long length = (long) rows * plan.size(step.to());
            DeviceBox from = value(step.from());
            DeviceBox to = value(step.to());
            if (from == to) {
                backend.elementwise().relu(to.lower(), length);
                backend.elementwise().relu(to.upper(), length);
            } else {
                backend.elementwise().relu(from.lower(), length, to.lower());
                backend.elementwise().relu(from.upper(), length, to.upper());
            }
            return null;
        }

        @Override
        public Void sum(Step.Sum step) {
            DeviceBox first = value(step.first());
            DeviceBox second = value(step.second());
            DeviceBox to = value(step.to());
            backend.outwardIntervals().add(first.lower(), first.upper(), second.lower(), second.upper(),
                    (long) rows * plan.size(step.to()), to.lower(), to.upper());
            return null;
        }

        @Override
        public Void activation(Step.Activation step) {
            DeviceBox from = value(step.from());
            DeviceBox to = value(step.to());
            long length = (long) rows * plan.size(step.to());
            if (plan.arithmetic() == Arithmetic.FLOAT32 && step.function() instanceof Activation.Clip clip) {
                clamp(clip, from.lower(), length, to.lower()); // which keeps what is unknown: NaN may be clipped to NaN
                clamp(clip, from.upper(), length, to.upper());
            } else {
                backend.activations().enclose(step.function(), from.lower(), from.upper(), length, to.lower(), to.upper());
            }
            return null;
        }

        private void clamp(Activation.Clip clip, DeviceBuffer from, long length, DeviceBuffer to) {
            if (from != to) {
                backend.copy(from, length, to);
            }
            backend.elementwise().clamp(to, length, clip.low(), clip.high());
        }

        @Override
        public Void maxPool(Step.MaxPool step) {
            DeviceBox from = value(step.from());
            DeviceBox to = value(step.to());
            backend.maxPooling().enclose(from.lower(), from.upper(), rows, step.pooling(), to.lower(), to.upper());
            return null;
        }
    }
}
