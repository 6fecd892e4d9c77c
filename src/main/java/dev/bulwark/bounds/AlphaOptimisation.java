package dev.bulwark.bounds;

import dev.bulwark.device.Backend;
import dev.bulwark.device.DeviceBuffer;
import dev.bulwark.device.DeviceMemory;
import dev.bulwark.device.Optimisers;
import dev.bulwark.device.Relaxation;
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
import java.util.stream.IntStream;

/**
 * Alpha-CROWN's slopes (Xu et al. 2021, "Fast and complete", section 3.1): the lower bound of each form, a margin or a side of a
 * hidden unit, climbs by projected Adam in the lower slopes of all units before ReLUs and leaky ReLUs, which every form has for
 * itself. Lines of other activations stay as they are.
 *
 * <p><b>Gradient.</b> With slopes alpha, a pass back ends in a form A_0 x + c whose least value f is taken at a corner x*
 * of the box. As the pass is linear in each slope alone, f changes with alpha[k,j] as it does with the coefficient at z[k,j]
 * times max(A[k,j], 0), A[k,j] being the coefficient at the unit's output. And f changes with the coefficient at z[k,j] as
 * fast as z[k,j] is large where x* is pushed forward on the very lines that the pass took: df/dalpha[k,j] =
 * max(A[k,j], 0) z*[k,j]. (At a kink of f, any of its gradients will do. Over an l2 or l1 ball x* is where the form is least
 * in the ball, though the box may know better.)
 *
 * <p>Gradients and slopes are rounded to nearest, for any slope from the least to 1 gives a bound; every step's bound
 * is sound by itself, and the best of them is kept.
 */
final class AlphaOptimisation implements BackwardPass.Slopes {

    private static final float FIRST_STEP = 0.25f;
    private static final double DECAY = 0.9;
    private static final float MEAN = 0.9f;
    private static final float SQUARE = 0.999f;
    private static final float TINY = 1e-12f;

    private final Backend backend;
    private final Plan plan;
    private final CrownPass pass;
    private final LogitForms forms;
    /** The value at which forms begin. */
    private final int last;
    private final BackwardPass backward;
    private final int capacity;
    private final DeviceBuffer owners;
    private final DeviceBuffer own;
    /** Constants that forms begin with. */
    private final DeviceBuffer first;
    /** Of all units with free slopes, activation after activation, for one launch to update: {@code [rows,units]} each. */
    private final DeviceBuffer slopes;
    private final DeviceBuffer gradients;
    private final DeviceBuffer means;
    private final DeviceBuffer squares;
    /** By the value that an activation with free slopes makes: units of those before it. */
    private final Map<Integer, Long> unitsBefore = new HashMap<>();
    private final long units;
    private final DeviceBuffer step;
    private final DeviceBuffer one;
    /** What the corners become on the lines. */
    private final Slots slots;
    private final DeviceBuffer corners;
    private final List<DeviceBuffer> points = new ArrayList<>();
    private int rows;
    /** Of the owners, where they are cut. */
    private Optional<CutMultipliers> cuts = Optional.empty();
    private Optional<Recorder> recorder = Optional.empty();

    /** Values at which a pass's coefficients are needed once more: what lines are of, and where forms begin. */
    static IntPredicate kept(Plan plan, int last) {
        return value -> value == last || value > 0 && (plan.steps().get(value - 1) instanceof Step.Relu
                || plan.steps().get(value - 1) instanceof Step.Activation
                || plan.steps().get(value - 1) instanceof Step.MaxPool);
    }

    /** Whether there is a slope to optimise. */
    static boolean pays(Plan plan) {
        return pays(plan, plan.steps().size());
    }

    /** Whether there is a slope to optimise, of forms that begin at value {@code last}. */
    static boolean pays(Plan plan, int last) {
        return plan.steps().subList(0, last).stream().anyMatch(step -> step instanceof Step.Relu
                || step instanceof Step.Activation activation && activation.function().leastSlope().isPresent());
    }

