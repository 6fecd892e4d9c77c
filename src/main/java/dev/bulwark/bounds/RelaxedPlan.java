package dev.bulwark.bounds;

import dev.bulwark.device.Backend;
import dev.bulwark.device.DeviceBuffer;
import dev.bulwark.device.DeviceMemory;
import dev.bulwark.device.Enclosure;
import dev.bulwark.device.MaxPoolRelaxation;
import dev.bulwark.device.Relaxation;
import dev.bulwark.plan.DeviceBox;
import dev.bulwark.plan.LinearOperator;
import dev.bulwark.plan.Plan;
import dev.bulwark.plan.Step;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.IntStream;

/**
 * A plan and, for each image of a batch, what linear forms need on their way back through it: lines that bound its
 * activations, what products with its weights may be off by, and how large the values are at which ways of a form meet.
 */
final class RelaxedPlan {

    private final Backend backend;
    private final Plan plan;
    private final int capacity;
    private final int[] readers;
    private final Map<Integer, Lines> lines = new HashMap<>();
    private final Map<Integer, MaxPoolRelaxation> poolings = new HashMap<>();
    private final Map<Integer, Products> products = new HashMap<>();
    private final Set<Integer> keptByActivations = new HashSet<>();
    private final Map<Integer, DeviceBuffer> meetings = new HashMap<>();
    /** Sizes of a map's inputs while its errors are computed, and a lower end that is not read. */
    private final DeviceBuffer sizes;
    private final DeviceBuffer unused;

    /**
     * A ReLU or another activation.
     *
     * @param bias of the map whose outputs it alone reads, and whose account of rounding it keeps; else zeros
     */
    record Lines(Relaxation relaxation, DeviceBuffer bias) {
    }

    /**
     * An affine map.
     *
     * @param account makes errors of how large the map's inputs are: {@link LinearOperator#productErrors}
     * @param errors  {@code [N,outputs]}: as of {@link Relaxation}
     */
    record Products(Enclosure account, DeviceBuffer bias, DeviceBuffer errors) {
    }

    /**
     * @param memory   owns the buffers; the caller closes it
     * @param capacity images that a batch may hold
     * @param steps    those that forms go back through
     */
    RelaxedPlan(DeviceMemory memory, Plan plan, int capacity, List<Step> steps) {
        this.backend = plan.backend();
        this.plan = plan;
        this.capacity = capacity;
        this.readers = new int[plan.values()];
        plan.steps().forEach(step -> IntStream.of(step.reads()).forEach(value -> ++readers[value]));
        long widest = (long) capacity * IntStream.range(0, plan.values()).map(plan::size).max().orElseThrow();
        this.sizes = memory.allocate(widest);
        this.unused = memory.allocate(widest);
        steps.forEach(step -> step.accept(new Preparation(memory)));
        IntStream.range(0, plan.values()).filter(value -> readers[value] > 1)
                .forEach(value -> meetings.put(value, memory.allocate((long) capacity * plan.size(value))));
    }

    /** Of the activation that makes value {@code to}. */
    Lines lines(int to) {
        return lines.get(to);
    }

    /** Whether lines below the activation that makes value {@code to} may have slopes of each form's own. */
    boolean hasFreeSlopes(int to) {
        return lines.containsKey(to) && lines.get(to).relaxation.hasFreeSlopes();
    }

    /** Of the maximum pooling that makes value {@code to}. */
    MaxPoolRelaxation pooling(int to) {
        return poolings.get(to);
    }

    /** The map that makes value {@code to}. */
    Products products(int to) {
        return products.get(to);
    }

    /** Whether the account of the map that makes value {@code to} is kept by the activation behind it. */
    boolean keptByActivation(int to) {
        return keptByActivations.contains(to);
    }

    /** {@code [N,size]}: nowhere in the box is value {@code value}, at which ways of a form meet, further from 0. */
    DeviceBuffer magnitudes(int value) {
        return meetings.get(value);
    }

    /** Notes what must be known of a value's boxes, when they are final. */
    void take(int value, DeviceBox box, int images) {
        if (readers[value] > 1) {
            backend.reluRelaxations().magnitudes(box.lower(), box.upper(), (long) images * plan.size(value),
                    meetings.get(value));
        }
    }

    /** Takes the lines that fit the box of what a ReLU reads. */
    void relax(Step.Relu step, DeviceBox box, int images) {
        backend.reluRelaxations().relax(box.lower(), box.upper(), images, lines.get(step.to()).relaxation);
    }

    /** As {@link #relax(Step.Relu, DeviceBox, int)}. */
    void relax(Step.Activation step, DeviceBox box, int images) {
        backend.activations().relax(step.function(), box.lower(), box.upper(), images, lines.get(step.to()).relaxation);
    }

    /** As {@link #relax(Step.Relu, DeviceBox, int)}. */
    void relax(Step.MaxPool step, DeviceBox box, int images) {
        backend.maxPooling().relax(box.lower(), box.upper(), images, poolings.get(step.to()));
    }

    /** Computes what products with a map's weights may be off by, for inputs in these boxes. */
    void account(Step.Linear step, DeviceBox inputs, int images) {
        Products map = products.get(step.to());
        backend.reluRelaxations().magnitudes(inputs.lower(), inputs.upper(), (long) images * plan.size(step.from()), sizes);
        map.account.run(sizes, sizes, images, unused, map.errors);
    }

    /** Allocates what a step needs. */
    private final class Preparation implements Step.Visitor<Void> {

        private final DeviceMemory memory;

        Preparation(DeviceMemory memory) {
            this.memory = memory;
        }

        private DeviceBuffer perUnit(int value) {
            return memory.allocate((long) capacity * plan.size(value));
        }

        @Override
        public Void linear(Step.Linear step) {
            products.put(step.to(), new Products(step.operator().productErrors(memory), step.operator().biases(memory),
                    perUnit(step.to())));
            return null;
        }

        @Override
        public Void relu(Step.Relu step) {
            return lines(step.from(), step.to(), Optional.of(0f));
        }

        @Override
        public Void activation(Step.Activation step) {
            return lines(step.from(), step.to(), step.function().leastSlope());
        }

        /** @param leastSlope of lines below where they may choose one; else they have intercepts */
        private Void lines(int from, int to, Optional<Float> leastSlope) {
            int units = plan.size(to);
            boolean withMap = readers[from] == 1 && products.containsKey(from);
            DeviceBuffer errors = withMap ? products.get(from).errors : memory.zeros((long) capacity * units);
            Relaxation.Below below = new Relaxation.Below(perUnit(to), leastSlope.orElse(0f),
                    leastSlope.isPresent() ? Optional.empty() : Optional.of(perUnit(to)));
            lines.put(to, new Lines(new Relaxation(perUnit(to), perUnit(to), below, perUnit(to), errors, units),
                    withMap ? products.get(from).bias : memory.zeros(units)));
            if (withMap) {
                keptByActivations.add(from);
            }
            return null;
        }

        @Override
        public Void maxPool(Step.MaxPool step) {
            poolings.put(step.to(), new MaxPoolRelaxation(step.pooling(), perUnit(step.to()), perUnit(step.to()),
                    perUnit(step.to()), perUnit(step.from())));
            return null;
        }

        @Override
        public Void sum(Step.Sum step) {
            return null;
        }
    }
}
