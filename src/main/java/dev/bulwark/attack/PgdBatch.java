package dev.bulwark.attack;

import dev.bulwark.device.Backend;
import dev.bulwark.device.DeviceBuffer;
import dev.bulwark.device.DeviceMemory;
import dev.bulwark.device.NoiseKey;
import dev.bulwark.nn.DeviceNetwork;
import java.util.Arrays;
import java.util.List;

/** The device's side of PGD: buffers for a batch, and one restart after the other on the images that still stand. */
final class PgdBatch {

    private final Backend backend;
    private final PgdSettings settings;
    private final NoiseKey key;
    private final int inputs;
    private final int classes;
    private final InputGradient gradient;
    private final DeviceBuffer x;
    private final DeviceBuffer lower;
    private final DeviceBuffer upper;
    private final DeviceBuffer labels;
    private final DeviceBuffer imageIndices;
    private final DeviceBuffer restarts;
    private final DeviceBuffer predictions;

    /**
     * @param memory   owns the buffers; the caller closes it
     * @param capacity images that a batch may hold
     */
    PgdBatch(Backend backend, DeviceMemory memory, DeviceNetwork network, PgdSettings settings, int capacity) {
        this.backend = backend;
        this.settings = settings;
        this.key = new NoiseKey(settings.seed(), NoiseKey.Stream.ATTACK);
        this.inputs = network.inputs();
        this.classes = network.classes();
        this.gradient = new InputGradient(backend, memory, network, capacity);
        this.x = memory.allocate((long) capacity * inputs);
        this.lower = memory.allocate((long) capacity * inputs);
        this.upper = memory.allocate((long) capacity * inputs);
        this.labels = memory.allocate(capacity);
        this.imageIndices = memory.allocate(capacity);
        this.restarts = memory.allocate(capacity);
        this.predictions = memory.allocate(capacity);
    }

    /** Arguments and answer as {@link Pgd#attack}, for a batch. */
    List<AttackOutcome> attack(float[] batchImages, int[] batchLabels, int[] batchIndices) {
        backend.write(batchImages, x);
        classify(batchLabels.length);
        Targets targets = new Targets(batchImages, batchLabels, readPredictions(batchLabels.length));
        InwardBox box = InwardBox.around(batchImages, settings.epsilon());
        for (int r = 0; r < settings.restarts(); ++r) {
            int[] standing = targets.standing();
            if (standing.length == 0) {
                break;
            }
            start(standing, box, batchLabels, batchIndices, r);
            ascend(standing, targets);
        }
        return targets.outcomes();
    }

    /** Puts the standing images, close together, at their starting points of restart r. */
    private void start(int[] standing, InwardBox box, int[] batchLabels, int[] batchIndices, int r) {
        int rows = standing.length;
        int[] sample = new int[rows];
        Arrays.fill(sample, r);
        backend.write(rowsOf(box.lower(), standing), lower);
        backend.write(rowsOf(box.upper(), standing), upper);
        backend.write(elementsOf(batchLabels, standing), labels);
        backend.write(elementsOf(batchIndices, standing), imageIndices);
        backend.write(sample, restarts);
        gradient.setRows(rows);
        backend.uniformInBox(lower, upper, imageIndices, restarts, rows, inputs, key, x);
        classify(rows);
    }

    /** All steps of a restart; it ends early when no image stands. */
    private void ascend(int[] standing, Targets targets) {
        int rows = standing.length;
        try (Backend.Replay step = backend.record(() -> step(rows))) {
            int left = collectBroken(standing, targets);
            for (int s = 0; s < settings.steps() && left > 0; ++s) {
                step.run();
                left = collectBroken(standing, targets);
            }
        }
    }

    /** Moves x up the loss, then looks where it has come: {@link #predictions} always speak of the present x. */
    private void step(int rows) {
        DeviceBuffer up = gradient.backward(labels, rows);
        backend.signedStep(x, up, (long) rows * inputs, (float) settings.stepSize(), lower, upper);
        classify(rows);
    }

    private void classify(int rows) {
        backend.argMax(gradient.forward(x, rows), rows, classes, predictions);
    }

    /** Notes the images that the present x breaks first; answers how many of the standing are left. */
    private int collectBroken(int[] standing, Targets targets) {
        int[] found = readPredictions(standing.length);
        int left = 0;
        for (int k = 0; k < standing.length; ++k) {
            int n = standing[k];
            if (targets.breaks(n, found[k])) {
                float[] adversarialImage = new float[inputs];
                backend.read(x.slice((long) k * inputs, inputs), adversarialImage);
                targets.setBroken(n, found[k], adversarialImage);
            }
            left += targets.stands(n) ? 1 : 0;
        }
        return left;
    }

    private int[] readPredictions(int rows) {
        int[] read = new int[rows];
        backend.read(predictions, read);
        return read;
    }

    private float[] rowsOf(float[] matrix, int[] rows) {
        float[] chosen = new float[rows.length * inputs];
        for (int k = 0; k < rows.length; ++k) {
            System.arraycopy(matrix, rows[k] * inputs, chosen, k * inputs, inputs);
        }
        return chosen;
    }

    private static int[] elementsOf(int[] values, int[] indices) {
        return Arrays.stream(indices).map(i -> values[i]).toArray();
    }
}
