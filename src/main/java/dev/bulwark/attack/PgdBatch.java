package dev.bulwark.attack;

import dev.bulwark.device.Backend;
import dev.bulwark.device.DeviceBuffer;
import dev.bulwark.device.DeviceMemory;
import dev.bulwark.plan.Logits;
import dev.bulwark.plan.Plan;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;

/**
 * The device's side of PGD: buffers for a batch, and one restart after the other on the images that still stand. Batches
 * follow one another in the same buffers.
 *
 * <p>Steps use whatever arithmetic is fastest, and the device notes by itself which images that arithmetic breaks. What
 * it noted counts only where a float forward pass agrees.
 */
final class PgdBatch implements AutoCloseable {

    /** No network's prediction: a row where nothing was found broken. */
    private static final int NOTHING_KEPT = -2;
    /** A class that no network has: a row to keep as it is. */
    private static final int NO_LABEL = Integer.MAX_VALUE;
    /** Steps that are recorded together, at most. */
    private static final int MOST_STEPS_TOGETHER = 10;

    private final Backend backend;
    private final PgdSettings settings;
    private final int inputs;
    private final int classes;
    private final Logits forward;
    private final DeviceBuffer x;
    private final FeasibleSet feasible;
    private final DeviceBuffer chosen;
    private final DeviceBuffer labels;
    private final DeviceBuffer imageIndices;
    private final DeviceBuffer restarts;
    private final DeviceBuffer predictions;
    /** Where each row was last found broken, and as what. */
    private final DeviceBuffer kept;
    private final DeviceBuffer keptPredictions;
    private final InputGradient gradient;
    private final int stepsTogether;
    /** The steps of the last restart. */
    private Optional<Steps> recorded = Optional.empty();
    private long stepsOfImages;
    private long restartsOfImages;

    /** {@link #stepsTogether} steps up a loss for a number of rows, recorded. */
    private record Steps(AttackLoss loss, int rows, Backend.Replay together) {
    }

    /**
     * @param memory   owns the buffers; the caller closes it
     * @param capacity images that a batch may hold
     */
    PgdBatch(DeviceMemory memory, Plan network, PgdSettings settings, int capacity) {
        this.backend = network.backend();
        this.settings = settings;
        this.stepsTogether = largestDivisor(settings.steps(), MOST_STEPS_TOGETHER);
        this.inputs = network.inputs();
        this.classes = network.classes();
        this.forward = new Logits(memory, network, capacity);
        this.x = memory.allocate((long) capacity * inputs);
        this.feasible = FeasibleSet.of(memory, network, settings.ball(), settings.key(), capacity);
        feasible.setStep((float) settings.stepSize());
        this.chosen = memory.allocate(capacity);
        this.labels = memory.allocate(capacity);
        this.imageIndices = memory.allocate(capacity);
        this.restarts = memory.allocate(capacity);
        this.predictions = memory.allocate(capacity);
        this.kept = memory.allocate((long) capacity * inputs);
        this.keptPredictions = memory.allocate(capacity);
        this.gradient = new InputGradient(memory, network, capacity);
    }

    /** The largest divisor of {@code steps} up to {@code most}. */
    static int largestDivisor(int steps, int most) {
        int divisor = Math.min(steps, most);
        while (steps % divisor != 0) {
            --divisor;
        }
        return divisor;
    }

    /** Arguments and answer as {@link Pgd#attack}, for a batch. */
    List<AttackOutcome> attack(float[] batchImages, int[] batchLabels, int[] batchIndices) {
        backend.write(batchImages, x);
        Targets targets = new Targets(settings.ball(), batchImages, batchLabels, classify(x, batchLabels.length));
        feasible.load(batchImages);
        for (AttackLoss loss : settings.losses()) {
            for (int r = 0; r < settings.restarts(); ++r) {
                int[] standing = targets.standing();
                if (standing.length == 0) {
                    return targets.outcomes();
                }
                start(standing, batchLabels, batchIndices, r);
                ascend(loss, standing.length);
                collectBroken(loss, standing, elementsOf(batchLabels, standing), targets);
            }
        }
        return targets.outcomes();
    }

    /** Steps so far, of one image each. */
    long stepsOfImages() {
        return stepsOfImages;
    }

