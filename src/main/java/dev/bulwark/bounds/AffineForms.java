package dev.bulwark.bounds;

import dev.bulwark.device.Affine;
import dev.bulwark.device.Backend;
import dev.bulwark.device.DeviceBuffer;
import dev.bulwark.device.DeviceMemory;
import java.util.Arrays;

/**
 * What is asked about a layer's outputs, as affine forms in its inputs h: each stands for {@code a h + c} with real
 * numbers a and c, of which a float near it, or below it, is kept.
 */
final class AffineForms {

    private final int inputs;
    private final DeviceBuffer coefficients;
    private final float[] constants;
    /** How far a kept coefficient may lie from the real one. */
    private final float[] errors;
    /** Forms that have an error at all: without one, nothing needs to be summed. */
    private final boolean[] inexact;

    private AffineForms(DeviceMemory memory, int inputs, float[] coefficients, float[] constants, float[] errors) {
        this.inputs = inputs;
        this.coefficients = memory.holding(coefficients);
        this.constants = constants;
        this.errors = errors;
        this.inexact = new boolean[constants.length];
        for (int k = 0; k < errors.length; ++k) {
            inexact[k / inputs] |= errors[k] != 0;
        }
    }

    /** The layer's outputs and their negatives, exactly: form j is {@code z[j]}, form {@code out + j} is {@code -z[j]}. */
    static AffineForms bothSides(Backend backend, DeviceMemory memory, Affine layer) {
        float[] weight = read(backend, layer.weight());
        float[] bias = read(backend, layer.bias());
        float[] coefficients = Arrays.copyOf(weight, 2 * weight.length);
        for (int k = 0; k < weight.length; ++k) {
            coefficients[weight.length + k] = -weight[k];
        }
        float[] constants = Arrays.copyOf(bias, 2 * bias.length);
        for (int o = 0; o < bias.length; ++o) {
            constants[bias.length + o] = -bias[o];
        }
        return new AffineForms(memory, layer.in(), coefficients, constants, new float[0]);
    }

    /** The last layer elided: form {@code y C + c} is {@code logit[y] - logit[c]}. */
    static AffineForms margins(Backend backend, DeviceMemory memory, Affine last) {
        int classes = last.out();
        int in = last.in();
        float[] weight = read(backend, last.weight());
        float[] bias = read(backend, last.bias());
        float[] coefficients = new float[classes * classes * in];
        float[] errors = new float[coefficients.length];
        float[] constants = new float[classes * classes];
        for (int form = 0; form < constants.length; ++form) {
            int label = form / classes;
            int other = form % classes;
            constants[form] = Bounds.subtractDown(bias[label], bias[other]);
            for (int i = 0; i < in; ++i) {
                float minuend = weight[label * in + i];
                float subtrahend = weight[other * in + i];
                float down = Bounds.subtractDown(minuend, subtrahend);
                float up = -Bounds.subtractDown(subtrahend, minuend);
                coefficients[form * in + i] = down;
                errors[form * in + i] = up == down ? 0 : -Bounds.subtractDown(down, up);
            }
        }
        return new AffineForms(memory, in, coefficients, constants, errors);
    }

    private static float[] read(Backend backend, DeviceBuffer buffer) {
        float[] values = new float[(int) buffer.length()];
        backend.read(buffer, values);
        return values;
    }

    /** Number of the layer's inputs. */
    int inputs() {
        return inputs;
    }

    /** {@code [forms,inputs]}. */
    DeviceBuffer coefficients() {
        return coefficients;
    }

    /**
     * The form's constant, less what its coefficients may be off by.
     *
     * @param magnitudes {@code [.., inputs]}: nowhere is |h| larger than in row {@code row}
     */
    float constant(int form, float[] magnitudes, int row) {
        if (!inexact[form]) {
            return constants[form];
        }
        double lost = 0;
        for (int i = 0; i < inputs; ++i) {
            lost += (double) errors[form * inputs + i] * magnitudes[row * inputs + i];
        }
        // Twice what a sum of so many non-negative terms, and the difference, can be off by (Higham 2002, section 3.1).
        double slack = (inputs + 8) * 0x1p-52;
        return Rounding.down(constants[form] - lost - slack * (lost + Math.abs(constants[form])));
    }
}
