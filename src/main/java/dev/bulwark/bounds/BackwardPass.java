package dev.bulwark.bounds;

import dev.bulwark.device.Backend;
import dev.bulwark.device.DeviceBuffer;
import dev.bulwark.device.DeviceMemory;
import dev.bulwark.device.InputBall;
import dev.bulwark.device.LinearRelaxations;
import dev.bulwark.device.Relaxation;
import dev.bulwark.plan.DeviceBox;
import dev.bulwark.plan.Plan;
import dev.bulwark.plan.Slots;
import dev.bulwark.plan.Step;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.IntPredicate;

/**
 * Linear forms on their way back through a relaxed plan, to their least values over the boxes of the inputs. Whatever
 * the lower slopes are, what comes out is a lower bound, rounding included: see the package's proof.
 */
final class BackwardPass {

    /** Elements that buffers for forms may take: large networks have fewer forms at a time. */
    private static final long ELEMENTS = 1L << 28;

    private final Backend backend;
    private final LinearRelaxations forms;
    private final Plan plan;
    private final RelaxedPlan relaxed;
    private final int capacity;
    private final Slots slots;
    private final List<DeviceBuffer> coefficients = new ArrayList<>();
    /** How many steps read a value. */
    private final int[] readers;
    private final DeviceBuffer constants;
    /** Over balls, while constants are still needed. */
    private final DeviceBuffer minima;

    /** Where a pass takes lower slopes from, of activations that leave a choice. */
    interface Slopes {
        /** {@code [any,units]}, of the activation that makes value {@code to}. */
        DeviceBuffer of(int to);

        /** {@code int [rows]}: each form's row of {@link #of}. */
        DeviceBuffer rows();

        /** Whether half-spaces cut anything. */
        default boolean cuts() {
            return false;
        }

        /**
         * Where half-spaces cut what an activation reads, adds their multipliers to forms that have just come through it.
         *
         * @param from         the value that it reads
         * @param lines        the activation's
         * @param coefficients {@code [rows,units]} at that value, in place, as are the constants
         */
        default void cut(int from, RelaxedPlan.Lines lines, DeviceBuffer coefficients, DeviceBuffer constants) {
            // There are none.
        }
    }

    /**
     * @param memory   owns the buffers; the caller closes it
     * @param capacity forms that go through together
     * @param last     the value furthest from the inputs at which forms are entered
     * @param kept     values at which the coefficients must stay to the end of a pass
     */
    BackwardPass(DeviceMemory memory, Plan plan, RelaxedPlan relaxed, int capacity, int last, IntPredicate kept) {
        this.backend = plan.backend();
        this.forms = backend.linearRelaxations();
        this.plan = plan;
        this.relaxed = relaxed;
        this.capacity = capacity;
        this.slots = Slots.backward(plan, last, kept);
        for (int slot = 0; slot < slots.count(); ++slot) {
            coefficients.add(memory.allocate((long) capacity * slots.size(slot)));
        }
        this.readers = new int[plan.values()];
        plan.steps().forEach(step -> Arrays.stream(step.reads()).forEach(value -> ++readers[value]));
        this.constants = memory.allocate(capacity);
        this.minima = memory.allocate(capacity);
    }

    /** Forms that should go through together: {@code most} where memory allows it, else an even number. */
    static int together(Plan plan, int last, IntPredicate kept, long most) {
        Slots slots = Slots.backward(plan, last, kept);
        long elements = 1;
        for (int slot = 0; slot < slots.count(); ++slot) {
            elements += slots.size(slot);
        }
        return (int) Math.min(most, Math.max(2, ELEMENTS / elements / 2 * 2));
    }

    /** Forms that go through together, at most. */
    int capacity() {
        return capacity;
    }

    /** Coefficients at value {@code value}, {@code [rows,size]}: of the forms to be entered there, or of the last pass. */
    DeviceBuffer coefficients(int value) {
        return coefficients.get(slots.of(value));
    }

    /** {@code [rows]}: the constants of the forms to be entered; after {@link #run} their lower bounds. */
    DeviceBuffer constants() {
        return constants;
    }

    /** CROWN's own slopes: 1 where the box has more above 0 than below, else 0; the same for all forms of an image. */
    Slopes adaptive(DeviceBuffer owners) {
        return new Slopes() {
            @Override
            public DeviceBuffer of(int to) {
                return relaxed.lines(to).relaxation().lowerSlope();
            }

            @Override
            public DeviceBuffer rows() {
                return owners;
            }
        };
    }

    /**
     * Takes the forms that were entered at value {@code value} back to the inputs. {@link #constants} become lower bounds;
     * one that is no number, or beyond the largest float, says nothing.
     *
     * @param owners {@code int [rows]}: the image that each form belongs to
     * @param inputs the images' boxes
     * @param ball   the balls inside them, where there are any
     */
    void run(int value, int rows, DeviceBuffer owners, Slopes slopes, DeviceBox inputs, Optional<InputBall> ball) {
        back(value, 0, new Back(value, rows, owners, slopes));
        conclude(rows, owners, inputs, ball);
    }

    /**
     * As {@link #run(int, int, DeviceBuffer, Slopes, DeviceBox, Optional)}, of forms that another pass has brought to value
     * {@code value}: where an activation keeps the account of the map that makes it, they have been through that.
     */
    void resume(int value, int rows, DeviceBuffer owners, Slopes slopes, DeviceBox inputs, Optional<InputBall> ball) {
        back(value, 0, new Back(Slots.NONE, rows, owners, slopes));
        conclude(rows, owners, inputs, ball);
    }