    /**
     * @param memory   owns the buffers; the caller closes it
     * @param forms    whose bounds climb
     * @param capacity forms that climb together
     */
    AlphaOptimisation(DeviceMemory memory, Plan plan, CrownPass pass, LogitForms forms, int capacity) {
        this.backend = plan.backend();
        this.plan = plan;
        this.pass = pass;
        this.forms = forms;
        this.last = forms.value();
        this.capacity = capacity;
        this.backward = new BackwardPass(memory, plan, pass.relaxed(), capacity, last, kept(plan, last));
        int[] identity = new int[capacity];
        for (int r = 0; r < capacity; ++r) {
            identity[r] = r;
        }
        this.own = memory.holding(identity);
        this.owners = memory.allocate(capacity);
        this.first = memory.allocate(capacity);
        this.units = countUnits();
        this.slopes = memory.allocate(capacity * units);
        this.gradients = memory.allocate(capacity * units);
        this.means = memory.allocate(capacity * units);
        this.squares = memory.allocate(capacity * units);
        this.step = memory.allocate(3);
        this.one = memory.holding(1f);
        this.slots = Slots.forward(plan);
        this.corners = memory.allocate((long) capacity * plan.inputs());
        for (int slot = 0; slot < slots.count(); ++slot) {
            int holder = slot;
            points.add(memory.allocate((long) capacity * IntStream.rangeClosed(1, last)
                    .filter(value -> slots.of(value) == holder).map(plan::size).max().orElse(0)));
        }
    }

    private long countUnits() {
        long count = 0;
        for (Step each : forward()) {
            if (pass.relaxed().hasFreeSlopes(each.to())) {
                unitsBefore.put(each.to(), count);
                count += plan.size(each.to());
            }
        }
        return count;
    }

    /** The steps that forms go back through. */
    private List<Step> forward() {
        return plan.steps().subList(0, last);
    }

    /** Has slopes that bound forms of value {@code of} told to {@code slopes}, by {@link #lowerBounds} from now on. */
    void recordTo(int of, SlopeRecorder slopes) {
        recorder = Optional.of((owner, form, bound, found) -> slopes.better(of, owner, form, bound, found));
    }

    /** A {@link SlopeRecorder} of one value. */
    private interface Recorder {
        void better(int owner, int form, float bound, float[] found);
    }

    /** Lower bounds of the forms asked for, after {@code steps}, when all are positive, or when the pass's time is up. */
    float[] lowerBounds(FormRows asked, int steps) {
        return lowerBounds(asked, steps, 0);
    }

    /** As above, or when all lie above {@code enough}. */
    float[] lowerBounds(FormRows asked, int steps, float enough) {
        float[] best = new float[asked.count()];
        for (FormRows chunk : asked.chunks(capacity)) {
            float[] part = climb(chunk, steps, enough);
            System.arraycopy(part, 0, best, chunk.from(), part.length);
        }
        return best;
    }

    private float[] climb(FormRows chunk, int steps, float enough) {
        start(chunk);
        float[] best = new float[rows];
        Arrays.fill(best, Float.NaN);
        take(chunk, minima(), best);
        for (int t = 1; t <= steps && !allAbove(best, enough) && !pass.isLate(); ++t) {
            differentiate();
            update(t);
            take(chunk, minima(), best);
        }
        return best;
    }

    private void take(FormRows chunk, float[] bound, float[] best) {
        List<float[]> found = recorder.isPresent() ? slopesOf() : List.of();
        for (int r = 0; r < rows; ++r) {
            float better = CrownPass.tighter(best[r], bound[r]);
            if (!found.isEmpty() && better == bound[r] && better != best[r]) {
                recorder.get().better(chunk.owners()[r], chunk.forms()[r], better, found.get(r));
            }
            best[r] = better;
        }
    }

