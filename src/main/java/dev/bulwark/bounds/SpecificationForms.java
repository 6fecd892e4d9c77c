package dev.bulwark.bounds;

import dev.bulwark.device.Backend;
import dev.bulwark.device.DeviceBuffer;
import dev.bulwark.device.DeviceMemory;
import dev.bulwark.device.HostArrays;
import dev.bulwark.plan.DeviceBox;
import dev.bulwark.plan.Plan;
import java.util.List;

/** A specification's inequalities as forms in the logits themselves, exactly, over one box. */
final class SpecificationForms implements LogitForms {

    private final Backend backend;
    private final Plan plan;
    private final List<Specification.Inequality> inequalities;

    SpecificationForms(Plan plan, Specification specification) {
        if (specification.classes() != plan.classes()) {
            throw new IllegalArgumentException("a specification of " + specification.classes()
                    + " logits is none of a network of " + plan.classes());
        }
        this.backend = plan.backend();
        this.plan = plan;
        this.inequalities = specification.inequalities();
    }

    /** All of them. */
    FormRows rows() {
        return FormRows.all(1, inequalities.size());
    }

    /**
     * Lower bounds of all of them; NaN where none is known.
     *
     * @param scratch for buffers; the caller closes it
     * @param end     the value that they go back to
     * @param boxes   of that value, the first row
     */
    float[] lowerBounds(DeviceMemory scratch, RelaxedPlan relaxed, int end, DeviceBox boxes) {
        return lowerBounds(scratch, relaxed, end, boxes,
                BackwardPass.together(plan, value(), kept -> false, inequalities.size()));
    }

    /** As above, of which {@code together} go back at a time. */
    float[] lowerBounds(DeviceMemory scratch, RelaxedPlan relaxed, int end, DeviceBox boxes, int together) {
        float[] bounds = new float[inequalities.size()];
        BackwardPass pass = new BackwardPass(scratch, plan, relaxed, together, value(), kept -> false);
        DeviceBuffer owners = scratch.holding(new int[together]);
        for (FormRows chunk : rows().chunks(together)) {
            enter(chunk, pass);
            pass.run(value(), end, chunk.count(), owners, pass.adaptive(owners), boxes);
            System.arraycopy(CrownPass.known(backend, pass.constants(), chunk.count()), 0, bounds, chunk.from(), chunk.count());
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
            Specification.Inequality inequality = inequalities.get(rows.forms()[r]);
            System.arraycopy(inequality.coefficients(), 0, coefficients, r * classes, classes);
            constants[r] = inequality.constant();
        }
        backend.write(coefficients, pass.coefficients(value()));
        backend.write(constants, pass.constants());
    }
}
