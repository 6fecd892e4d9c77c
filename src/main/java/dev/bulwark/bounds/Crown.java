package dev.bulwark.bounds;

import dev.bulwark.data.Ball;
import dev.bulwark.device.Backend;
import dev.bulwark.device.DeviceBuffer;
import dev.bulwark.device.DeviceMemory;
import dev.bulwark.plan.Logits;
import dev.bulwark.plan.Plan;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import java.util.function.IntPredicate;
import java.util.stream.IntStream;

/**
 * CROWN (Zhang et al. 2018): margins as affine forms that go back through the network, every activation replaced by a line
 * on the side that keeps them lower bounds. With steps, alpha-CROWN (Xu et al. 2021): the lines' slopes are optimised for every
 * margin, and before that for each side of every hidden unit that CROWN leaves open. A side's slopes are optimised for its own
 * bound: margins only gain by tighter boxes of units, so that the best slopes of units for a margin are the best ones for the
 * units themselves.
 *
 * <p>Over an l2 or l1 ball forms end in the dual norm, of the elements that the input range lets move.
 *
 * <p>Units' boxes are bounded by CROWN as well, layer after layer, or by IBP alone, which is CROWN-IBP (Zhang et al. 2020). But
 * for the {@linkplain Settings#textbook textbook's form}, every answer is the best of this and of {@link Ibp}: what that
 * certifies, this does. The package's description has the proof that rounding is accounted for.
 */
public final class Crown implements Verifier {

    /** Steps after which slopes gain little on fully connected networks, those of margins as well as those of units. */
    public static final int DEFAULT_STEPS = 20;

    /**
     * Images whose lines are kept at a time. CROWN's bounds do not depend on it beyond their last bits; those of optimised
     * slopes do, since steps end when all margins that are optimised together are positive.
     */
    private static final int BATCH = 128;
    /** Forms that go back together: a matrix product of this number of rows keeps any device busy. */
    private static final int FORMS = 8192;
    /** As {@link #FORMS}, with slopes for each: ten times the memory. */
    private static final int MARGINS = 2048;

    private final Backend backend;
    private final Plan plan;
    private final Ibp ibp;
    private final Settings settings;
    private BooleanSupplier late = () -> false;
    /** What {@link #batch} lies in. */
    private final DeviceMemory memory;
    /** The last call's, which the next one uses again. */
    private Optional<Batch> batch = Optional.empty();

    /** How the boxes of units are bounded that relaxations are chosen by. */
    public enum Units {
        /** By interval propagation: only margins and logits go back, which costs far less. */
        IBP,
        /** By CROWN, layer after layer. */
        CROWN
    }

    /**
     * A method of this family.
     *
     * @param textbook the method as published: units' boxes and margins by it alone, not cut with those that interval
     *                 propagation finds. Never better, nor faster; for comparisons
     * @param steps    of the slopes; 0 for CROWN's own slopes
     * @param unitSteps of slopes for the sides of hidden units that CROWN's own leave open, each side for itself; 0 for none
     */
    public record Settings(Units units, boolean textbook, int steps, int unitSteps) {

        public Settings {
            Objects.requireNonNull(units, "units");
            requireSteps(steps);
            requireSteps(unitSteps);
        }

        private static void requireSteps(int steps) {
            if (steps < 0) {
                throw new IllegalArgumentException("steps must not be negative: " + steps);
            }
        }

        /** Without steps for units. */
        public Settings(Units units, boolean textbook, int steps) {
            this(units, textbook, steps, 0);
        }

        private Settings withoutUnitSteps() {
            return new Settings(units, textbook, steps);
        }
    }

    /** CROWN, or with steps alpha-CROWN, of units too, cut with {@link Ibp}. */
    public Crown(Plan plan, int steps) {
        this(plan, new Settings(Units.CROWN, false, steps, steps));
    }

