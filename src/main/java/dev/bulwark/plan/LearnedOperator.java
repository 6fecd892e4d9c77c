package dev.bulwark.plan;

import dev.bulwark.device.Backend;
import dev.bulwark.device.DeviceBuffer;
import dev.bulwark.device.DeviceMemory;
import dev.bulwark.device.Directed;
import dev.bulwark.device.Enclosure;
import dev.bulwark.device.HostArrays;
import dev.bulwark.device.LinearRelaxations;
import java.util.Optional;

/** A dense layer or a convolution: its parameters are the graph's own floats, and lie in the plan's. */
public interface LearnedOperator extends LinearOperator {

    Backend backend();

    /** W as it lies on the device, in the operator's own layout. */
    DeviceBuffer weight();

    /** This map with another W, in the same layout, and no b. The caller's memory owns it. */
    LearnedOperator withWeight(DeviceMemory memory, float[] weight);

    /**
     * Gradients of the parameters, to nearest.
     *
     * @param x        {@code [rows,inputs]}
     * @param gradient {@code [rows,outputs]}
     * @param target   where they go: an operator of the same kind and sizes
     */
    void parameterGradient(DeviceBuffer x, DeviceBuffer gradient, int rows, LearnedOperator target);

    /** Products that an element of {@link #applyTransposed} sums at most. */
    int transposedTerms();

    @Override
    default Optional<LearnedOperator> learned() {
        return Optional.of(this);
    }

    /** Every weight's share of what a product with W may be off by, rounded up; a weight of 0 has none. */
    @Override
    default Enclosure productErrors(DeviceMemory memory) {
        float[] shares = HostArrays.read(backend(), weight());
        double relative = LinearRelaxations.productError(transposedTerms());
        for (int k = 0; k < shares.length; ++k) {
            shares[k] = shares[k] == 0 ? 0 : Directed.up(Math.nextUp(
                    relative * Math.nextUp(Math.abs(shares[k]) + LinearRelaxations.NEGLIGIBLE)));
        }
        return memory.owning(withWeight(memory, shares).enclosure());
    }

    /** As the weights are now: training refreshes them. */
    @Override
    default LearnedOperator magnitudes(DeviceMemory memory) {
        float[] weights = HostArrays.read(backend(), weight());
        for (int k = 0; k < weights.length; ++k) {
            weights[k] = Math.abs(weights[k]);
        }
        return withWeight(memory, weights);
    }
}
