package dev.bulwark.attack;

import dev.bulwark.device.Backend;
import dev.bulwark.device.DeviceBuffer;
import dev.bulwark.device.DeviceMemory;
import dev.bulwark.plan.Plan;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;

/** The points of auto-PGD's rows: where they are, where they were, their best and their last adversarial ones, and their losses. */
final class ApgdRows {

    private final Backend backend;
    private final Wave wave;
    private final InputGradient gradient;
    private final int inputs;
    private final DeviceBuffer x;
    private final DeviceBuffer previous;
    private final DeviceBuffer best;
    private final DeviceBuffer bestGradients;
    private final DeviceBuffer lengths;
    private final DeviceBuffer previousLosses;
    private final DeviceBuffer bestLosses;
    private final DeviceBuffer increases;
    private final DeviceBuffer flags;
    private final DeviceBuffer kept;
    private final DeviceBuffer keptPredictions;

    ApgdRows(DeviceMemory memory, Plan network, Wave wave, InputGradient gradient, int capacity) {
        this.backend = network.backend();
        this.wave = wave;
        this.gradient = gradient;
        this.inputs = network.inputs();
        long size = (long) capacity * inputs;
        this.x = memory.allocate(size);
        this.previous = memory.allocate(size);
        this.best = memory.allocate(size);
        this.bestGradients = memory.allocate(size);
        this.kept = memory.allocate(size);
        this.lengths = memory.allocate(capacity);
        this.previousLosses = memory.allocate(capacity);
        this.bestLosses = memory.allocate(capacity);
        this.increases = memory.allocate(capacity);
        this.flags = memory.allocate(capacity);
        this.keptPredictions = memory.allocate(capacity);
    }

    DeviceBuffer x() {
        return x;
    }

    DeviceBuffer best() {
        return best;
    }

    /** Of each row's next step, {@code [rows]}. */
    DeviceBuffer lengths() {
        return lengths;
    }

    /** {@code int [rows]}: which rows are to {@link #goBack}. */
    DeviceBuffer flags() {
        return flags;
    }

    private long elements() {
        return (long) wave.rows() * inputs;
    }

    /** Begins at x: it is the best so far. */
    void begin(AttackLoss loss) {
        int rows = wave.rows();
        backend.copy(x, elements(), previous);
        backend.copy(x, elements(), kept);
        int[] nothing = new int[rows];
        Arrays.fill(nothing, Wave.NOTHING_KEPT);
        backend.write(nothing, keptPredictions);
        evaluate(loss, true);
        wave.passes().add(rows, rows);
        wave.noteZeroGradients(gradient.gradients());
        backend.copy(x, elements(), best);
        backend.copy(gradient.gradients(), elements(), bestGradients);
        backend.copy(gradient.losses(), rows, bestLosses);
        backend.copy(gradient.losses(), rows, previousLosses);
        backend.zeroInts(increases);
    }

    /** One step, what it led to, and what is best by now; may be recorded. */
    void step(AttackLoss loss, float momentum, boolean looking) {
        wave.set().momentumStep(x, previous, gradient.gradients(), lengths, momentum, wave.rows());
        evaluate(loss, looking);
        backend.ascentSteps().compare(gradient.losses(), previousLosses, bestLosses, increases, flags, wave.rows());
        backend.ascentSteps().copyWhere(flags, x, best, wave.rows(), inputs);
        backend.ascentSteps().copyWhere(flags, gradient.gradients(), bestGradients, wave.rows(), inputs);
    }

    private void evaluate(AttackLoss loss, boolean looking) {
        DeviceBuffer logits = gradient.forward(x, wave.rows());
        if (looking) {
            wave.look(x, logits, kept, keptPredictions);
        }
        gradient.backward(loss, wave.labels(), wave.targets(), wave.rows());
    }

    /** Puts the flagged rows at their best points. */
    void goBack() {
        backend.ascentSteps().copyWhere(flags, best, x, wave.rows(), inputs);
        backend.ascentSteps().copyWhere(flags, bestGradients, gradient.gradients(), wave.rows(), inputs);
    }

    /** Adapts step sizes at a checkpoint. */
    void adapt(StepSchedule schedule, int interval) {
        int[] rises = new int[wave.rows()];
        backend.read(increases, rises);
        backend.write(schedule.adapt(interval, rises, bestLosses()), flags);
        backend.write(schedule.lengths(), lengths);
        backend.zeroInts(increases);
        goBack();
    }

    float[] bestLosses() {
        float[] losses = new float[wave.rows()];
        backend.read(bestLosses, losses);
        return losses;
    }

    /** Asks the float network about the last points that looked adversarial, and about the best ones. */
    void judge() {
        int[] seen = new int[wave.rows()];
        backend.read(keptPredictions, seen);
        wave.judge(kept, row -> seen[row] != Wave.NOTHING_KEPT);
        wave.judge(best, row -> true);
        IntStream.range(0, seen.length).forEach(row -> seen[row] = Wave.NOTHING_KEPT);
        backend.write(seen, keptPredictions);
    }

    /** Everything that moves with the rows. */
    List<Wave.State> states() {
        List<Wave.State> states = new ArrayList<>();
        for (DeviceBuffer points : List.of(x, previous, best, bestGradients, gradient.gradients())) {
            states.add(new Wave.State(points, inputs));
        }
        for (DeviceBuffer numbers : List.of(lengths, previousLosses, bestLosses, increases, keptPredictions)) {
            states.add(new Wave.State(numbers, 1));
        }
        return states;
    }
}
