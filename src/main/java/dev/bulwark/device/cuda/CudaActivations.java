package dev.bulwark.device.cuda;

import dev.bulwark.device.Activation;
import dev.bulwark.device.Activations;
import dev.bulwark.device.DeviceBuffer;
import dev.bulwark.device.Relaxation;

/** Activations other than the ReLU: activations.cu. */
final class CudaActivations implements Activations {

    /** A pointer to nothing. */
    private static final Long NULL = 0L;

    private final Kernel apply;
    private final Kernel gradient;
    private final Kernel enclose;
    private final Kernel relax;

    CudaActivations(KernelModule module) {
        apply = module.kernel("activate");
        gradient = module.kernel("activation_gradient");
        enclose = module.kernel("enclose_activation");
        relax = module.kernel("relax_activation");
    }

    /** A function as the kernels take it. */
    private record Code(int kind, float p, float q) {

        private static final Activation.Visitor<Code> OF = new Activation.Visitor<>() {
            @Override
            public Code leakyRelu(Activation.LeakyRelu function) {
                return new Code(0, function.slope(), 0);
            }

            @Override
            public Code clip(Activation.Clip function) {
                return new Code(1, function.low(), function.high());
            }

            @Override
            public Code sigmoid(Activation.Sigmoid function) {
                return new Code(2, 0, 0);
            }

            @Override
            public Code tanh(Activation.Tanh function) {
                return new Code(3, 0, 0);
            }
        };
    }

    @Override
    public void apply(Activation f, DeviceBuffer x, long length, DeviceBuffer y) {
        Code code = f.accept(Code.OF);
        apply.launch(Grid.over(length), code.kind, code.p, code.q, x.require("x", length), y.require("y", length), length);
    }

    @Override
    public void gradient(Activation f, DeviceBuffer y, long length, DeviceBuffer gradient) {
        Code code = f.accept(Code.OF);
        this.gradient.launch(Grid.over(length), code.kind, code.p, code.q, y.require("y", length),
                gradient.require("gradient", length), length);
    }

    @Override
    public void enclose(Activation f, DeviceBuffer lower, DeviceBuffer upper, long length, DeviceBuffer outLower,
                        DeviceBuffer outUpper) {
        Code code = f.accept(Code.OF);
        enclose.launch(Grid.over(length), code.kind, code.p, code.q, lower.require("lower", length),
                upper.require("upper", length), outLower.require("outLower", length), outUpper.require("outUpper", length),
                length);
    }

    @Override
    public void relax(Activation f, DeviceBuffer lower, DeviceBuffer upper, int images, Relaxation relaxation) {
        Code code = f.accept(Code.OF);
        long elements = (long) images * relaxation.units();
        Object belowIntercept = relaxation.below().intercept().<Object>map(b -> b.require("lowerIntercept", elements))
                .orElse(NULL);
        relax.launch(Grid.over(elements), code.kind, code.p, code.q, lower.require("lower", elements),
                upper.require("upper", elements), relaxation.upperSlope().require("upperSlope", elements),
                relaxation.upperIntercept().require("upperIntercept", elements),
                relaxation.lowerSlope().require("lowerSlope", elements), belowIntercept,
                relaxation.magnitude().require("magnitude", elements), elements);
    }
}