    /** Enters forms, to go back as often as wanted, with CROWN's own slopes, each with a copy for itself. */
    void start(FormRows chunk) {
        rows = chunk.count();
        backend.write(chunk.owners(), owners);
        forms.enter(chunk, backward);
        backend.copy(backward.constants(), rows, first);
        unitsBefore.keySet().forEach(to -> backend.indexing().gather(pass.relaxed().lines(to).relaxation().lowerSlope(),
                owners, rows, plan.size(to), of(to)));
        backend.fill(means, 0f);
        backend.fill(squares, 0f);
        cuts = Optional.empty();
    }

    /** As {@link #start(FormRows)}, within half-spaces of the owners, whose multipliers climb as well. */
    void start(FormRows chunk, CutMultipliers multipliers) {
        start(chunk);
        cuts = Optional.of(multipliers);
    }

    /**
     * Enters other forms instead of some.
     *
     * @param row of the chunk
     */
    void enter(int row, float[] coefficients, float constant) {
        int size = plan.size(last);
        backend.write(coefficients, backward.coefficients(last).slice((long) row * size, size));
        backend.write(new float[] {constant}, first.slice(row, 1));
    }

    /** {@code [rows,size]}: what corners become where forms begin, after {@link #differentiate}. */
    float[] points() {
        float[] read = new float[rows * plan.size(last)];
        backend.read(points.get(slots.of(last)), read);
        return read;
    }

    /** Whether a unit of what an activation reads has a sign that is open: else its own slope is the only good one. */
    interface OpenUnits {
        boolean test(int row, int value, int unit);
    }

    /**
     * Takes slopes that were found before, of open units.
     *
     * @param found {@code [units]} of row r, as {@link #slopesOf} has them; null for none
     */
    void setSlopes(List<float[]> found, OpenUnits open) {
        for (Map.Entry<Integer, Long> entry : unitsBefore.entrySet()) {
            int to = entry.getKey();
            int from = plan.steps().get(to - 1).reads()[0];
            int before = Math.toIntExact(entry.getValue());
            int size = plan.size(to);
            float[] all = new float[rows * size];
            backend.read(of(to), all);
            for (int r = 0; r < rows; ++r) {
                for (int j = 0; found.get(r) != null && j < size; ++j) {
                    all[r * size + j] = open.test(r, from, j) ? found.get(r)[before + j] : all[r * size + j];
                }
            }
            backend.write(all, of(to));
        }
    }

    /** Every row's slopes, {@code [units]} each. */
    List<float[]> slopesOf() {
        List<float[]> found = new ArrayList<>();
        for (int r = 0; r < rows; ++r) {
            found.add(new float[Math.toIntExact(units)]);
        }
        unitsBefore.forEach((to, before) -> {
            int size = plan.size(to);
            float[] all = new float[rows * size];
            backend.read(of(to), all);
            for (int r = 0; r < rows; ++r) {
                System.arraycopy(all, r * size, found.get(r), Math.toIntExact(before), size);
            }
        });
        return found;
    }

    /** Coefficients of the last pass at what an activation makes, {@code [rows,size]}; at 0, at the inputs. */
    float[] coefficients(int value) {
        float[] read = new float[rows * plan.size(value)];
        backend.read(backward.coefficients(value), read);
        return read;
    }

    /** {@code [rows,D]}: where the forms of the last pass are least. */
    DeviceBuffer corners() {
        pass.ball().ifPresentOrElse(
                ball -> backend.linearRelaxations().corners(backward.coefficients(0), rows, owners, ball, plan.inputs(),
                        corners),
                () -> backend.linearRelaxations().corners(backward.coefficients(0), rows, owners, pass.inputs().lower(),
                        pass.inputs().upper(), plan.inputs(), corners));
        return corners;
    }

    /** Lower bounds with the slopes as they are; NaN where none is known. */
    float[] minima() {
        backend.copy(first, rows, backward.constants());
        backward.run(last, rows, owners, this, pass.inputs(), pass.ball());
        return CrownPass.known(backend, backward.constants(), rows);
    }

