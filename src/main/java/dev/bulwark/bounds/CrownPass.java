package dev.bulwark.bounds;

import dev.bulwark.device.Affine;
import dev.bulwark.device.Backend;
import dev.bulwark.device.DeviceBuffer;
import dev.bulwark.device.DeviceMemory;
import dev.bulwark.device.HostArrays;
import dev.bulwark.device.InputBall;
import dev.bulwark.plan.Arithmetic;
import dev.bulwark.plan.Boxes;
import dev.bulwark.plan.DeviceBox;
import dev.bulwark.plan.Plan;
import dev.bulwark.plan.Step;
import java.util.Optional;
import java.util.function.BooleanSupplier;

/**
 * A batch on its way through a plan by CROWN: {@link #relax} bounds unit after unit, then {@link #logits} and
 * {@link #margins} bound what comes out.
 */
final class CrownPass {

    /** Sides of units whose slopes are optimised together: each has slopes for itself. */
    private static final int MOST_SIDES = 1024;

    private final Backend backend;
    private final Plan plan;
    private final Crown.Settings settings;
    /** Steps that boxes go through: all, or all but a dense last layer, which is elided into margins. */
    private final int steps;
    private final Boxes boxes;
    private final RelaxedPlan relaxed;
    private final BackwardPass backward;
    private final PatchPass patches;
    private final MarginForms margins;
    /** Forms of units whose boxes leave their lines open, and how many there are. */
    private final DeviceBuffer sideOwners;
    private final DeviceBuffer sideForms;
    private final DeviceBuffer sides;
    /** Of elements that decide a maximum. */
    private final DeviceBuffer marks;
    /** Of forms that the host asks for. */
    private final DeviceBuffer owners;
    private final DeviceBuffer forms;
    private int images;
    /** Of the batch, where it has any. */
    private Optional<InputBall> ball = Optional.empty();
    private Known known = Known.NOTHING;
    /** When slopes are good enough as they are. */
    private BooleanSupplier late = () -> false;
    /** What is told the slopes that bound units. */
    private Optional<SlopeRecorder> recorder = Optional.empty();

    /** What is known of a batch's units beforehand, or from elsewhere. */
    interface Known {

        Known NOTHING = (value, box) -> {
            // Propagation and CROWN alone say what is known.
        };

        /**
         * Cuts the boxes of what an activation reads, in place: before and after CROWN bounds them, and before anything rests
         * on them.
         */
        void cut(int value, DeviceBox box);

        /** As {@link #cut}, when nothing else will tighten the boxes. */
        default void finish(int value, DeviceBox box) {
            cut(value, box);
        }
    }

    /**
     * @param memory   owns the buffers; the caller closes it
     * @param capacity images that a batch may hold
     * @param most     forms that go back together, an even number
     */
    CrownPass(DeviceMemory memory, Plan plan, int capacity, int most, Crown.Settings settings) {
        this(memory, plan, capacity, most, settings, PatchPass.SHARE);
    }

    /** @param mostPatches the share of an image that patches may cover; 0 for none */
    CrownPass(DeviceMemory memory, Plan plan, int capacity, int most, Crown.Settings settings, double mostPatches) {
        this.backend = plan.backend();
        this.plan = plan;
        this.settings = settings;
        Optional<Affine> last = elided(plan);
        this.steps = margin(plan);
        this.boxes = new Boxes(memory, plan, capacity);
        this.relaxed = new RelaxedPlan(memory, plan, capacity, plan.steps());
        this.backward = new BackwardPass(memory, plan, relaxed, most, steps, value -> false);
        this.patches = new PatchPass(memory, plan, relaxed, backward, mostPatches);
        this.margins = last.map(layer -> MarginForms.elided(backend, memory, layer, most))
                .orElseGet(() -> MarginForms.ofLogits(backend, plan.classes()));
        long widest = (long) capacity * plan.steps().stream().filter(step -> !(step instanceof Step.Linear || step instanceof Step.Sum))
                .mapToInt(step -> plan.size(step.reads()[0])).max().orElse(0);
        this.sideOwners = memory.allocate(2 * widest);
        this.sideForms = memory.allocate(2 * widest);
        this.sides = memory.allocate(1);
        this.marks = memory.allocate((long) capacity * plan.steps().stream().filter(Step.MaxPool.class::isInstance)
                .mapToInt(step -> plan.size(step.reads()[0])).max().orElse(0));
        this.owners = memory.allocate(most);
        this.forms = memory.allocate(Math.max(most, MOST_SIDES));
    }

    RelaxedPlan relaxed() {
        return relaxed;
    }

    DeviceBox inputs() {
        return boxes.inputs();
    }

    /** Balls inside the inputs' boxes, where there are any. */
    Optional<InputBall> ball() {
        return ball;
    }

