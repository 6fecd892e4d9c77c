package dev.bulwark.bounds;

import dev.bulwark.device.Affine;
import dev.bulwark.device.Backend;
import dev.bulwark.device.DeviceBuffer;
import dev.bulwark.device.DeviceMemory;
import dev.bulwark.device.HostArrays;
import dev.bulwark.nn.DeviceNetwork;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import java.util.stream.IntStream;

/**
 * A batch on its way through a network by CROWN: {@link #relax} bounds layer after layer, then {@link #logits} and
 * {@link #margins} bound what comes out.
 */
final class CrownPass {

    private final Backend backend;
    private final DeviceNetwork network;
    private final List<RelaxedLayer> layers = new ArrayList<>();
    /** Outputs, and their negatives, of the hidden layers behind the first, whose box is exact. */
    private final List<AffineForms> outputs = new ArrayList<>();
    private final AffineForms logits;
    private final MarginForms margins;
    private final BackwardPass backward;
    private final DeviceBox inputs;
    private final DeviceBuffer inputMagnitudes;
    /** Boxes of the layers' inputs, in turn. */
    private final DeviceBox even;
    private final DeviceBox odd;
    private int images;
    /** {@code [N,in]} of the last layer: nowhere are its inputs further from 0; NaN if that is unknown. */
    private float[] lastMagnitudes = {};

    /**
     * @param memory owns the buffers; the caller closes it
     * @param capacity images that a batch may hold
     * @param forms    forms that go back together
     */
    CrownPass(Backend backend, DeviceMemory memory, DeviceNetwork network, int capacity, int forms) {
        this.backend = backend;
        this.network = network;
        List<Affine> all = network.layers();
        Affine last = all.get(all.size() - 1);
        all.subList(0, all.size() - 1).forEach(layer -> layers.add(new RelaxedLayer(backend, memory, layer, capacity)));
        layers.stream().skip(1).forEach(layer -> outputs.add(new OutputForms(backend, memory, layer.affine())));
        this.logits = new OutputForms(backend, memory, last);
        this.margins = new MarginForms(backend, memory, last, (int) Math.min(forms, (long) capacity * network.classes()));
        this.backward = new BackwardPass(backend, memory, layers, network.inputs(), forms);
        long widest = all.stream().mapToInt(Affine::out).max().orElseThrow();
        this.inputs = DeviceBox.allocate(memory, (long) capacity * network.inputs());
        this.inputMagnitudes = memory.allocate((long) capacity * network.inputs());
        this.even = DeviceBox.allocate(memory, capacity * widest);
        this.odd = DeviceBox.allocate(memory, capacity * widest);
    }

    /** For those who go back with slopes of their own. */
    BackwardPass backward() {
        return backward;
    }

    List<RelaxedLayer> layers() {
        return layers;
    }

    DeviceBox inputs() {
        return inputs;
    }

    /**
     * Bounds every hidden layer's pre-activations over the boxes, the tighter of propagated boxes and CROWN, and relaxes
     * its ReLUs accordingly.
     *
     * @param labels     {@code [N]}, what margins are of
     * @param enterBoxes fills the batch's input boxes
     */
    void relax(int[] labels, Consumer<DeviceBox> enterBoxes) {
        images = labels.length;
        margins.setLabels(labels);
        enterBoxes.accept(inputs);
        float[] lower = read(inputs.lower(), network.inputs());
        float[] upper = read(inputs.upper(), network.inputs());
        lastMagnitudes = magnitudes(lower, upper);
        backend.write(lastMagnitudes, inputMagnitudes);
        DeviceBox from = inputs;
        DeviceBuffer fromMagnitudes = inputMagnitudes;
        for (int k = 0; k < layers.size(); ++k) {
            DeviceBox to = k % 2 == 0 ? even : odd;
            int units = layers.get(k).affine().out();
            backend.outwardIntervals().affine(from.lower(), from.upper(), images, layers.get(k).affine(), to.lower(),
                    to.upper());
            lower = read(to.lower(), units);
            upper = read(to.upper(), units);
            if (k > 0) {
                tighten(k, lower, upper);
                forgetHalves(lower, upper);
            }
            layers.get(k).relax(lower, upper, images, fromMagnitudes);
            lastMagnitudes = positivePart(upper);
            backend.write(positivePart(lower), to.lower());
            backend.write(lastMagnitudes, to.upper());
            from = to;
            fromMagnitudes = to.upper();
        }
    }

    private static float[] positivePart(float[] values) {
        float[] positive = new float[values.length];
        for (int k = 0; k < values.length; ++k) {
            positive[k] = Math.max(values[k], 0f); // NaN stays
        }
        return positive;
    }

    /** An interval that is known at one end only is as good as unknown, and is treated as such by all that follows. */
    private static void forgetHalves(float[] lower, float[] upper) {
        for (int k = 0; k < lower.length; ++k) {
            if (Float.isNaN(lower[k]) || Float.isNaN(upper[k])) {
                lower[k] = Float.NaN;
                upper[k] = Float.NaN;
            }
        }
    }

    /** CROWN where the box leaves a unit's sign open; elsewhere its lines are exact already. */
    private void tighten(int layer, float[] lower, float[] upper) {
        int units = layers.get(layer).affine().out();
        int[] open = IntStream.range(0, lower.length).filter(k -> !(lower[k] >= 0 || upper[k] <= 0)).toArray();
        int sides = HostArrays.length("sides of open units", 2, open.length);
        FormRows rows = new FormRows(IntStream.range(0, sides).map(r -> open[r / 2] / units).toArray(),
                IntStream.range(0, sides).map(r -> open[r / 2] % units + r % 2 * units).toArray());
        float[] minima = backward.minima(outputs.get(layer - 1), rows, layer, lastMagnitudes, inputs);
        for (int r = 0; r < open.length; ++r) {
            lower[open[r]] = tighter(lower[open[r]], minima[2 * r]);
            upper[open[r]] = -tighter(-upper[open[r]], minima[2 * r + 1]);
        }
    }

    /** The better of two lower bounds; NaN is none. */
    static float tighter(float a, float b) {
        return b > a || Float.isNaN(a) ? b : a;
    }

    /** {@code [N,2 C]}: lower bounds of every image's logits, then of their negatives. */
    float[] logits() {
        return backward.minima(logits, FormRows.all(images, 2 * network.classes()), layers.size(), lastMagnitudes, inputs);
    }

    /** {@code [rows]}: lower bounds of margins; form c is {@code logit[label] - logit[c]}. */
    float[] margins(FormRows rows) {
        return backward.minima(margins, rows, layers.size(), lastMagnitudes, inputs);
    }

    BackwardPass.Started startMargins(FormRows rows) {
        return backward.start(margins, rows, layers.size(), lastMagnitudes);
    }

    private float[] read(DeviceBuffer source, int columns) {
        float[] values = new float[HostArrays.length("bounds of images by units", images, columns)];
        backend.read(source, values);
        return values;
    }

    private static float[] magnitudes(float[] lower, float[] upper) {
        float[] magnitudes = new float[lower.length];
        for (int k = 0; k < lower.length; ++k) {
            magnitudes[k] = Math.max(Math.abs(lower[k]), Math.abs(upper[k]));
        }
        return magnitudes;
    }
}