    private static boolean allAbove(float[] bounds, float enough) {
        for (float bound : bounds) {
            if (!(bound > enough)) {
                return false;
            }
        }
        return true;
    }

    /** Pushes the corners of the last pass forward on its lines, and leaves every slope's gradient on the way. */
    void differentiate() {
        corners();
        OnLines onLines = new OnLines();
        forward().forEach(each -> each.accept(onLines));
    }

    /** One step forward. */
    private final class OnLines implements Step.Visitor<Void> {

        private DeviceBuffer value(int number) {
            return number == 0 ? corners : points.get(slots.of(number));
        }

        @Override
        public Void linear(Step.Linear linear) {
            linear.operator().apply(value(linear.from()), rows, false, value(linear.to()));
            return null;
        }

        @Override
        public Void relu(Step.Relu relu) {
            return onLines(relu.from(), relu.to());
        }

        @Override
        public Void activation(Step.Activation activation) {
            return onLines(activation.from(), activation.to());
        }

        private Void onLines(int from, int to) {
            cuts.ifPresent(multipliers -> multipliers.differentiate(from, rows, owners, value(from)));
            DeviceBuffer z = value(to);
            if (value(from) != z) {
                backend.copy(value(from), (long) rows * plan.size(to), z);
            }
            Relaxation lines = pass.relaxed().lines(to).relaxation();
            if (lines.hasFreeSlopes()) {
                backend.linearRelaxations().onFreeLines(backward.coefficients(to), rows, owners, lines, of(to), z,
                        gradients(to));
            } else {
                backend.linearRelaxations().onFixedLines(backward.coefficients(to), rows, owners, lines, z);
            }
            return null;
        }

        @Override
        public Void maxPool(Step.MaxPool pool) {
            backend.maxPooling().onLines(backward.coefficients(pool.to()), rows, owners, pass.relaxed().pooling(pool.to()),
                    value(pool.from()), value(pool.to()));
            return null;
        }

        @Override
        public Void sum(Step.Sum sum) {
            backend.elementwise().add(value(sum.first()), value(sum.second()), (long) rows * plan.size(sum.to()),
                    value(sum.to()));
            return null;
        }
    }

    /** Step {@code t}, from 1, along the gradients. */
    void update(int t) {
        float rate = (float) (FIRST_STEP * Math.pow(DECAY, t - 1));
        backend.write(new float[] {rate, (float) (1 - Math.pow(MEAN, t)), (float) (1 - Math.pow(SQUARE, t))}, step);
        backend.optimisers().adam(slopes, gradients, means, squares, rows * units, MEAN, SQUARE, TINY, 0f, step, one);
        backend.elementwise().clamp(slopes, rows * units, 0f, 1f);
        for (int to : unitsBefore.keySet()) {
            float least = pass.relaxed().lines(to).relaxation().below().least();
            if (least > 0) {
                backend.elementwise().clamp(of(to), (long) rows * plan.size(to), least, 1f);
            }
        }
        cuts.ifPresent(multipliers -> multipliers.update(rows, MEAN, SQUARE, TINY, step, one));
    }

    @Override
    public boolean cuts() {
        return cuts.isPresent();
    }

    @Override
    public void cut(int from, RelaxedPlan.Lines lines, DeviceBuffer coefficients, DeviceBuffer constants) {
        cuts.ifPresent(multipliers -> multipliers.apply(from, rows, owners, lines, coefficients, constants));
    }

    /** The rows in use, of all activations' {@code buffer} that of one. */
    private DeviceBuffer slice(DeviceBuffer buffer, int to) {
        return buffer.slice(rows * unitsBefore.get(to), (long) rows * plan.size(to));
    }

    /** Of the negated bound, as {@link Optimisers#adam} goes downhill: {@code [rows,units]}. */
    DeviceBuffer gradients(int to) {
        return slice(gradients, to);
    }

    @Override
    public DeviceBuffer of(int to) {
        return slice(slopes, to);
    }

    @Override
    public DeviceBuffer rows() {
        return own;
    }
}
