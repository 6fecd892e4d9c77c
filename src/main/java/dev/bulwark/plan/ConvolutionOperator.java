package dev.bulwark.plan;

import dev.bulwark.device.Backend;
import dev.bulwark.device.Convolution;
import dev.bulwark.device.DeviceBuffer;
import dev.bulwark.device.DeviceMemory;
import dev.bulwark.device.Enclosure;
import dev.bulwark.device.HostArrays;
import dev.bulwark.device.PatchForms;
import dev.bulwark.device.Patches;
import dev.bulwark.shapes.ImageShape;
import java.util.Optional;

/** A convolution. Its weight is {@code [channels, input channels / groups, kernel height, kernel width]}. */
record ConvolutionOperator(Backend backend, Convolution convolution) implements LearnedOperator {

    @Override
    public int inputs() {
        return convolution.input().size();
    }

    @Override
    public int outputs() {
        return convolution.output().size();
    }

    @Override
    public void apply(DeviceBuffer x, int rows, boolean relu, DeviceBuffer y) {
        backend.convolutions().apply(x, rows, convolution, relu, y);
    }

    @Override
    public void applyTransposed(DeviceBuffer a, int rows, DeviceBuffer target) {
        backend.convolutions().applyTransposed(a, rows, convolution, target);
    }

    @Override
    public int transposedRoundings() {
        return convolution.reverseTaps();
    }

    @Override
    public Enclosure enclosure() {
        return backend.convolutions().prepare(convolution);
    }

    @Override
    public boolean enter(DeviceBuffer forms, int rows, DeviceBuffer target, DeviceBuffer constants) {
        backend.convolutions().enter(convolution, forms, rows, target, constants);
        return true;
    }

    @Override
    public Optional<ImageShape> outputImage() {
        return Optional.of(convolution.output());
    }

    /** The same weights over a patch, whose windows need no padding. */
    @Override
    public Optional<OnPatches> onPatches(Patches ofOutput) {
        if (!ofOutput.image().equals(convolution.output())) {
            return Optional.empty();
        }
        return ofOutput.behind(convolution.input(), convolution.windows()).map(below -> new Within(below,
                new ConvolutionOperator(backend, new Convolution(convolution.weight(), convolution.bias(), below.patch(),
                        ofOutput.patch(), convolution.windows().unpadded(), convolution.groups())), this));
    }

    private record Within(Patches patches, ConvolutionOperator overPatch, ConvolutionOperator whole) implements OnPatches {

        @Override
        public void applyTransposed(DeviceBuffer a, int rows, DeviceBuffer target) {
            overPatch.applyTransposed(a, rows, target);
        }

        @Override
        public boolean enter(PatchForms.Batch inInput, DeviceBuffer target, DeviceBuffer constants) {
            whole.backend.patchForms().enter(whole.convolution, inInput, target, constants);
            return true;
        }
    }

    @Override
    public void parameterGradient(DeviceBuffer x, DeviceBuffer gradient, int rows, LearnedOperator target) {
        backend.convolutions().parameterGradient(x, gradient, rows, ((ConvolutionOperator) target).convolution);
    }

    @Override
    public DeviceBuffer biases(DeviceMemory memory) {
        float[] channels = HostArrays.read(backend, convolution.bias());
        float[] all = new float[outputs()];
        for (int k = 0; k < all.length; ++k) {
            all[k] = channels[k / convolution.output().area()];
        }
        return memory.holding(all);
    }

    @Override
    public DeviceBuffer weight() {
        return convolution.weight();
    }

    @Override
    public DeviceBuffer bias() {
        return convolution.bias();
    }

    @Override
    public LearnedOperator with(DeviceMemory memory, float[] weight, float[] bias) {
        return new ConvolutionOperator(backend, convolution.with(memory.holding(weight), memory.holding(bias)));
    }
}
