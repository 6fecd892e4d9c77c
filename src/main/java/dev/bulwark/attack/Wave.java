package dev.bulwark.attack;

import dev.bulwark.device.Backend;
import dev.bulwark.device.DeviceBuffer;
import dev.bulwark.device.DeviceMemory;
import dev.bulwark.plan.Logits;
import dev.bulwark.plan.Plan;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.IntPredicate;
import java.util.function.ToIntFunction;
import java.util.stream.IntStream;

/**
 * Trials that run together, a row each on the device: which row is whose, which points the float network gets wrong, and which
 * rows may leave. A row leaves where its trial, or an earlier one on its image, has succeeded.
 */
final class Wave {

    /** No network's prediction: a row where nothing was kept. */
    static final int NOTHING_KEPT = -2;
    /** Rows leave once they are more than one in this number. */
    private static final int WORTH_LEAVING = 8;

    private final Backend backend;
    private final int inputs;
    private final int classes;
    private final FeasibleSet set;
    private final Logits forward;
    private final InputGradient gradient;
    private final DeviceBuffer chosen;
    private final DeviceBuffer keeping;
    private final DeviceBuffer labels;
    private final DeviceBuffer targets;
    private final DeviceBuffer indices;
    private final DeviceBuffer starts;
    private final DeviceBuffer predictions;
    private final DeviceBuffer spare;
    private final Passes passes = new Passes();
    private final Map<Integer, Found> found = new HashMap<>();
    private final Map<Integer, Integer> earliest = new HashMap<>();
    private final Map<Integer, Float> closest = new HashMap<>();
    private final Set<Integer> withoutGradient = new HashSet<>();
    private BatchImages batch;
    private List<Trial> trials = List.of();
    private int[] trialOf = {};

    /** Passes of one row each. */
    static final class Passes {
        private long forward;
        private long backward;

        void add(long forwards, long backwards) {
            forward += forwards;
            backward += backwards;
        }

        long forward() {
            return forward;
        }

        long backward() {
            return backward;
        }
    }

    /** Where a trial succeeded, and the class that the float network gives there. */
    record Found(int prediction, float[] image) {
    }

    /** What a search has of each row, {@code [rows,columns]}. */
    record State(DeviceBuffer buffer, int columns) {
    }

    /**
     * @param memory   owns the buffers; the caller closes it
     * @param capacity trials that may run together
     */
    Wave(DeviceMemory memory, Plan network, SuiteSettings settings, InputGradient gradient, int capacity) {
        this.backend = network.backend();
        this.inputs = network.inputs();
        this.classes = network.classes();
        this.gradient = gradient;
        this.set = FeasibleSet.of(memory, network, settings.ball(), settings.startKey(), capacity);
        this.forward = new Logits(memory, network, capacity);
        this.chosen = memory.allocate(capacity);
        this.keeping = memory.allocate(capacity);
        this.labels = memory.allocate(capacity);
        this.targets = memory.allocate(capacity);
        this.indices = memory.allocate(capacity);
        this.starts = memory.allocate(capacity);
        this.predictions = memory.allocate(capacity);
        this.spare = memory.allocate((long) capacity * inputs);
    }

    // ---- rows --------------------------------------------------------------------------------------------------------

    /** Takes up other trials, in their order. */
    void begin(List<Trial> other, BatchImages images) {
        batch = images;
        trials = other;
        trialOf = IntStream.range(0, trials.size()).toArray();
        found.clear();
        earliest.clear();
        closest.clear();
        withoutGradient.clear();
        float[] rows = new float[trials.size() * inputs];
        for (int k = 0; k < trials.size(); ++k) {
            System.arraycopy(batch.images(), trials.get(k).position() * inputs, rows, k * inputs, inputs);
        }
        set.load(rows);
        describeRows();
        choose();
    }

    private void describeRows() {
        backend.write(trialOf, chosen);
        backend.write(ofRows(trial -> batch.labels()[trial.position()]), labels);
        backend.write(ofRows(trial -> Math.max(0, trial.target())), targets);
        backend.write(ofRows(trial -> batch.indices()[trial.position()]), indices);
        backend.write(ofRows(Trial::start), starts);
        gradient.setRows(rows());
    }

    /** Has the set take the rows as they are now. */
    void choose() {
        set.choose(chosen, rows());
    }

    /** A number of each row's trial. */
    int[] ofRows(ToIntFunction<Trial> number) {
        return IntStream.range(0, rows()).map(row -> number.applyAsInt(trial(row))).toArray();
    }

    int rows() {
        return trialOf.length;
    }

    Trial trial(int row) {
        return trials.get(trialOf[row]);
    }

    int indexOf(int row) {
        return batch.indices()[trial(row).position()];
    }

    /** Puts each row at a random point of its set. */
    void startAtRandom(DeviceBuffer x) {
        set.start(new FeasibleSet.Starting(trialOf, chosen, ofRows(trial -> batch.indices()[trial.position()]), indices,
                ofRows(Trial::start), starts), x);
    }