    /** The value at which forms of margins begin: what a dense last layer reads that is elided, else the logits. */
    static int margin(Plan plan) {
        return plan.steps().size() - (elided(plan).isPresent() ? 1 : 0);
    }

    /** A dense last layer; of float32 evaluations margins compare the logits themselves, which were rounded. */
    private static Optional<Affine> elided(Plan plan) {
        return plan.arithmetic() == Arithmetic.REAL ? plan.lastLayer() : Optional.empty();
    }

    /**
     * Bounds what every activation and every maximum pooling reads over the boxes, and relaxes them accordingly: by propagated
     * boxes, by CROWN, or by the tighter of both.
     *
     * @param labels {@code [N]}, what margins are of
     * @param region what the batch's images may become
     */
    void relax(int[] labels, InputRegion region) {
        relax(labels, region, Known.NOTHING);
    }

    /** As {@link #relax(int[], InputRegion)}, with boxes of units cut by what is known of them. */
    void relax(int[] labels, InputRegion region, Known known) {
        relax(labels, region, known, steps);
    }

    /** As {@link #relax(int[], InputRegion, Known)}, through the first {@code end} steps, for forms that begin there. */
    void relax(int[] labels, InputRegion region, Known known, int end) {
        this.known = known;
        images = labels.length;
        margins.setLabels(labels);
        ball = region.enter(boxes.inputs());
        relaxed.take(0, boxes.inputs(), images);
        Forward forward = new Forward(true, settings.unitSteps());
        plan.steps().subList(0, Math.min(end, steps)).forEach(step -> step.accept(forward));
    }

    /**
     * After {@link #relax}, bounds every side of a unit that is still open with slopes of its own, layer after layer.
     *
     * @param found what that pass was given to know, and found: no box gets wider
     */
    void optimiseUnits(int unitSteps, HostBoxes found) {
        known = found;
        Forward forward = new Forward(false, unitSteps);
        plan.steps().subList(0, steps).forEach(step -> step.accept(forward));
    }

    /** Ends the optimisation of slopes, of units and of what is bounded by this pass, from step to step when the time is up. */
    void endWhen(BooleanSupplier isLate) {
        late = isLate;
    }

    /** Whether slopes are good enough as they are. */
    boolean isLate() {
        return late.getAsBoolean();
    }

    /** Has slopes that bound sides of units told to {@code slopes}, from now on. */
    void recordTo(SlopeRecorder slopes) {
        recorder = Optional.of(slopes);
    }

    /** Takes account of a dense last layer, which {@link #relax} leaves out, for forms that begin at the logits. */
    void accountForLogits() {
        if (steps < plan.steps().size()) {
            relaxed.account((Step.Linear) plan.steps().get(steps), boxes.value(steps), images);
        }
    }

    /** Lower bounds of any inequalities over the box of the first image, after {@link #relax}; NaN where none is known. */
    float[] lowerBounds(SpecificationForms asked) {
        try (DeviceMemory scratch = new DeviceMemory(backend)) {
            accountForLogits();
            return asked.lowerBounds(scratch, relaxed, boxes.inputs(), ball);
        }
    }

    /** One step after the other. */
    private final class Forward implements Step.Visitor<Void> {

        /** Whether units are bounded by CROWN's own slopes. */
        private final boolean withOwnSlopes;
        /** In which slopes of each side are optimised. */
        private final int unitSteps;

        Forward(boolean withOwnSlopes, int unitSteps) {
            this.withOwnSlopes = withOwnSlopes;
            this.unitSteps = unitSteps;
        }

        @Override
        public Void linear(Step.Linear step) {
            relaxed.account(step, boxes.value(step.from()), images);
            return push(step);
        }

        @Override
        public Void relu(Step.Relu step) {
            DeviceBox box = boxes.value(step.from());
            tighten(step.from(), box, 0, Float.POSITIVE_INFINITY);
            relaxed.relax(step, box, images);
            return push(step);
        }

        @Override
        public Void activation(Step.Activation step) {
            DeviceBox box = boxes.value(step.from());
            tighten(step.from(), box, step.function().firstBend(), step.function().lastBend());
            relaxed.relax(step, box, images);
            return push(step);
        }

        /** What a ReLU or another activation makes is as tight as what that reads, but for what no form back could win. */
        @Override
        public Void maxPool(Step.MaxPool step) {
            DeviceBox box = boxes.value(step.from());
            relaxed.relax(step, box, images);
            if (withOwnSlopes && settings.units() == Crown.Units.CROWN && !isExact(step.from())
                    && !(plan.steps().get(step.from() - 1) instanceof Step.Relu)
                    && !(plan.steps().get(step.from() - 1) instanceof Step.Activation)) {
                backend.maxPooling().contested(box.lower(), box.upper(), images, relaxed.pooling(step.to()), marks);
                tightenOpen(step.from(), box, new DeviceBox(marks, marks), 0, Float.POSITIVE_INFINITY);
                relaxed.relax(step, box, images);
            }
            return push(step);
        }

