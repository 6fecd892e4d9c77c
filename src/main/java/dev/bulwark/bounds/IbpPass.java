package dev.bulwark.bounds;

import dev.bulwark.device.Backend;
import dev.bulwark.device.DeviceBuffer;
import dev.bulwark.device.DeviceMemory;
import dev.bulwark.device.Directed;
import dev.bulwark.device.HostArrays;
import dev.bulwark.plan.Boxes;
import dev.bulwark.plan.DeviceBox;
import dev.bulwark.plan.Logits;
import dev.bulwark.plan.Plan;
import dev.bulwark.plan.Step;
import java.util.ArrayList;
import java.util.List;

/** A batch on its way through a network: {@link #load}, then {@link #run}; then the next batch. */
final class IbpPass {

    private final Backend backend;
    private final Plan plan;
    private final int classes;
    private final int capacity;
    private final Logits forward;
    private final Boxes boxes;
    private final DeviceBuffer images;
    private final DeviceBuffer epsilons;
    private final DeviceBuffer labels;
    /** All that a batch's bounds are made of, end to end: one read brings it back. */
    private final DeviceBuffer results;
    /** {@code [capacity,classes]}: what float32 evaluations of the logits may be off by, where the plan speaks of these. */
    private final DeviceBuffer deviations;
    private int[] hostLabels = {};

    /**
     * What is known of a batch.
     *
     * @param bounds      {@code [N]}: over every image's box, outward
     * @param cleanLogits {@code [N][C]}: of the images themselves, rounded to nearest: empirical
     */
    record Results(List<Bounds> bounds, List<float[]> cleanLogits) {

        float[] cleanLogits(int n) {
            return cleanLogits.get(n);
        }
    }

    /** Where a batch's results lie in their buffer: four matrices {@code [rows,classes]}, then {@code int [rows]}. */
    private record Layout(int rows, int classes) {

        private static final int MATRICES = 4;
        private static final int LOGITS = 0;
        private static final int LOWER = 1;
        private static final int UPPER = 2;
        private static final int MARGINS = 3;

        /** Complains where a Java array could not hold the results. */
        private Layout {
            HostArrays.length("bounds of images by classes", MATRICES, rows + 1L, classes + 1L);
        }

        int at(int matrix) {
            return matrix * rows * classes;
        }

        int predictions() {
            return at(MATRICES);
        }

        int length() {
            return predictions() + rows;
        }

        DeviceBuffer matrix(DeviceBuffer results, int matrix) {
            return results.slice(at(matrix), (long) rows * classes);
        }

        /** Row n of a matrix among what was read. */
        float[] row(int[] read, int matrix, int n) {
            float[] row = new float[classes];
            for (int c = 0; c < classes; ++c) {
                row[c] = Float.intBitsToFloat(read[at(matrix) + n * classes + c]);
            }
            return row;
        }
    }

    /**
     * @param memory   owns the buffers; the caller closes it
     * @param capacity images that a batch may hold
     */
    IbpPass(DeviceMemory memory, Plan plan, int capacity) {
        this.backend = plan.backend();
        this.plan = plan;
        this.classes = plan.classes();
        this.capacity = capacity;
        this.forward = new Logits(memory, plan, capacity);
        this.boxes = new Boxes(memory, plan, capacity);
        this.images = memory.allocate((long) capacity * plan.inputs());
        this.epsilons = memory.allocate(capacity);
        this.labels = memory.allocate(capacity);
        this.results = memory.allocate(new Layout(capacity, classes).length());
        this.deviations = memory.allocate((long) capacity * classes);
    }

    /** Images that a batch may hold. */
    int capacity() {
        return capacity;
    }

    /** The batch's images on the device, {@code [N,D]}. */
    DeviceBuffer images() {
        return images;
    }

    /** Room for the radii of the batch's balls. */
    DeviceBuffer epsilons() {
        return epsilons;
    }

    void load(float[] batchImages, int[] batchLabels) {
        backend.write(batchImages, images);
        backend.write(batchLabels, labels);
        hostLabels = batchLabels;
    }

    /** @param region what the batch's images may become */
    Results run(InputRegion region) {
        Layout layout = new Layout(hostLabels.length, classes);
        clean(layout);
        bounds(region, layout);
        return collect(layout);
    }

    private void clean(Layout layout) {
        int rows = layout.rows;
        DeviceBuffer logits = forward.of(images, rows);
        backend.votes().argMax(logits, rows, classes, results.slice(layout.predictions(), rows));
        backend.copy(logits, (long) rows * classes, layout.matrix(results, Layout.LOGITS));
    }

    /** The last step, where it is a dense layer, makes margins and logits from one box. */
    private void bounds(InputRegion region, Layout layout) {
        int rows = layout.rows;
        region.enter(boxes.inputs());
        int before = plan.steps().size() - 1;
        DeviceBox box = boxes.through(before, rows);
        DeviceBuffer margins = layout.matrix(results, Layout.MARGINS);
        plan.lastLayer().ifPresentOrElse(
                last -> backend.outwardIntervals().margins(box.lower(), box.upper(), labels, rows, last, margins),
                () -> backend.fill(margins, Float.NaN)); // the logits' box has all that is known
        Step step = plan.steps().get(before);
        boxes.push(step, rows);
        long length = (long) rows * classes;
        boxes.deviation().ifPresent(by -> backend.copy(by.upper(), length, deviations));
        backend.copy(boxes.value(step.to()).lower(), length, layout.matrix(results, Layout.LOWER));
        backend.copy(boxes.value(step.to()).upper(), length, layout.matrix(results, Layout.UPPER));
    }

    /** Lower bounds of the margins: where the logits' boxes were widened, these are of the logits before that. */
    private float[] margins(Layout layout, int[] read, int n) {
        float[] margins = layout.row(read, Layout.MARGINS, n);
        if (boxes.deviation().isPresent()) {
            float[] by = new float[classes];
            backend.read(deviations.slice((long) n * classes, classes), by);
            for (int c = 0; c < classes; ++c) {
                if (c != hostLabels[n]) {
                    margins[c] = Directed.down(Math.nextDown(margins[c] - ((double) by[hostLabels[n]] + by[c]) * (1 + 0x1p-50)));
                }
            }
        }
        return margins;
    }

    /** Waits for the batch. */
    private Results collect(Layout layout) {
        int[] read = new int[layout.length()];
        backend.read(results, read);
        List<Bounds> bounds = new ArrayList<>();
        List<float[]> cleanLogits = new ArrayList<>();
        for (int n = 0; n < layout.rows; ++n) {
            Box logits = Box.unknownIsUnbounded(layout.row(read, Layout.LOWER, n), layout.row(read, Layout.UPPER, n));
            bounds.add(new Bounds(hostLabels[n], read[layout.predictions() + n], logits, margins(layout, read, n)));
            cleanLogits.add(layout.row(read, Layout.LOGITS, n));
        }
        return new Results(bounds, cleanLogits);
    }
}
