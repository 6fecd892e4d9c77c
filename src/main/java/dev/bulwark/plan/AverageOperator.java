package dev.bulwark.plan;

import dev.bulwark.device.Backend;
import dev.bulwark.device.DeviceBuffer;
import dev.bulwark.device.DeviceMemory;
import dev.bulwark.device.Directed;
import dev.bulwark.device.Enclosure;
import dev.bulwark.device.LinearRelaxations;
import dev.bulwark.device.Patches;
import dev.bulwark.device.Pooling;
import dev.bulwark.device.Scaling;
import dev.bulwark.shapes.ImageShape;
import java.util.Optional;

/** Average pooling: a convolution of each channel with weights that are one divided by a number of elements. */
record AverageOperator(Backend backend, Pooling pooling) implements LinearOperator {

    @Override
    public int inputs() {
        return pooling.input().size();
    }

    @Override
    public int outputs() {
        return pooling.output().size();
    }

    @Override
    public void apply(DeviceBuffer x, int rows, boolean relu, DeviceBuffer y) {
        backend.channelwise().average(x, rows, pooling, relu, y);
    }

    @Override
    public void applyTransposed(DeviceBuffer a, int rows, DeviceBuffer target) {
        backend.channelwise().averageTransposed(a, rows, pooling, target);
    }

    @Override
    public Enclosure enclosure() {
        return (lower, upper, rows, outLower, outUpper) ->
                backend.channelwise().encloseAverage(lower, upper, rows, pooling, outLower, outUpper);
    }

    /**
     * A quotient is rounded once, as a product is; so each input's share is that of a weight of one divided by the number of
     * a window's elements, and their sum that of the mean.
     */
    @Override
    public Enclosure productErrors(DeviceMemory memory) {
        int elements = pooling.windows().elements();
        double relative = LinearRelaxations.productError(elements);
        float share = Directed.up(Math.nextUp(relative * Math.nextUp(1 + elements * LinearRelaxations.NEGLIGIBLE)));
        DeviceBuffer none = memory.zeros(1);
        Scaling shares = new Scaling(memory.holding(share), none, none, none, 1, outputs());
        Enclosure means = enclosure();
        return (lower, upper, rows, outLower, outUpper) -> {
            means.run(lower, upper, rows, outLower, outUpper);
            backend.channelwise().encloseScaled(outUpper, outUpper, rows, shares, outLower, outUpper);
        };
    }

    /** Of a sum that is divided by the number of elements, or multiplied by its rounded inverse, before or after. */
    @Override
    public Optional<Enclosure> deviations(DeviceMemory memory) {
        int elements = pooling.windows().elements();
        double sum = 2.0 * elements; // times the mean: none of the sums is larger
        double share = LinearRelaxations.productError(elements) * (1 + elements * LinearRelaxations.NEGLIGIBLE) / sum;
        Allowance allowance = Allowance.of(backend, memory, sum, share, outputs());
        Enclosure means = enclosure();
        return Optional.of((lower, upper, rows, outLower, outUpper) -> {
            means.run(lower, upper, rows, outLower, outUpper);
            allowance.run(outLower, outUpper, rows);
        });
    }

    @Override
    public Optional<ImageShape> outputImage() {
        return Optional.of(pooling.output());
    }

    /** Where every window has the same number of elements. */
    @Override
    public Optional<OnPatches> onPatches(Patches ofOutput) {
        boolean alike = pooling.countPadding() || pooling.windows().equals(pooling.windows().unpadded());
        if (!alike || !ofOutput.image().equals(pooling.output())) {
            return Optional.empty();
        }
        return ofOutput.behind(pooling.input(), pooling.windows()).map(below -> new Within(below,
                new AverageOperator(backend, new Pooling(below.patch(), pooling.windows().unpadded(), true))));
    }

    private record Within(Patches patches, AverageOperator overPatch) implements OnPatches {

        @Override
        public void applyTransposed(DeviceBuffer a, int rows, DeviceBuffer target) {
            overPatch.applyTransposed(a, rows, target);
        }
    }

    @Override
    public DeviceBuffer biases(DeviceMemory memory) {
        return memory.zeros(outputs());
    }

    @Override
    public LinearOperator magnitudes(DeviceMemory memory) {
        return this;
    }
}