        @Override
        public Void sum(Step.Sum step) {
            return push(step);
        }

        /** CROWN where the box of a unit goes over a bend of its activation; elsewhere its lines are exact already. */
        private void tighten(int value, DeviceBox box, float firstBend, float lastBend) {
            known.cut(value, box);
            if (settings.units() == Crown.Units.CROWN && !isExact(value)) {
                if (withOwnSlopes) {
                    tightenOpen(value, box, box, firstBend, lastBend);
                }
                if (unitSteps > 0) {
                    optimiseOpen(value, box, firstBend, lastBend, unitSteps);
                }
                known.finish(value, box);
            }
        }

        private Void push(Step step) {
            relaxed.deviate(step, boxes::value, images);
            boxes.push(step, images);
            relaxed.take(step.to(), boxes.value(step.to()), images);
            return null;
        }
    }

    /** Whether a value's propagated box can't be tighter but for rounding: the inputs' own, or one affine map of a box. */
    private boolean isExact(int value) {
        return isBox(value) || ball.isEmpty() && plan.steps().get(value - 1) instanceof Step.Linear linear
                && isBox(linear.from());
    }

    /** Whether a value takes all of its box: it is the input, or its elements on their own. */
    private boolean isBox(int value) {
        return value == 0 || plan.steps().get(value - 1) instanceof Step.Linear linear && linear.operator().separates()
                && isBox(linear.from());
    }

    /** Optimises slopes for each side that CROWN's own leave open. */
    private void optimiseOpen(int value, DeviceBox box, float firstBend, float lastBend, int unitSteps) {
        int units = plan.size(value);
        backend.reluRelaxations().openSides(firstBend, lastBend, box.lower(), box.upper(), images, units, sideOwners, sideForms,
                sides);
        int[] count = new int[1];
        backend.read(sides, count);
        LogitForms unitForms = unitForms(value);
        if (count[0] == 0 || !AlphaOptimisation.pays(plan, unitForms.value())) {
            return;
        }
        int[] owner = new int[count[0]];
        int[] form = new int[count[0]];
        backend.read(sideOwners, owner);
        backend.read(sideForms, form);
        try (DeviceMemory scratch = new DeviceMemory(backend)) {
            AlphaOptimisation slopes = new AlphaOptimisation(scratch, plan, this, unitForms, BackwardPass.together(plan,
                    unitForms.value(), AlphaOptimisation.kept(plan, unitForms.value()), Math.min(count[0], MOST_SIDES)));
            recorder.ifPresent(to -> slopes.recordTo(value, to));
            float[] lower = slopes.lowerBounds(new FormRows(owner, form), unitSteps, Float.POSITIVE_INFINITY);
            backend.reluRelaxations().tighten(scratch.holding(lower), count[0], sideOwners, sideForms, units, box.lower(),
                    box.upper());
        }
    }

    /** A value's elements, then their negatives: from what a dense layer reads that makes them, else from themselves. */
    LogitForms unitForms(int value) {
        boolean dense = relaxed.isExact()
                && plan.steps().get(value - 1) instanceof Step.Linear linear && linear.operator().dense().isPresent();
        int start = dense ? plan.steps().get(value - 1).reads()[0] : value;
        return new LogitForms() {
            @Override
            public int value() {
                return start;
            }

            @Override
            public void enter(FormRows rows, BackwardPass pass) {
                DeviceBuffer asked = forms.slice(0, rows.count());
                backend.write(rows.forms(), asked);
                if (dense) {
                    ((Step.Linear) plan.steps().get(value - 1)).operator().enter(asked, rows.count(), pass.coefficients(start),
                            pass.constants());
                } else {
                    backend.linearRelaxations().enterUnits(plan.size(value), asked, rows.count(), pass.coefficients(start),
                            pass.constants());
                }
            }
        };
    }

    /** Forgets what interval propagation says of a value's boxes. */
    private void forget(int value, DeviceBox box) {
        long length = (long) images * plan.size(value);
        backend.fill(box.lower().slice(0, length), Float.NaN);
        backend.fill(box.upper().slice(0, length), Float.NaN);
    }

