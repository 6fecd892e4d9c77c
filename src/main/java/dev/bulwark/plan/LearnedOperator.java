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

    /** b as it lies on the device: one number for each row of W. */
    DeviceBuffer bias();

    /** This map with another W and b, in the same layout. The caller's memory owns it. */
    LearnedOperator with(DeviceMemory memory, float[] weight, float[] bias);

    /** As {@link #with}, without b. */
    private LearnedOperator withWeight(DeviceMemory memory, float[] weight) {
        return with(memory, weight, new float[Math.toIntExact(bias().length())]);
    }

    /**
     * Gradients of the parameters, to nearest.
     *
     * @param x        {@code [rows,inputs]}
     * @param gradient {@code [rows,outputs]}
     * @param target   where they go: an operator of the same kind and sizes
     */
    void parameterGradient(DeviceBuffer x, DeviceBuffer gradient, int rows, LearnedOperator target);

    /** How many roundings a product goes through at most, on its own or as part of a sum, in {@link #applyTransposed}. */
    int transposedRoundings();

    /** The size that a smaller weight is taken to have where sums of sizes are made. */
    float SMALL = 0x1p-50f;
    /** The part of each weight that is charged for an input that is taken for 0. */
    float FLUSHED = 0x1p-100f;

    @Override
    default Optional<LearnedOperator> learned() {
        return Optional.of(this);
    }

    /** Every weight's share of what a product with W may be off by, rounded up; a weight of 0 has none. */
    @Override
    default Enclosure productErrors(DeviceMemory memory) {
        float[] shares = HostArrays.read(backend(), weight());
        double relative = LinearRelaxations.productError(transposedRoundings());
        for (int k = 0; k < shares.length; ++k) {
            shares[k] = shares[k] == 0 ? 0 : Directed.up(Math.nextUp(
                    relative * Math.nextUp(Math.abs(shares[k]) + LinearRelaxations.NEGLIGIBLE)));
        }
        return memory.owning(withWeight(memory, shares).enclosure());
    }

    /**
     * By Higham (2002, section 3.1), g (|W| |x| + |b|) and less than g of what is added to it here: a product may lose 2^-126
     * (1 + |w| + |x|) as subnormal numbers are flushed to 0, and a sum three times 2^-126. No weight's size is taken to be 0,
     * for 0 times what is unknown is unknown.
     */
    @Override
    default Optional<Enclosure> deviations(DeviceMemory memory) {
        float[] sizes = HostArrays.read(backend(), weight());
        float[] constants = HostArrays.read(backend(), bias());
        int terms = sizes.length / constants.length;
        for (int row = 0; row < constants.length; ++row) {
            double constant = Math.abs(constants[row]) + (terms + 2.0) * SMALL;
            for (int k = row * terms; k < (row + 1) * terms; ++k) {
                constant += (double) FLUSHED * Math.abs(sizes[k]);
                sizes[k] = Math.max(Math.abs(sizes[k]), SMALL);
            }
            constants[row] = Math.min(Float.MAX_VALUE, Directed.up(constant * (1 + 0x1p-20))); // that sum was rounded
        }
        Enclosure sums = memory.owning(with(memory, sizes, constants).enclosure());
        Allowance allowance = Allowance.ofSums(backend(), memory, terms, outputs());
        return Optional.of((lower, upper, rows, outLower, outUpper) -> {
            sums.run(lower, upper, rows, outLower, outUpper);
            allowance.run(outLower, outUpper, rows);
        });
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