    /** @param plan must outlive this object */
    public Crown(Plan plan, Settings settings) {
        this.backend = plan.backend();
        this.plan = plan;
        this.ibp = new Ibp(plan);
        this.settings = settings;
        this.memory = new DeviceMemory(backend);
    }

    @Override
    public List<Bounds> verify(float[] images, int[] labels, List<Ball> balls) {
        List<Bounds> propagated = ibp.verify(images, labels, balls);
        int inputs = plan.inputs();
        int size = Math.max(1, Math.min(Math.min(BATCH, plan.imagesPerCall()), labels.length));
        Batch batches = batchFor(size);
        List<Bounds> bounds = new ArrayList<>();
        for (int from = 0; from < labels.length; from += size) {
            int to = Math.min(from + size, labels.length);
            long length = (long) (to - from) * inputs;
            backend.write(Arrays.copyOfRange(images, from * inputs, to * inputs), batches.pixels);
            bounds.addAll(batches.tighten(propagated.subList(from, to),
                    InputRegion.balls(backend, batches.pixels.slice(0, length), balls.subList(from, to), batches.epsilons)));
        }
        requireNoContradiction(bounds, images);
        return bounds;
    }

    /**
     * Bounds over any box around one image, for instance one with unequal sides.
     *
     * @param box   {@code [D]}, finite
     * @param image {@code [D]}, inside the box
     */
    public Bounds verify(Box box, float[] image, int label) {
        List<Bounds> propagated = List.of(ibp.verify(box, image, label));
        List<Bounds> bounds = batchFor(1).tighten(propagated, InputRegion.box(backend, box));
        requireNoContradiction(bounds, image);
        return bounds.get(0);
    }

    @Override
    public float[] lowerBounds(Region region, Specification specification) {
        SpecificationForms forms = new SpecificationForms(plan, specification);
        float[] best = new float[forms.rows().count()];
        Arrays.fill(best, Float.NaN);
        if (!settings.textbook) {
            takeBetter(best, ibp.lowerBounds(region, specification));
        }
        try (DeviceMemory scratch = new DeviceMemory(backend)) {
            CrownPass pass = new CrownPass(scratch, plan, 1, forms(1), settings.withoutUnitSteps());
            HostBoxes found = new HostBoxes(plan, 1);
            pass.relax(new int[1], InputRegion.of(region, plan, scratch), known(found));
            takeBetter(best, pass.lowerBounds(forms));
            if (settings.unitSteps > 0 && !specification.provenBy(k -> best[k])) {
                pass.optimiseUnits(settings.unitSteps, found);
                takeBetter(best, pass.lowerBounds(forms));
            }
            if (slopesPay() && !specification.provenBy(k -> best[k])) {
                FormRows all = forms.rows();
                takeBetter(best, new AlphaOptimisation(scratch, plan, pass, forms, optimised(forms.value(), all.count()))
                        .lowerBounds(all, settings.steps));
            }
        }
        return best;
    }

    /** @param found keeps boxes where another pass will go on from them */
    private CrownPass.Known known(HostBoxes found) {
        return settings.unitSteps > 0 ? found : CrownPass.Known.NOTHING;
    }

    private boolean slopesPay() {
        return settings.steps > 0 && AlphaOptimisation.pays(plan);
    }

    /**
     * Ends the optimisation of slopes from step to step when the time is up: bounds are then what they are by then, and depend on
     * the machine.
     */
    void endWhen(BooleanSupplier isLate) {
        late = isLate;
    }

    private int forms(int images) {
        return forms(plan, images);
    }

    /** Forms that go back together, of a batch of {@code images}. */
    static int forms(Plan plan, int images) {
        long widest = plan.steps().stream().mapToInt(step -> plan.size(step.to())).max().orElseThrow();
        return BackwardPass.together(plan, CrownPass.margin(plan), value -> false, Math.min(FORMS, 2 * widest * images));
    }

    /** How many of {@code count} forms that begin at value {@code last} have their slopes optimised together. */
    private int optimised(int last, long count) {
        return BackwardPass.together(plan, last, AlphaOptimisation.kept(plan, last), Math.min(MARGINS, count));
    }

