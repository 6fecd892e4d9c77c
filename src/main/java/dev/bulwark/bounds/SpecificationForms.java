package dev.bulwark.bounds;

import dev.bulwark.device.Backend;
import dev.bulwark.device.DeviceBuffer;
import dev.bulwark.device.DeviceMemory;
import dev.bulwark.device.HostArrays;
import dev.bulwark.device.InputBall;
import dev.bulwark.plan.DeviceBox;
import dev.bulwark.plan.Plan;
import java.util.List;
import java.util.Optional;

/** A specification's inequalities as forms in the logits themselves, exactly, over one box. */
final class SpecificationForms implements LogitForms {

    private final Backend backend;
    private final Plan plan;
    private final List<Specification.Inequality> inequalities;
    /** Forms that go back at a time. */
    private final int together;

    SpecificationForms(Plan plan, Specification specification) {
        this(plan, specification, BackwardPass.together(plan, plan.values() - 1, kept -> false,
                specification.inequalities().size()));
    }

    /** @param together forms that go back at a time */
    SpecificationForms(Plan plan, Specification specification, int together) {
        if (specification.classes() != plan.classes()) {
            throw new IllegalArgumentException("a specification of " + specification.classes()
                    + " logits is none of a network of " + plan.classes());
        }
        this.backend = plan.backend();
        this.plan = plan;
        this.inequalities = specification.inequalities();
        this.together = together;
    }

    /** All of them. */
    FormRows rows() {
        return FormRows.all(1, inequalities.size());
    }

    /**
     * Lower bounds of all of them over boxes of a value; NaN where none is known.
     *
     * @param scratch for buffers; the caller closes it
     * @param end     the value that they go back to
     * @param boxes   of that value, the first row
     */
    float[] lowerBounds(DeviceMemory scratch, RelaxedPlan relaxed, int end, DeviceBox boxes) {
        return lowerBounds(scratch, relaxed, (pass, rows, owners) ->
                pass.run(value(), end, rows, owners, pass.adaptive(owners), boxes));
    }

    /** Lower bounds of all of them over the first input's box, and its ball where it has one. */
    float[] lowerBounds(DeviceMemory scratch, RelaxedPlan relaxed, DeviceBox inputs, Optional<InputBall> ball) {
        return lowerBounds(scratch, relaxed, (pass, rows, owners) ->
                pass.run(value(), rows, owners, pass.adaptive(owners), inputs, ball));
    }

    /** Takes forms that were entered to their lower bounds. */
    private interface Run {
        void run(BackwardPass pass, int rows, DeviceBuffer owners);
    }

    private float[] lowerBounds(DeviceMemory scratch, RelaxedPlan relaxed, Run run) {
        float[] bounds = new float[inequalities.size()];
        BackwardPass pass = new BackwardPass(scratch, plan, relaxed, together, value(), kept -> false);
        DeviceBuffer owners = scratch.holding(new int[together]);
        for (FormRows chunk : rows().chunks(together)) {
            enter(chunk, pass);
            run.run(pass, chunk.count(), owners);
            System.arraycopy(CrownPass.known(backend, pass.constants(), chunk.count()), 0, bounds, chunk.from(),
                    chunk.count());
        }
        return bounds;
    }

    @Override
    public int value() {
        return plan.values() - 1;
    }

    @Override
    public void enter(FormRows rows, BackwardPass pass) {
        int classes = plan.classes();
        float[] coefficients = new float[HostArrays.length("inequalities by classes", rows.count(), classes)];
        float[] constants = new float[rows.count()];
        for (int r = 0; r < rows.count(); ++r) {
            if (rows.forms()[r] >= 0) { // else another will be entered in its place
                Specification.Inequality inequality = inequalities.get(rows.forms()[r]);
                System.arraycopy(inequality.coefficients(), 0, coefficients, r * classes, classes);
                constants[r] = inequality.constant();
            }
        }
        backend.write(coefficients, pass.coefficients(value()));
        backend.write(constants, pass.constants());
    }
}
