package dev.bulwark.bounds;

import dev.bulwark.device.Affine;
import dev.bulwark.device.Backend;
import dev.bulwark.device.DeviceBuffer;
import dev.bulwark.device.DeviceMemory;
import dev.bulwark.device.HostArrays;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * The last layer elided: form c of an image is {@code logit[label] - logit[c]}. Only pairs of classes that are asked for
 * together take memory, so that it does not grow with the square of the classes.
 */
final class MarginForms implements AffineForms {

    private final Backend backend;
    private final int inputs;
    private final float[] weight;
    private final float[] bias;
    /** The pairs of the last call, {@code [rows,in]}. */
    private final DeviceBuffer table;
    private int[] labels = {};

    /**
     * @param memory   owns the buffers; the caller closes it
     * @param capacity rows that may be asked for together
     */
    MarginForms(Backend backend, DeviceMemory memory, Affine last, int capacity) {
        this.backend = backend;
        this.inputs = last.in();
        this.weight = HostArrays.read(backend, last.weight());
        this.bias = HostArrays.read(backend, last.bias());
        this.table = memory.allocate((long) capacity * last.in());
    }

    /** @param batch {@code [N]}: the labels of the images that forms are asked for */
    void setLabels(int[] batch) {
        labels = batch;
    }

    @Override
    public int inputs() {
        return inputs;
    }

    /** Two classes. */
    private record Pair(int label, int other) {
    }

    @Override
    public float[] enter(FormRows rows, float[] magnitudes, DeviceBuffer indices, DeviceBuffer target) {
        Map<Pair, Integer> places = new LinkedHashMap<>();
        int[] place = new int[rows.count()];
        for (int r = 0; r < place.length; ++r) {
            Pair pair = new Pair(labels[rows.owners()[r]], rows.forms()[r]);
            place[r] = places.computeIfAbsent(pair, unused -> places.size());
        }
        float[] coefficients = new float[HostArrays.length("margins by inputs", places.size(), inputs)];
        float[][] errors = new float[places.size()][];
        float[] constants = new float[places.size()];
        places.forEach((pair, at) -> {
            errors[at] = subtract(pair, coefficients, at * inputs);
            constants[at] = Bounds.subtractDown(bias[pair.label], bias[pair.other]);
        });
        backend.write(coefficients, table);
        backend.write(place, indices);
        backend.indexing().gather(table, indices, rows.count(), inputs, target);
        float[] asked = new float[place.length];
        for (int r = 0; r < asked.length; ++r) {
            asked[r] = less(constants[place[r]], errors[place[r]], magnitudes, rows.owners()[r] * inputs);
        }
        return asked;
    }

    /**
     * Puts the pair's coefficients, rounded, at {@code at}.
     *
     * @return how far each may lie from the real one; empty if none does
     */
    private float[] subtract(Pair pair, float[] coefficients, int at) {
        float[] errors = new float[inputs];
        boolean exact = true;
        for (int i = 0; i < inputs; ++i) {
            float minuend = weight[pair.label * inputs + i];
            float subtrahend = weight[pair.other * inputs + i];
            float down = Bounds.subtractDown(minuend, subtrahend);
            float up = -Bounds.subtractDown(subtrahend, minuend);
            coefficients[at + i] = Math.max(down, -Float.MAX_VALUE);
            // A difference of two floats lies within the largest float of what overflow leaves of it.
            errors[i] = up == down ? 0 : Math.min(-Bounds.subtractDown(down, up), Float.MAX_VALUE);
            exact &= errors[i] == 0;
        }
        return exact ? new float[0] : errors;
    }

    /** {@code constant} less the sum of errors times magnitudes, rounded down. */
    private static float less(float constant, float[] errors, float[] magnitudes, int from) {
        if (errors.length == 0) {
            return constant;
        }
        double lost = 0;
        for (int i = 0; i < errors.length; ++i) {
            if (errors[i] != 0) { // else nothing is lost, however large the input
                lost += (double) errors[i] * magnitudes[from + i];
            }
        }
        // Twice what a sum of this number of non-negative terms, and the difference, can be off by (Higham 2002, section 3.1).
        double slack = (errors.length + 8) * 0x1p-52;
        return Rounding.down(constant - lost - slack * (lost + Math.abs(constant)));
    }
}
