package dev.bulwark.bounds;

import dev.bulwark.data.Ball;
import dev.bulwark.device.Backend;
import dev.bulwark.device.DeviceMemory;
import dev.bulwark.plan.Boxes;
import dev.bulwark.plan.Plan;
import dev.bulwark.plan.Step;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/**
 * Interval bound propagation (Gowal et al. 2019): a box is pushed through layer after layer, outward, and the last
 * layer is elided into margins between logits.
 *
 * <p>Of a ball in another norm than l-infinity it takes the smallest box around it.
 *
 * <p>Exact for each layer on its own, not for several: a box forgets how its elements depend on each other.
 */
public final class Ibp implements Verifier {

    private final Backend backend;
    private final Plan plan;
    /** What {@link #pass} lies in. */
    private final DeviceMemory memory;
    /** The last call's, which the next one uses again. */
    private Optional<IbpPass> pass = Optional.empty();

    /** @param plan must outlive this object; its parameters must not change meanwhile */
    public Ibp(Plan plan) {
        this.backend = plan.backend();
        this.plan = plan;
        this.memory = new DeviceMemory(backend);
    }

    @Override
    public List<Bounds> verify(float[] images, int[] labels, List<Ball> balls) {
        plan.requireInputs(images, labels.length, 0, 1);
        plan.requireLabels(labels);
        Verifier.requireABallEach(labels, balls);
        int inputs = plan.inputs();
        int batch = Math.max(1, Math.min(plan.imagesPerCall(), labels.length));
        IbpPass batches = passFor(batch);
        List<Bounds> bounds = new ArrayList<>();
        for (int from = 0; from < labels.length; from += batch) {
            int to = Math.min(from + batch, labels.length);
            long length = (long) (to - from) * inputs;
            float[] loaded = Arrays.copyOfRange(images, from * inputs, to * inputs);
            batches.load(loaded, Arrays.copyOfRange(labels, from, to));
            addBounds(batches, loaded, InputRegion.balls(backend, batches.images().slice(0, length), balls.subList(from, to),
                    batches.epsilons()), bounds);
        }
        return bounds;
    }

    /**
     * Bounds over any box around one image, for instance one with unequal sides.
     *
     * @param box   {@code [D]}, finite
     * @param image {@code [D]}, inside the box
     */
    public Bounds verify(Box box, float[] image, int label) {
        plan.requireInputs(box.lower(), 1, -Float.MAX_VALUE, Float.MAX_VALUE);
        plan.requireInputs(box.upper(), 1, -Float.MAX_VALUE, Float.MAX_VALUE);
        plan.requireLabels(new int[] {label});
        if (!box.contains(image)) {
            throw new IllegalArgumentException("image " + Arrays.toString(image) + " lies outside its box " + box);
        }
        List<Bounds> bounds = new ArrayList<>();
        IbpPass single = passFor(1);
        single.load(image, new int[] {label});
        addBounds(single, image, InputRegion.box(backend, box), bounds);
        return bounds.get(0);
    }

    @Override
    public float[] lowerBounds(Region region, Specification specification) {
        SpecificationForms forms = new SpecificationForms(plan, specification);
        try (DeviceMemory scratch = new DeviceMemory(backend)) {
            Boxes boxes = new Boxes(scratch, plan, 1);
            InputRegion.of(region, plan, scratch).enter(boxes.inputs());
            int end = plan.values() - 1;
            Step last = plan.steps().get(end - 1);
            RelaxedPlan account = new RelaxedPlan(scratch, plan, 1, List.of(last));
            if (last instanceof Step.Linear linear) { // elided
                end = linear.from();
                account.account(linear, boxes.through(end, 1), 1);
            }
            return forms.lowerBounds(scratch, account, end, boxes.through(end, 1));
        }
    }

    @Override
    public Plan plan() {
        return plan;
    }

    /** A pass that holds at least {@code images}: the last call's, if it is large enough. */
    private IbpPass passFor(int images) {
        if (pass.isEmpty() || pass.get().capacity() < images) {
            close();
            pass = Optional.of(new IbpPass(memory, plan, images));
        }
        return pass.get();
    }

    @Override
    public void close() {
        pass = Optional.empty();
        memory.close();
    }

    /**
     * @param images     those that {@code pass} holds
     * @param region what they may become
     */
    private void addBounds(IbpPass pass, float[] images, InputRegion region, List<Bounds> bounds) {
        int first = bounds.size();
        IbpPass.Results results = pass.run(region);
        bounds.addAll(results.bounds());
        for (int n = first; n < bounds.size(); ++n) {
            if (FloatPass.disagrees(bounds.get(n))) {
                int at = (n - first) * plan.inputs();
                FloatPass.requireNoContradiction(plan, n, bounds.get(n),
                        Arrays.copyOfRange(images, at, at + plan.inputs()), results.cleanLogits(n - first));
            }
        }
    }
}
