package dev.bulwark.plan;

import dev.bulwark.device.Backend;
import dev.bulwark.device.DeviceBuffer;
import dev.bulwark.device.DeviceMemory;
import dev.bulwark.device.Enclosure;
import dev.bulwark.model.Op;
import java.util.Arrays;
import java.util.Optional;

/**
 * Elements in other places, and zeros.
 *
 * @param sources {@code int [outputs]}: each output's input, or -1
 * @param targets {@code int [inputs]}: each input's output, or -1
 */
record RearrangingOperator(Backend backend, DeviceBuffer sources, DeviceBuffer targets) implements LinearOperator {

    static RearrangingOperator of(Backend backend, DeviceMemory memory, int[] sources, int inputs) {
        int[] targets = new int[inputs];
        Arrays.fill(targets, Op.Rearrange.ZERO);
        for (int k = 0; k < sources.length; ++k) {
            if (sources[k] != Op.Rearrange.ZERO) {
                targets[sources[k]] = k;
            }
        }
        return new RearrangingOperator(backend, memory.holding(sources), memory.holding(targets));
    }

    @Override
    public int inputs() {
        return Math.toIntExact(targets.length());
    }

    @Override
    public int outputs() {
        return Math.toIntExact(sources.length());
    }

    @Override
    public void apply(DeviceBuffer x, int rows, boolean relu, DeviceBuffer y) {
        gather(x, rows, y);
        if (relu) {
            backend.elementwise().relu(y, (long) rows * outputs());
        }
    }

    private void gather(DeviceBuffer x, int rows, DeviceBuffer y) {
        backend.indexing().gatherColumns(x, rows, inputs(), sources, outputs(), y);
    }

    @Override
    public void applyTransposed(DeviceBuffer a, int rows, DeviceBuffer target) {
        backend.indexing().gatherColumns(a, rows, outputs(), targets, inputs(), target);
    }

    @Override
    public Enclosure enclosure() {
        return (lower, upper, rows, outLower, outUpper) -> {
            gather(lower, rows, outLower);
            gather(upper, rows, outUpper);
        };
    }

    /** None: nothing is computed. */
    @Override
    public Enclosure productErrors(DeviceMemory memory) {
        return (lower, upper, rows, outLower, outUpper) ->
                backend.fill(outUpper.slice(0, (long) rows * outputs()), 0);
    }

    @Override
    public Optional<Enclosure> deviations(DeviceMemory memory) {
        return Optional.empty();
    }

    @Override
    public DeviceBuffer biases(DeviceMemory memory) {
        return memory.zeros(outputs());
    }

    @Override
    public boolean separates() {
        return true;
    }

    @Override
    public LinearOperator magnitudes(DeviceMemory memory) {
        return this;
    }
}
