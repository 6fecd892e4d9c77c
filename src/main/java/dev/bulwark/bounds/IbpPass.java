package dev.bulwark.bounds;

import dev.bulwark.device.Affine;
import dev.bulwark.device.Backend;
import dev.bulwark.device.DeviceBuffer;
import dev.bulwark.device.DeviceMemory;
import dev.bulwark.device.HostArrays;
import dev.bulwark.nn.DeviceNetwork;
import dev.bulwark.nn.ForwardPass;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

/** A batch on its way through a network: {@link #load}, then {@link #run}; then the next batch. */
final class IbpPass {

    private final Backend backend;
    private final List<Affine> layers;
    private final int inputs;
    private final int classes;
    private final int capacity;
    private final ForwardPass forward;
    private final DeviceBuffer images;
    private final DeviceBuffer labels;
    /** All that a batch's bounds are made of, end to end: one read brings it back. */
    private final DeviceBuffer results;
    /** Two boxes that layers read and write in turn. */
    private final DeviceBox even;
    private final DeviceBox odd;
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
    IbpPass(Backend backend, DeviceMemory memory, DeviceNetwork network, int capacity) {
        this.backend = backend;
        this.layers = network.layers();
        this.inputs = network.inputs();
        this.classes = network.classes();
        this.capacity = capacity;
        int widest = Math.max(inputs, layers.stream().mapToInt(Affine::out).max().orElseThrow());
        this.forward = new ForwardPass(backend, memory, network, capacity);
        this.images = memory.allocate((long) capacity * inputs);
        this.labels = memory.allocate(capacity);
        this.results = memory.allocate(new Layout(capacity, classes).length());
        this.even = DeviceBox.allocate(memory, (long) capacity * widest);
        this.odd = DeviceBox.allocate(memory, (long) capacity * widest);
    }

    /** Images that a batch may hold. */
    int capacity() {
        return capacity;
    }

    /** The batch's images on the device, {@code [N,D]}. */
    DeviceBuffer images() {
        return images;
    }

    void load(float[] batchImages, int[] batchLabels) {
        backend.write(batchImages, images);
        backend.write(batchLabels, labels);
        hostLabels = batchLabels;
    }

    /** @param enterBoxes fills the batch's input boxes */
    Results run(Consumer<DeviceBox> enterBoxes) {
        Layout layout = new Layout(hostLabels.length, classes);
        clean(layout);
        bounds(enterBoxes, layout);
        return collect(layout);
    }

    private void clean(Layout layout) {
        int rows = layout.rows;
        DeviceBuffer logits = forward.logits(images, rows);
        backend.votes().argMax(logits, rows, classes, results.slice(layout.predictions(), rows));
        backend.copy(logits, (long) rows * classes, layout.matrix(results, Layout.LOGITS));
    }

    private void bounds(Consumer<DeviceBox> enterBoxes, Layout layout) {
        int rows = layout.rows;
        DeviceBox from = even;
        DeviceBox to = odd;
        enterBoxes.accept(from);
        for (Affine layer : layers.subList(0, layers.size() - 1)) {
            backend.outwardIntervals().affine(from.lower(), from.upper(), rows, layer, to.lower(), to.upper());
            backend.elementwise().relu(to.lower(), (long) rows * layer.out());
            backend.elementwise().relu(to.upper(), (long) rows * layer.out());
            DeviceBox next = from;
            from = to;
            to = next;
        }
        Affine last = layers.get(layers.size() - 1);
        backend.outwardIntervals().margins(from.lower(), from.upper(), labels, rows, last,
                layout.matrix(results, Layout.MARGINS));
        backend.outwardIntervals().affine(from.lower(), from.upper(), rows, last, layout.matrix(results, Layout.LOWER),
                layout.matrix(results, Layout.UPPER));
    }

    /** Waits for the batch. */
    private Results collect(Layout layout) {
        int[] read = new int[layout.length()];
        backend.read(results, read);
        List<Bounds> bounds = new ArrayList<>();
        List<float[]> cleanLogits = new ArrayList<>();
        for (int n = 0; n < layout.rows; ++n) {
            Box logits = Box.unknownIsUnbounded(layout.row(read, Layout.LOWER, n), layout.row(read, Layout.UPPER, n));
            bounds.add(new Bounds(hostLabels[n], read[layout.predictions() + n], logits,
                    layout.row(read, Layout.MARGINS, n)));
            cleanLogits.add(layout.row(read, Layout.LOGITS, n));
        }
        return new Results(bounds, cleanLogits);
    }
}