    /** @param asked whose elements between the bends say which units to bound; the textbook's form bounds all */
    private void tightenOpen(int value, DeviceBox box, DeviceBox asked, float firstBend, float lastBend) {
        int units = plan.size(value);
        backend.reluRelaxations().openSides(settings.textbook() ? Float.NaN : firstBend, lastBend, asked.lower(), asked.upper(),
                images, units, sideOwners, sideForms, sides);
        int[] count = new int[1];
        backend.read(sides, count);
        if (settings.textbook()) {
            forget(value, box);
        }
        boolean inPatches = patches.takes(value);
        if (inPatches) {
            patches.order(value, count[0], sideOwners, sideForms);
        }
        for (int from = 0; from < count[0]; from += backward.capacity()) {
            int rows = Math.min(backward.capacity(), count[0] - from);
            DeviceBuffer owner = sideOwners.slice(from, rows);
            DeviceBuffer form = sideForms.slice(from, rows);
            if (inPatches) {
                patches.run(value, rows, owner, form, boxes.inputs(), ball);
            } else {
                run(enterOutputs(value, form, rows), rows, owner);
            }
            backend.reluRelaxations().tighten(backward.constants(), rows, owner, form, units, box.lower(), box.upper());
        }
    }

    /**
     * Enters elements of a value, or their negatives.
     *
     * @return the value at which the forms' coefficients stand
     */
    private int enterOutputs(int value, DeviceBuffer form, int rows) {
        if (relaxed.isExact() && plan.steps().get(value - 1) instanceof Step.Linear linear
                && linear.operator().enter(form, rows, backward.coefficients(linear.from()), backward.constants())) {
            return linear.from();
        }
        backend.linearRelaxations().enterUnits(plan.size(value), form, rows, backward.coefficients(value),
                backward.constants());
        return value;
    }

    private void run(int value, int rows, DeviceBuffer owner) {
        backward.run(value, rows, owner, backward.adaptive(owner), boxes.inputs(), ball);
    }

    /** {@code [N,2 C]}: lower bounds of every image's logits, then of their negatives. */
    float[] logits() {
        FormRows all = FormRows.all(images, 2 * plan.classes());
        return minima(all, (chunk, rows) -> {
            backend.write(chunk.forms(), forms);
            return enterOutputs(plan.values() - 1, forms, rows);
        });
    }

    /** {@code [rows]}: lower bounds of margins; form c is {@code logit[label] - logit[c]}. */
    float[] margins(FormRows asked) {
        return minima(asked, (chunk, rows) -> {
            enterMargins(chunk, backward);
            return steps;
        });
    }

    private void enterMargins(FormRows chunk, BackwardPass pass) {
        margins.enter(chunk, this::magnitudes, pass.coefficients(steps), pass.constants());
    }

    /** Margins, for a pass of the caller's; those that are asked for by {@link #margins}' rows. */
    LogitForms marginForms() {
        return new LogitForms() {
            @Override
            public int value() {
                return steps;
            }

            @Override
            public void enter(FormRows rows, BackwardPass pass) {
                enterMargins(rows, pass);
            }
        };
    }

    /** {@code [N,in]} of the value at which margins begin: nowhere is it further from 0; NaN if that is unknown. */
    private float[] magnitudes() {
        DeviceBox box = boxes.value(steps);
        float[] lower = read(box.lower(), plan.size(steps));
        float[] upper = read(box.upper(), plan.size(steps));
        for (int k = 0; k < lower.length; ++k) {
            lower[k] = Math.max(Math.abs(lower[k]), Math.abs(upper[k]));
        }
        return lower;
    }

    private float[] read(DeviceBuffer source, int columns) {
        float[] values = new float[HostArrays.length("bounds of images by units", images, columns)];
        backend.read(source, values);
        return values;
    }

    /** Enters some forms into {@link #backward} and says at which value they stand. */
    private interface Entry {
        int enter(FormRows chunk, int rows);
    }

    /** NaN where no bound is known. */
    private float[] minima(FormRows asked, Entry entry) {
        float[] minima = new float[asked.count()];
        for (FormRows chunk : asked.chunks(backward.capacity())) {
            int rows = chunk.count();
            backend.write(chunk.owners(), owners);
            run(entry.enter(chunk, rows), rows, owners);
            System.arraycopy(known(backend, backward.constants(), rows), 0, minima, chunk.from(), rows);
        }
        return minima;
    }

    /** Bounds as a pass leaves them, NaN where they say nothing. */
    static float[] known(Backend backend, DeviceBuffer constants, int rows) {
        float[] minima = new float[rows];
        backend.read(constants, minima);
        for (int r = 0; r < rows; ++r) {
            minima[r] = Math.abs(minima[r]) < Float.MAX_VALUE ? minima[r] : Float.NaN; // beyond it nothing is known
        }
        return minima;
    }

    /** The better of two lower bounds; NaN is none. */
    static float tighter(float a, float b) {
        return b > a || Float.isNaN(a) ? b : a;
    }
}
