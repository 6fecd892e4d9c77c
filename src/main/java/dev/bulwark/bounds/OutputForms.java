package dev.bulwark.bounds;

import dev.bulwark.device.Affine;
import dev.bulwark.device.Backend;
import dev.bulwark.device.DeviceBuffer;
import dev.bulwark.device.DeviceMemory;
import dev.bulwark.device.HostArrays;
import java.util.Arrays;

/** A layer's outputs and their negatives, exactly: form j is {@code z[j]}, form {@code out + j} is {@code -z[j]}. */
final class OutputForms implements AffineForms {

    private final Backend backend;
    private final int inputs;
    /** {@code [2 out,in]} */
    private final DeviceBuffer coefficients;
    private final float[] constants;

    /** @param memory owns the buffers; the caller closes it */
    OutputForms(Backend backend, DeviceMemory memory, Affine layer) {
        this.backend = backend;
        this.inputs = layer.in();
        this.coefficients = memory.holding(withNegatives(HostArrays.read(backend, layer.weight())));
        this.constants = withNegatives(HostArrays.read(backend, layer.bias()));
    }

    private static float[] withNegatives(float[] values) {
        float[] both = Arrays.copyOf(values, HostArrays.length("outputs and their negatives", 2, values.length));
        for (int k = 0; k < values.length; ++k) {
            both[values.length + k] = -values[k];
        }
        return both;
    }

    @Override
    public int inputs() {
        return inputs;
    }

    @Override
    public float[] enter(FormRows rows, float[] magnitudes, DeviceBuffer indices, DeviceBuffer target) {
        backend.write(rows.forms(), indices);
        backend.indexing().gather(coefficients, indices, rows.count(), inputs, target);
        float[] asked = new float[rows.count()];
        for (int r = 0; r < asked.length; ++r) {
            asked[r] = constants[rows.forms()[r]];
        }
        return asked;
    }
}
