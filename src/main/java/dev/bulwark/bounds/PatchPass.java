package dev.bulwark.bounds;

import dev.bulwark.device.Backend;
import dev.bulwark.device.DeviceBuffer;
import dev.bulwark.device.DeviceMemory;
import dev.bulwark.device.InputBall;
import dev.bulwark.device.PatchForms;
import dev.bulwark.device.Patches;
import dev.bulwark.plan.DeviceBox;
import dev.bulwark.plan.LinearOperator;
import dev.bulwark.plan.Plan;
import dev.bulwark.plan.Step;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;

/**
 * Forms of units of convolutions on their way back through a relaxed plan, in patches as far as their {@link PatchRoute} leads
 * and by a {@link BackwardPass} from there on. Bounds are those of that pass alone, but for the order of sums.
 */
final class PatchPass {

    /** Patches go on while they cover up to this share of an image: beyond it, whole forms are faster. */
    static final double SHARE = 0.5;

    private final Backend backend;
    private final PatchForms patchForms;
    private final Plan plan;
    private final RelaxedPlan relaxed;
    private final BackwardPass backward;
    private final Map<Integer, PatchRoute> routes = new HashMap<>();
    /** {@code [the backward pass's capacity, largest patch]} each: where the forms are, and where they go. */
    private DeviceBuffer here;
    private DeviceBuffer next;

    /**
     * @param memory owns the buffers; the caller closes it
     * @param most   of {@link Patches#share}; 0 for no patches
     */
    PatchPass(DeviceMemory memory, Plan plan, RelaxedPlan relaxed, BackwardPass backward, double most) {
        this.backend = plan.backend();
        this.patchForms = backend.patchForms();
        this.plan = plan;
        this.relaxed = relaxed;
        this.backward = backward;
        IntStream.range(1, plan.values())
                .forEach(value -> PatchRoute.of(plan, value, most).ifPresent(route -> routes.put(value, route)));
        int largest = routes.values().stream().mapToInt(PatchRoute::size).max().orElse(0);
        this.here = memory.allocate((long) backward.capacity() * largest);
        this.next = memory.allocate((long) backward.capacity() * largest);
    }

    /** Whether units of a value go back in patches. */
    boolean takes(int value) {
        return routes.containsKey(value);
    }

    /** Puts pairs of forms, of a value that this pass {@linkplain #takes takes}, into a good order. */
    void order(int value, int sides, DeviceBuffer owners, DeviceBuffer forms) {
        patchForms.order(Patches.ofUnits(routes.get(value).units()), sides, owners, forms);
    }

    /**
     * Leaves lower bounds of units, or of their negatives, in the backward pass's constants.
     *
     * @param owners {@code int [rows]}: the image that each form belongs to
     * @param forms  {@code int [rows]}
     */
    void run(int value, int rows, DeviceBuffer owners, DeviceBuffer forms, DeviceBox inputs, Optional<InputBall> ball) {
        PatchRoute route = routes.get(value);
        PatchForms.Batch units = new PatchForms.Batch(Patches.ofUnits(route.units()), owners, forms, rows);
        PatchForms.Batch batch = new Back(route, units).run();
        if (route.end() == 0 && ball.isEmpty()) {
            patchForms.concretize(here, batch, inputs.lower(), inputs.upper(), backward.constants(), backward.constants());
        } else {
            patchForms.spread(here, batch, backward.coefficients(route.end()));
            backward.resume(route.end(), rows, owners, backward.adaptive(owners), inputs, ball);
        }
    }

    /** The forms of one pass, in {@link #here}. Steps return the value that they take them to. */
    private final class Back implements Step.Visitor<Integer> {

        private final PatchRoute route;
        private PatchForms.Batch batch;

        Back(PatchRoute route, PatchForms.Batch units) {
            this.route = route;
            this.batch = units;
        }

        PatchForms.Batch run() {
            int at = enter();
            while (at > route.end()) {
                relaxed.deviation(at).ifPresent(by -> patchForms.backwardBias(here, batch, by.bias(), by.errors(),
                        backward.constants()));
                at = plan.steps().get(at - 1).accept(this);
            }
            return batch;
        }

        private int enter() {
            LinearOperator.OnPatches first = route.maps().get(route.value());
            if (first != null && relaxed.isExact()) {
                PatchForms.Batch behind = batch.in(first.patches());
                if (first.enter(behind, here, backward.constants())) {
                    batch = behind;
                    return plan.steps().get(route.value() - 1).reads()[0];
                }
            }
            patchForms.enterUnits(batch, here, backward.constants());
            return route.value();
        }

        @Override
        public Integer linear(Step.Linear linear) {
            if (linear.to() == route.value() || !relaxed.keptByActivation(linear.to())) {
                RelaxedPlan.Products products = relaxed.products(linear.to());
                patchForms.backwardBias(here, batch, products.bias(), products.errors(), backward.constants());
            }
            LinearOperator.OnPatches map = route.maps().get(linear.to());
            map.applyTransposed(here, batch.count(), next);
            batch = batch.in(map.patches());
            DeviceBuffer free = here;
            here = next;
            next = free;
            return linear.from();
        }

        @Override
        public Integer relu(Step.Relu relu) {
            return throughLines(relu.from(), relu.to());
        }

        @Override
        public Integer activation(Step.Activation activation) {
            return throughLines(activation.from(), activation.to());
        }

        private int throughLines(int from, int to) {
            RelaxedPlan.Lines lines = relaxed.lines(to);
            patchForms.backwardActivation(here, batch, lines.relaxation(), lines.bias(), backward.constants());
            return from;
        }

        @Override
        public Integer sum(Step.Sum sum) {
            throw new IllegalStateException("no patches go through a sum");
        }

        @Override
        public Integer maxPool(Step.MaxPool pool) {
            throw new IllegalStateException("no patches go through maximum pooling");
        }
    }
}
