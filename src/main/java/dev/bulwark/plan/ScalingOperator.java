package dev.bulwark.plan;

import dev.bulwark.device.Backend;
import dev.bulwark.device.DeviceBuffer;
import dev.bulwark.device.DeviceMemory;
import dev.bulwark.device.Directed;
import dev.bulwark.device.Enclosure;
import dev.bulwark.device.HostArrays;
import dev.bulwark.device.LinearRelaxations;
import dev.bulwark.device.Patches;
import dev.bulwark.device.Scaling;
import dev.bulwark.shapes.ImageShape;
import java.util.Optional;

/**
 * An affine map of each channel.
 *
 * @param rounding of the operations that it stands for
 */
record ScalingOperator(Backend backend, Scaling scaling, ChannelRounding rounding) implements LinearOperator {

    static ScalingOperator of(Backend backend, DeviceMemory memory, ChannelNumbers numbers, ChannelRounding rounding,
                              int area) {
        return new ScalingOperator(backend, new Scaling(memory.holding(numbers.factor()), memory.holding(numbers.offset()),
                memory.holding(numbers.factorError()), memory.holding(numbers.offsetError()), numbers.channels(), area),
                rounding);
    }

    @Override
    public int inputs() {
        return scaling.size();
    }

    @Override
    public int outputs() {
        return scaling.size();
    }

    @Override
    public void apply(DeviceBuffer x, int rows, boolean relu, DeviceBuffer y) {
        backend.channelwise().scale(x, rows, scaling, relu, y);
    }

    @Override
    public void applyTransposed(DeviceBuffer a, int rows, DeviceBuffer target) {
        backend.channelwise().scaleTransposed(a, rows, scaling, target);
    }

    @Override
    public Enclosure enclosure() {
        return enclosure(scaling);
    }

    private Enclosure enclosure(Scaling of) {
        return (lower, upper, rows, outLower, outUpper) ->
                backend.channelwise().encloseScaled(lower, upper, rows, of, outLower, outUpper);
    }

    /** What one product may be off by, and how far the factor that is meant may be from the one multiplied by. */
    @Override
    public Enclosure productErrors(DeviceMemory memory) {
        float[] shares = HostArrays.read(backend, scaling.factor());
        float[] errors = HostArrays.read(backend, scaling.factorError());
        double relative = LinearRelaxations.productError(1);
        for (int c = 0; c < shares.length; ++c) {
            double rounding = shares[c] == 0 ? 0
                    : Math.nextUp(relative * Math.nextUp(Math.abs(shares[c]) + LinearRelaxations.NEGLIGIBLE));
            shares[c] = Directed.up(rounding == 0 ? errors[c] : Math.nextUp(rounding + errors[c]));
        }
        DeviceBuffer none = memory.zeros(shares.length);
        return enclosure(new Scaling(memory.holding(shares), scaling.offsetError(), none, none, shares.length,
                scaling.area()));
    }

    @Override
    public Optional<Enclosure> deviations(DeviceMemory memory) {
        Allowance allowance = rounding.allowance(backend, memory, outputs());
        return Optional.of((lower, upper, rows, outLower, outUpper) -> {
            backend.copy(upper, (long) rows * outputs(), outUpper);
            allowance.run(outLower, outUpper, rows);
        });
    }

    @Override
    public Optional<OnPatches> onPatches(Patches ofOutput) {
        ImageShape image = ofOutput.image();
        if (image.channels() != scaling.channels() || image.area() != scaling.area()) {
            return Optional.empty();
        }
        return Optional.of(new Within(ofOutput, new ScalingOperator(backend, new Scaling(scaling.factor(), scaling.offset(),
                scaling.factorError(), scaling.offsetError(), scaling.channels(), ofOutput.patch().area()), rounding)));
    }

    private record Within(Patches patches, ScalingOperator overPatch) implements OnPatches {

        @Override
        public void applyTransposed(DeviceBuffer a, int rows, DeviceBuffer target) {
            overPatch.applyTransposed(a, rows, target);
        }
    }

    @Override
    public DeviceBuffer biases(DeviceMemory memory) {
        float[] channels = HostArrays.read(backend, scaling.offset());
        float[] all = new float[outputs()];
        for (int k = 0; k < all.length; ++k) {
            all[k] = channels[k / scaling.area()];
        }
        return memory.holding(all);
    }

    @Override
    public boolean separates() {
        return true;
    }

    @Override
    public LinearOperator magnitudes(DeviceMemory memory) {
        float[] factors = HostArrays.read(backend, scaling.factor());
        for (int c = 0; c < factors.length; ++c) {
            factors[c] = Math.abs(factors[c]);
        }
        DeviceBuffer none = memory.zeros(factors.length);
        return new ScalingOperator(backend, new Scaling(memory.holding(factors), none, none, none, factors.length,
                scaling.area()), rounding);
    }
}
