package dev.bulwark.bounds;

import dev.bulwark.device.Activation;
import dev.bulwark.device.Backend;
import dev.bulwark.device.DeviceBuffer;
import dev.bulwark.device.DeviceMemory;
import dev.bulwark.device.Enclosure;
import dev.bulwark.device.MaxPoolRelaxation;
import dev.bulwark.device.Relaxation;
import dev.bulwark.plan.Arithmetic;
import dev.bulwark.plan.Deviations;
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
import java.util.function.IntFunction;
import java.util.stream.IntStream;

/**
 * A plan and, for each image of a batch, what linear forms need on their way back through it: lines that bound its
 * activations, what products with its weights may be off by, and how large the values are at which ways of a form meet. Of a
 * plan that speaks of float32 evaluations, what a step may be off by in these is charged with the products, or by itself.
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
    private final Deviations deviations;
    /** Of steps that are not accounted for, by the values that they make. */
    private final Map<Integer, Deviation> ownDeviations = new HashMap<>();
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
     * @param errors  {@code [N,outputs]}: as of {@link Relaxation}, and what the map itself may deviate by
     */
    record Products(Enclosure account, DeviceBuffer bias, DeviceBuffer errors) {
    }

    /**
     * What a step other than an affine map may be off by, which forms are charged for as for a map's bias.
     *
     * @param bias   zeros
     * @param errors {@code [N,outputs]}
     */
    record Deviation(DeviceBuffer bias, DeviceBuffer errors) {
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
        this.deviations = new Deviations(memory, plan, capacity);
        this.sizes = memory.allocate(widest);
        this.unused = memory.allocate(widest);
        steps.forEach(step -> step.accept(new Preparation(memory)));
        IntStream.range(0, plan.values()).filter(value -> readers[value] > 1)
                .forEach(value -> meetings.put(value, memory.allocate((long) capacity * plan.size(value))));
    }

    /**
     * Whether a map's outputs are exactly what its weights make of its inputs, so that forms may begin at these: they would not
     * be charged for what float32 evaluations may be off by.
     */
    boolean isExact() {
        return plan.arithmetic() == Arithmetic.REAL;
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
        Relaxation relaxation = lines.get(step.to()).relaxation;
        backend.activations().relax(step.function(), box.lower(), box.upper(), images, relaxation);
        if (plan.arithmetic() == Arithmetic.FLOAT32) {
            forgetUnknown(box, (long) images * plan.size(step.to()), relaxation);
        }
    }

    /** A clip's lines hold of any real number, but a float that is unknown may be NaN and stay so. */
    private void forgetUnknown(DeviceBox box, long length, Relaxation relaxation) {
        backend.copy(box.lower(), length, sizes);
        backend.elementwise().clamp(sizes, length, 0, 0); // NaN stays
        add(relaxation.upperIntercept(), length);
        relaxation.below().intercept().ifPresent(intercept -> add(intercept, length));
    }

    /** Adds {@link #sizes}, which are 0 or NaN. */
    private void add(DeviceBuffer target, long length) {
        backend.elementwise().add(target, sizes, length, target);
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
        deviations.of(step, value -> inputs, images).ifPresent(by -> backend.outwardIntervals().add(map.errors, map.errors,
                by.upper(), by.upper(), (long) images * plan.size(step.to()), unused, map.errors));
    }

    /** Computes what a step of another kind may deviate by, over boxes of what it reads. */
    void deviate(Step step, IntFunction<DeviceBox> boxes, int images) {
        Deviation own = ownDeviations.get(step.to());
        if (own != null) {
            deviations.of(step, boxes, images)
                    .ifPresent(by -> backend.copy(by.upper(), (long) images * plan.size(step.to()), own.errors));
        }
    }

    /** What forms in value {@code to} are charged for its deviation, where no map's errors hold that. */
    Optional<Deviation> deviation(int to) {
        return Optional.ofNullable(ownDeviations.get(to));
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
            deviatingIfLast(step);
            return lines(step.from(), step.to(), Optional.of(0f));
        }

        @Override
        public Void activation(Step.Activation step) {
            if (step.function() instanceof Activation.LeakyRelu) {
                deviating(step.to());
            } else {
                deviatingIfLast(step);
            }
            return lines(step.from(), step.to(), step.function().leastSlope());
        }

        /** Zeros for a bias, and room for what the step deviates by. */
        private void deviating(int to) {
            if (plan.arithmetic() == Arithmetic.FLOAT32) {
                ownDeviations.put(to, new Deviation(memory.zeros(plan.size(to)), perUnit(to)));
            }
        }

        private void deviatingIfLast(Step step) {
            if (step.to() == plan.values() - 1) {
                deviating(step.to());
            }
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
            deviatingIfLast(step);
            poolings.put(step.to(), new MaxPoolRelaxation(step.pooling(), perUnit(step.to()), perUnit(step.to()),
                    perUnit(step.to()), perUnit(step.from())));
            return null;
        }

        @Override
        public Void sum(Step.Sum step) {
            deviating(step.to());
            return null;
        }
    }
}