    FeasibleSet set() {
        return set;
    }

    DeviceBuffer labels() {
        return labels;
    }

    Optional<DeviceBuffer> targets() {
        return Optional.of(targets);
    }

    DeviceBuffer indices() {
        return indices;
    }

    DeviceBuffer starts() {
        return starts;
    }

    Passes passes() {
        return passes;
    }

    // ---- what is found -----------------------------------------------------------------------------------------------

    /** Keeps the rows of x that these logits break, and as what. */
    void look(DeviceBuffer x, DeviceBuffer logits, DeviceBuffer kept, DeviceBuffer keptPredictions) {
        predict(logits);
        backend.votes().keepMisclassified(x, predictions, labels, rows(), inputs, kept, keptPredictions);
    }

    /** The classes of logits, {@code int [rows]}. */
    DeviceBuffer predict(DeviceBuffer logits) {
        backend.votes().argMax(logits, rows(), classes, predictions);
        return predictions;
    }

    /** Asks the float network about points {@code [rows,D]} of the set: those that it gives another class are successes. */
    void judge(DeviceBuffer points, IntPredicate asked) {
        if (IntStream.range(0, rows()).noneMatch(asked)) {
            return;
        }
        int[] predicted = new int[rows()];
        float[] logits = new float[rows() * classes];
        DeviceBuffer onDevice = forward.of(points, rows());
        backend.read(onDevice, logits);
        backend.read(predict(onDevice), predicted);
        passes.add(rows(), 0);
        int[] open = IntStream.range(0, rows()).filter(asked).filter(this::isOpen).toArray();
        for (int row : open) {
            int position = trial(row).position();
            closest.merge(position, relativeMargin(logits, row * classes, batch.labels()[position]), Math::min);
        }
        int[] broken = Arrays.stream(open).filter(row -> batch.targets().breaks(trial(row).position(), predicted[row])).toArray();
        if (broken.length == 0) {
            return;
        }
        float[] images = new float[rows() * inputs];
        backend.read(points, images);
        for (int row : broken) {
            found.put(trialOf[row], new Found(predicted[row], Arrays.copyOfRange(images, row * inputs, (row + 1) * inputs)));
            earliest.merge(trial(row).position(), trialOf[row], Math::min);
        }
    }

    /** The label's logit above the largest other one, in multiples of the logit of the largest magnitude; NaN where one is. */
    private float relativeMargin(float[] logits, int from, int label) {
        float rival = Float.NEGATIVE_INFINITY;
        float largest = 0;
        for (int c = 0; c < classes; ++c) {
            rival = c == label ? rival : Math.max(rival, logits[from + c]);
            largest = Math.max(largest, Math.abs(logits[from + c]));
        }
        return (logits[from + label] - rival) / largest;
    }

    /**
     * By position, the least margin of the float network at points that {@link #judge} was asked about, in multiples of the largest
     * magnitude of a logit.
     */
    Map<Integer, Float> closest() {
        return closest;
    }

    private boolean isOpen(int row) {
        return trialOf[row] < earliest.getOrDefault(trial(row).position(), Integer.MAX_VALUE);
    }

    /**
     * Lets rows leave that are through, if they are many, or none is left.
     *
     * @param states what the search has of each row, which moves with them
     * @return the rows that stayed, by their old numbers; empty where all stayed
     */
    Optional<int[]> leave(List<State> states) {
        int[] staying = IntStream.range(0, rows()).filter(this::isOpen).toArray();
        if (staying.length > 0 && (rows() - staying.length) * WORTH_LEAVING <= rows()) {
            return Optional.empty();
        }
        trialOf = Arrays.stream(staying).map(row -> trialOf[row]).toArray();
        if (staying.length > 0) {
            backend.write(staying, keeping);
            for (State state : states) {
                backend.indexing().gather(state.buffer(), keeping, rows(), state.columns(), spare);
                backend.copy(spare, (long) rows() * state.columns(), state.buffer());
            }
            describeRows();
            choose();
        }
        return Optional.of(staying);
    }

    /** Notes rows whose gradients are all 0. */
    void noteZeroGradients(DeviceBuffer gradients) {
        float[] values = new float[rows() * inputs];
        backend.read(gradients, values);
        for (int row = 0; row < rows(); ++row) {
            boolean none = true;
            for (int k = row * inputs; k < (row + 1) * inputs && none; ++k) {
                none = values[k] == 0;
            }
            if (none) {
                withoutGradient.add(trial(row).position());
            }
        }
    }

    /** Positions of images that {@link #noteZeroGradients} found one of. */
    Set<Integer> withoutGradient() {
        return withoutGradient;
    }

    /** Hands the successes on: of an image's several the first one. */
    void finish(Search search) {
        earliest.forEach((position, trial) -> batch.targets().setBroken(position, found.get(trial).prediction(), search.method(),
                search.loss(), found.get(trial).image()));
    }
}