    private void conclude(int rows, DeviceBuffer owners, DeviceBox inputs, Optional<InputBall> ball) {
        if (ball.isEmpty()) {
            concretize(0, rows, owners, inputs, constants);
        } else {
            concretize(0, rows, owners, inputs, minima);
            forms.concretize(coefficients(0), rows, owners, ball.get(), plan.inputs(), constants, minima);
            backend.copy(minima, rows, constants);
        }
    }

    /**
     * As {@link #run(int, int, DeviceBuffer, Slopes, DeviceBox, Optional)}, back to value {@code end} and its boxes.
     *
     * @param end all that value {@code value} depends on, it depends on by way of this one
     */
    void run(int value, int end, int rows, DeviceBuffer owners, Slopes slopes, DeviceBox boxes) {
        back(value, end, new Back(value, rows, owners, slopes));
        concretize(end, rows, owners, boxes, constants);
    }

    private void concretize(int end, int rows, DeviceBuffer owners, DeviceBox boxes, DeviceBuffer target) {
        forms.concretize(coefficients(end), rows, owners, boxes.lower(), boxes.upper(), plan.size(end), constants, target);
    }

    private void back(int value, int end, Back back) {
        back.begun[value] = true;
        for (int k = value - 1; k >= end; --k) { // step k makes value k + 1
            if (back.begun[k + 1]) {
                back.step = k;
                back.chargeDeviation(k + 1);
                plan.steps().get(k).accept(back);
            }
        }
    }

    /** The forms of one pass. */
    private final class Back implements Step.Visitor<Void> {

        /** The value at which forms were entered, if any: no activation has come before the map that makes it. */
        private final int start;
        private final int rows;
        private final DeviceBuffer owners;
        private final Slopes slopes;
        /** Values at which a part of the forms has arrived. */
        private final boolean[] begun = new boolean[plan.values()];
        /** The lines, where all of the forms at a value has just come through these: units that are off have coefficient 0. */
        private final Map<Integer, Relaxation> throughReluAlone = new HashMap<>();
        private int step;

        Back(int start, int rows, DeviceBuffer owners, Slopes slopes) {
            this.start = start;
            this.rows = rows;
            this.owners = owners;
            this.slopes = slopes;
        }

        /** Of forms in a value, before they go back through the step that makes it. */
        void chargeDeviation(int value) {
            relaxed.deviation(value).ifPresent(by -> forms.backwardBias(coefficients(value), rows, owners, by.bias(),
                    by.errors(), plan.size(value), constants));
        }

        @Override
        public Void linear(Step.Linear linear) {
            DeviceBuffer above = coefficients(linear.to());
            if (linear.to() == start || !relaxed.keptByActivation(linear.to())) {
                RelaxedPlan.Products products = relaxed.products(linear.to());
                forms.backwardBias(above, rows, owners, products.bias(), products.errors(), plan.size(linear.to()),
                        constants);
            }
            DeviceBuffer target = partFor(linear.from());
            Optional.ofNullable(throughReluAlone.get(linear.to())).ifPresentOrElse(
                    relu -> linear.operator().applyTransposed(above, rows, owners, relu, target),
                    () -> linear.operator().applyTransposed(above, rows, target));
            arrive(linear.from(), target);
            return null;
        }

        /** Where a step that doesn't work in place makes the part of the forms that a value gets. */
        private DeviceBuffer partFor(int value) {
            return begun[value] ? coefficients.get(slots.scratch(step)) : coefficients(value);
        }

        @Override
        public Void relu(Step.Relu relu) {
            if (!begun[relu.from()] && readers[relu.from()] == 1 && !slopes.cuts()) {
                throughReluAlone.put(relu.from(), relaxed.lines(relu.to()).relaxation());
            }
            return throughLines(relu.from(), relu.to());
        }

        @Override
        public Void activation(Step.Activation activation) {
            return throughLines(activation.from(), activation.to());
        }

        private Void throughLines(int from, int to) {
            RelaxedPlan.Lines lines = relaxed.lines(to);
            boolean free = relaxed.hasFreeSlopes(to);
            DeviceBuffer above = coefficients(to);
            DeviceBuffer target = !begun[from] ? coefficients(from)
                    : slots.scratch(step) == Slots.NONE ? above : coefficients.get(slots.scratch(step));
            forms.backwardActivation(above, rows, owners, lines.relaxation(),
                    free ? slopes.of(to) : lines.relaxation().lowerSlope(), free ? slopes.rows() : owners, lines.bias(),
                    target, constants);
            slopes.cut(from, lines, target, constants);
            arrive(from, target);
            return null;
        }

        @Override
        public Void maxPool(Step.MaxPool pool) {
            DeviceBuffer target = partFor(pool.from());
            backend.maxPooling().backward(coefficients(pool.to()), rows, owners, relaxed.pooling(pool.to()), target,
                    constants);
            arrive(pool.from(), target);
            return null;
        }

        @Override
        public Void sum(Step.Sum sum) {
            arrive(sum.second(), coefficients(sum.to()));
            arrive(sum.first(), coefficients(sum.to()));
            return null;
        }

        /** Puts a part of the forms' coefficients at a value, beside those that are there already. */
        private void arrive(int value, DeviceBuffer part) {
            DeviceBuffer there = coefficients(value);
            if (begun[value]) {
                forms.join(there, part, rows, owners, relaxed.magnitudes(value), plan.size(value), constants);
            } else if (there != part) {
                backend.copy(part, (long) rows * plan.size(value), there);
            }
            begun[value] = true;
        }
    }
}