    /** Restarts so far, of one image each. */
    long restartsOfImages() {
        return restartsOfImages;
    }

    /** Puts the standing images, close together, at their starting points of restart r. */
    private void start(int[] standing, int[] batchLabels, int[] batchIndices, int r) {
        int rows = standing.length;
        backend.write(standing, chosen);
        backend.write(elementsOf(batchLabels, standing), labels);
        int[] indices = elementsOf(batchIndices, standing);
        backend.write(indices, imageIndices);
        backend.write(filled(rows, r), restarts);
        backend.write(filled(rows, NOTHING_KEPT), keptPredictions);
        gradient.setRows(rows);
        feasible.start(new FeasibleSet.Starting(standing, chosen, indices, imageIndices, filled(rows, r), restarts), x);
        look(rows);
    }

    /** All steps of a restart, without waiting for the device: an image may leave only when it is over. */
    private void ascend(AttackLoss loss, int rows) {
        Backend.Replay together = recordedSteps(loss, rows);
        stepsOfImages += (long) settings.steps() * rows;
        restartsOfImages += rows;
        for (int s = 0; s < settings.steps(); s += stepsTogether) {
            together.run();
        }
    }

    /** Some steps, recorded anew only where the last restart had another number of images or climbed another loss. */
    private Backend.Replay recordedSteps(AttackLoss loss, int rows) {
        if (recorded.isEmpty() || recorded.get().loss != loss || recorded.get().rows != rows) {
            closeRecorded();
            recorded = Optional.of(new Steps(loss, rows, backend.record(() -> {
                for (int s = 0; s < stepsTogether; ++s) {
                    step(loss, rows);
                }
            })));
        }
        return recorded.get().together;
    }

    private void closeRecorded() {
        recorded.ifPresent(steps -> steps.together.close());
        recorded = Optional.empty();
    }

    /** Moves x up the loss, then records where predictions break. */
    private void step(AttackLoss loss, int rows) {
        DeviceBuffer up = gradient.backward(loss, labels, rows);
        feasible.step(x, up, rows);
        look(rows);
    }

    /** Keeps every row that x is broken at. */
    private void look(int rows) {
        backend.votes().argMax(gradient.forward(x, rows), rows, classes, predictions);
        backend.votes().keepMisclassified(x, predictions, labels, rows, inputs, kept, keptPredictions);
    }

    /** Asks the float network about what was kept, or, where nothing was, about the last step. */
    private void collectBroken(AttackLoss loss, int[] standing, int[] standingLabels, Targets targets) {
        int rows = standing.length;
        int[] seen = read(keptPredictions, rows);
        // A row that kept something is passed off as classified rightly: its last step must not take the place.
        int[] open = IntStream.range(0, rows).map(k -> seen[k] == NOTHING_KEPT ? NO_LABEL : standingLabels[k]).toArray();
        backend.write(open, predictions);
        backend.votes().keepMisclassified(x, predictions, labels, rows, inputs, kept, keptPredictions);
        int[] found = classify(kept, rows);
        if (IntStream.range(0, rows).anyMatch(k -> targets.breaks(standing[k], found[k]))) {
            float[] images = new float[rows * inputs];
            backend.read(kept, images);
            for (int k = 0; k < rows; ++k) {
                if (targets.breaks(standing[k], found[k])) {
                    targets.setBroken(standing[k], found[k], AttackMethod.PGD, Optional.of(loss),
                            Arrays.copyOfRange(images, k * inputs, (k + 1) * inputs));
                }
            }
        }
    }

    /** The float network's classes, -1 where it gives none. */
    private int[] classify(DeviceBuffer images, int rows) {
        backend.votes().argMax(forward.of(images, rows), rows, classes, predictions);
        return read(predictions, rows);
    }

    private int[] read(DeviceBuffer source, int rows) {
        int[] values = new int[rows];
        backend.read(source, values);
        return values;
    }

    @Override
    public void close() {
        closeRecorded();
        gradient.close();
    }

    private static int[] elementsOf(int[] values, int[] indices) {
        return Arrays.stream(indices).map(i -> values[i]).toArray();
    }

    private static int[] filled(int length, int value) {
        int[] values = new int[length];
        Arrays.fill(values, value);
        return values;
    }
}
