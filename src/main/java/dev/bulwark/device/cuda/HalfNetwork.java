package dev.bulwark.device.cuda;

import dev.bulwark.device.Affine;
import dev.bulwark.device.DeviceBuffer;
import dev.bulwark.device.DeviceException.Advice;
import dev.bulwark.device.DeviceException;
import dev.bulwark.device.ReceptiveFields;
import dev.bulwark.device.ReceptiveFields.Range;
import java.util.ArrayList;
import java.util.List;

/**
 * A network's weights rounded to half precision, in the order in which tensor cores take them (smoothing_tile.cuh), and
 * its biases in float. Widths are padded with zeros to whole panels.
 */
final class HalfNetwork implements AutoCloseable {

    /** Columns of a panel of activations. */
    static final int PANEL = 64;
    private static final int STEP = 16;
    /** Floats that a panel of outputs takes for each step of inputs: 16 x 64 weights of two bytes. */
    private static final int FLOATS_PER_PANEL_STEP = STEP * PANEL / 2;

    private final List<Affine> layers;
    private final List<DeviceBuffer> opened = new ArrayList<>();
    private final DeviceBuffer weights;
    private final DeviceBuffer biases;
    private final DeviceBuffer fields;

    /**
     * Copies the layers' parameters: their buffers may be closed afterwards.
     *
     * @param pack   the kernel that rounds and reorders one layer
     * @param layers affine maps with a ReLU between each two
     * @param number of the first of them, for messages
     * @throws DeviceException if a weight is beyond fp16's range
     */
    HalfNetwork(CudaMemory memory, Transfers transfers, Kernel pack, List<Affine> layers, int number) {
        this.layers = List.copyOf(layers);
        requireChain();
        try {
            weights = opening(memory.allocate(offset(layers.size(), HalfNetwork::packedFloats)));
            biases = opening(memory.allocate(offset(layers.size(), layer -> padded(layer.out()))));
            DeviceBuffer overflows = opening(memory.allocate(layers.size()));
            transfers.fill(biases, 0f);
            transfers.zeroInts(overflows);
            for (int i = 0; i < layers.size(); ++i) {
                Affine layer = layers.get(i);
                pack.launch(Grid.over(packedFloats(layer) / 4), layer.weight(), layer.in(), layer.out(), weights(i),
                        overflows.slice(i, 1));
                transfers.copy(layer.bias(), layer.out(), biases(i));
            }
            int[] panels = fieldPanels(layers.get(0).fields());
            fields = opening(memory.allocate(panels.length));
            transfers.write(panels, fields);
            requireInRange(transfers, overflows, number);
        } catch (RuntimeException e) {
            close();
            throw e;
        }
    }

    private DeviceBuffer opening(DeviceBuffer buffer) {
        opened.add(buffer);
        return buffer;
    }

    private void requireChain() {
        if (layers.isEmpty()) {
            throw new IllegalArgumentException("a classifier needs at least one layer");
        }
        for (int i = 1; i < layers.size(); ++i) {
            if (layers.get(i).in() != layers.get(i - 1).out()) {
                throw new IllegalArgumentException("layer " + i + " takes " + layers.get(i).in() + " inputs, but layer "
                        + (i - 1) + " has " + layers.get(i - 1).out() + " outputs");
            }
        }
    }

    private void requireInRange(Transfers transfers, DeviceBuffer overflows, int number) {
        int[] flags = new int[layers.size()];
        transfers.read(overflows, flags);
        for (int i = 0; i < flags.length; ++i) {
            if (flags[i] != 0) {
                throw beyondRange(number + i);
            }
        }
    }

    /** What is said of a layer with a weight beyond fp16's range. */
    static DeviceException beyondRange(int layer) {
        return new DeviceException("layer " + layer + " has a weight that is no finite fp16 number "
                + "(the largest is 65504): use fp32").advising(Advice.PRECISION);
    }

    private interface Size {
        long of(Affine layer);
    }

    /** Elements before layer {@code index}'s own. */
    private long offset(int index, Size size) {
        long sum = 0;
        for (Affine layer : layers.subList(0, index)) {
            sum += size.of(layer);
        }
        return sum;
    }

    private static long packedFloats(Affine layer) {
        return packedFloats(layer.in(), layer.out());
    }

    /** Floats that a packed matrix takes. */
    static long packedFloats(int in, int out) {
        return (long) (in + STEP - 1) / STEP * panels(out) * FLOATS_PER_PANEL_STEP;
    }

    /** Panels that hold {@code width} columns. */
    static int panels(int width) {
        return (width + PANEL - 1) / PANEL;
    }

    /** {@code width} rounded up to whole panels. */
    static long padded(int width) {
        return (long) panels(width) * PANEL;
    }

    List<Affine> layers() {
        return layers;
    }

    int inputs() {
        return layers.get(0).in();
    }

    int classes() {
        return layers.get(layers.size() - 1).out();
    }

    /** Every width, the inputs' first. */
    int[] widths() {
        int[] widths = new int[layers.size() + 1];
        widths[0] = inputs();
        for (int i = 0; i < layers.size(); ++i) {
            widths[i + 1] = layers.get(i).out();
        }
        return widths;
    }

    /** All layers' packed weights, one after the other. */
    DeviceBuffer weights() {
        return weights;
    }

    /** One layer's packed weights. */
    DeviceBuffer weights(int layer) {
        return weights.slice(offset(layer, HalfNetwork::packedFloats), packedFloats(layers.get(layer)));
    }

    /**
     * {@code int [blocks of 16 outputs, 2]} of the first layer: first and end of the panels of inputs that hold the
     * receptive fields of a block, (panels, 0) where they are empty.
     */
    DeviceBuffer fields() {
        return fields;
    }

    private static int[] fieldPanels(ReceptiveFields fields) {
        int out = fields.inputs().size();
        int[] panels = new int[2 * (int) (padded(out) / STEP)];
        for (int block = 0; block < panels.length / 2; ++block) {
            Range inputs = fields.of(new Range(Math.min(STEP * block, out), Math.min(STEP * (block + 1), out)));
            panels[2 * block] = inputs.size() > 0 ? inputs.first() / PANEL : panels(fields.outputs().size());
            panels[2 * block + 1] = panels(inputs.end());
        }
        return panels;
    }

    /** All layers' padded biases, one after the other. */
    DeviceBuffer biases() {
        return biases;
    }

    /** One layer's padded biases. */
    DeviceBuffer biases(int layer) {
        return biases.slice(offset(layer, at -> padded(at.out())), padded(layers.get(layer).out()));
    }

    @Override
    public void close() {
        for (int i = opened.size() - 1; i >= 0; --i) {
            opened.get(i).close();
        }
    }
}