    private static void takeBetter(float[] best, float[] found) {
        for (int k = 0; k < best.length; ++k) {
            best[k] = CrownPass.tighter(best[k], found[k]);
        }
    }

    @Override
    public Plan plan() {
        return plan;
    }

    /** What holds at least {@code images}: the last call's, if it is large enough. */
    private Batch batchFor(int images) {
        if (batch.isEmpty() || batch.get().capacity < images) {
            closeBatch();
            batch = Optional.of(new Batch(images));
        }
        return batch.get();
    }

    @Override
    public void close() {
        closeBatch();
        ibp.close();
    }

    private void closeBatch() {
        batch = Optional.empty();
        memory.close();
    }

    /** A certificate may contradict a clean prediction other than the label. */
    private void requireNoContradiction(List<Bounds> bounds, float[] images) {
        for (int n = 0; n < bounds.size(); ++n) {
            if (FloatPass.disagrees(bounds.get(n))) {
                int inputs = plan.inputs();
                float[] image = Arrays.copyOfRange(images, n * inputs, (n + 1) * inputs);
                FloatPass.requireNoContradiction(plan, n, bounds.get(n), image, cleanLogits(image));
            }
        }
    }

    private float[] cleanLogits(float[] image) {
        try (DeviceMemory scratch = new DeviceMemory(backend)) {
            float[] logits = new float[plan.classes()];
            backend.read(new Logits(scratch, plan, 1).of(scratch.holding(image), 1), logits);
            return logits;
        }
    }

    /** One batch after another, in the same buffers. */
    private final class Batch {
        private final int capacity;
        private final DeviceBuffer pixels;
        private final DeviceBuffer epsilons;
        private final CrownPass pass;
        private final Optional<AlphaOptimisation> optimisation;

        /** @param capacity images that a batch may hold */
        Batch(int capacity) {
            this.capacity = capacity;
            pixels = memory.allocate((long) capacity * plan.inputs());
            epsilons = memory.allocate(capacity);
            pass = new CrownPass(memory, plan, capacity, forms(capacity), settings.withoutUnitSteps());
            pass.endWhen(() -> late.getAsBoolean());
            optimisation = slopesPay() ? Optional.of(new AlphaOptimisation(memory, plan, pass, pass.marginForms(),
                    optimised(CrownPass.margin(plan), (long) plan.classes() * capacity))) : Optional.empty();
        }

        /**
         * @param propagated what {@link Ibp} found for the batch
         * @param region     what its images may become
         */
        List<Bounds> tighten(List<Bounds> propagated, InputRegion region) {
            HostBoxes found = new HostBoxes(plan, propagated.size());
            pass.relax(propagated.stream().mapToInt(Bounds::label).toArray(), region, known(found));
            Margins margins = settings.textbook ? Margins.unknown(propagated, plan.classes())
                    : Margins.of(propagated, plan.classes());
            margins.takeLogits(pass.logits());
            FormRows all = margins.open(n -> true, Float.POSITIVE_INFINITY);
            margins.take(all, pass.margins(all));
            // No margin of a misclassified image is worth a step: the image lies in its own box.
            IntPredicate correct = n -> propagated.get(n).cleanPrediction() == propagated.get(n).label();
            if (IntStream.range(0, propagated.size()).anyMatch(correct)) {
                optimise(margins, margins.open(correct, Float.POSITIVE_INFINITY), found);
            }
            return margins.bounds();
        }

        /** Alpha-CROWN's part: what CROWN found stays where it is better. */
        private void optimise(Margins margins, FormRows asked, HostBoxes found) {
            if (settings.unitSteps > 0) {
                pass.optimiseUnits(settings.unitSteps, found);
                margins.takeLogits(pass.logits());
            }
            optimisation.ifPresent(
                    slopes -> margins.take(asked, slopes.lowerBounds(asked, settings.steps, Float.POSITIVE_INFINITY)));
        }
    }
}
