package dev.bulwark.bounds;

import dev.bulwark.device.Affine;
import dev.bulwark.device.Backend;
import dev.bulwark.device.DeviceBuffer;
import dev.bulwark.device.DeviceMemory;
import dev.bulwark.nn.DeviceNetwork;
import dev.bulwark.nn.ForwardPass;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Consumer;

/** A batch on its way through a network: {@link #load}, then {@link #clean} and {@link #bounds}, in any order. */
final class IbpPass {

    private final Backend backend;
    private final List<Affine> layers;
    private final int inputs;
    private final int classes;
    private final ForwardPass forward;
    private final DeviceBuffer images;
    private final DeviceBuffer labels;
    private final DeviceBuffer predictions;
    private final DeviceBuffer margins;
    /** Two boxes that layers read and write in turn. */
    private final DeviceBox even;
    private final DeviceBox odd;
    private int[] hostLabels = {};

    /** A float forward pass: logits {@code [N,C]} and their arg-max {@code [N]}. */
    record Clean(float[] logits, int[] predictions) {

        float[] logits(int n) {
            int classes = logits.length / predictions.length;
            return Arrays.copyOfRange(logits, n * classes, (n + 1) * classes);
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
        int widest = Math.max(inputs, layers.stream().mapToInt(Affine::out).max().orElseThrow());
        this.forward = new ForwardPass(backend, memory, network, capacity);
        this.images = memory.allocate((long) capacity * inputs);
        this.labels = memory.allocate(capacity);
        this.predictions = memory.allocate(capacity);
        this.margins = memory.allocate((long) capacity * classes);
        this.even = DeviceBox.allocate(memory, (long) capacity * widest);
        this.odd = DeviceBox.allocate(memory, (long) capacity * widest);
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

    /** The images themselves, rounded to nearest: empirical. */
    Clean clean() {
        int rows = hostLabels.length;
        DeviceBuffer logits = forward.logits(images, rows);
        backend.argMax(logits, rows, classes, predictions);
        return new Clean(readFloats(logits), readInts(predictions));
    }

    /**
     * Every image's logits and margins over its box, outward.
     *
     * @param enterBoxes       fills the batch's input boxes
     * @param cleanPredictions {@code [N]}
     */
    List<Bounds> bounds(Consumer<DeviceBox> enterBoxes, int[] cleanPredictions) {
        int rows = hostLabels.length;
        DeviceBox from = even;
        DeviceBox to = odd;
        enterBoxes.accept(from);
        for (Affine layer : layers.subList(0, layers.size() - 1)) {
            backend.outwardAffine(from.lower(), from.upper(), rows, layer, to.lower(), to.upper());
            backend.relu(to.lower(), (long) rows * layer.out());
            backend.relu(to.upper(), (long) rows * layer.out());
            DeviceBox next = from;
            from = to;
            to = next;
        }
        Affine last = layers.get(layers.size() - 1);
        backend.outwardMargins(from.lower(), from.upper(), labels, rows, last, margins);
        backend.outwardAffine(from.lower(), from.upper(), rows, last, to.lower(), to.upper());
        return collect(cleanPredictions, readFloats(to.lower()), readFloats(to.upper()), readFloats(margins));
    }

    private List<Bounds> collect(int[] cleanPredictions, float[] lower, float[] upper, float[] marginLower) {
        List<Bounds> bounds = new ArrayList<>();
        for (int n = 0; n < hostLabels.length; ++n) {
            int from = n * classes;
            int to = from + classes;
            Box logits = new Box(Arrays.copyOfRange(lower, from, to), Arrays.copyOfRange(upper, from, to));
            bounds.add(new Bounds(hostLabels[n], cleanPredictions[n], logits,
                    Arrays.copyOfRange(marginLower, from, to)));
        }
        return bounds;
    }

    /** The batch's rows of {@code source} {@code [N,C]}. */
    private float[] readFloats(DeviceBuffer source) {
        float[] values = new float[hostLabels.length * classes];
        backend.read(source, values);
        return values;
    }

    private int[] readInts(DeviceBuffer source) {
        int[] values = new int[hostLabels.length];
        backend.read(source, values);
        return values;
    }
}
