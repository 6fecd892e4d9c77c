package dev.bulwark.device.cuda;

import dev.bulwark.device.DeviceBuffer;
import dev.bulwark.device.Elementwise;

/** Operations in which every element of the result depends on the same element of the operands: elementwise.cu. */
final class CudaElementwise implements Elementwise {

    private final Kernel relu;
    private final Kernel reluGradient;
    private final Kernel absolute;
    private final Kernel add;
    private final Kernel addSigned;
    private final Kernel signedStep;
    private final Kernel clamp;
    private final Transfers transfers;

    CudaElementwise(KernelModule module, Transfers transfers) {
        this.transfers = transfers;
        clamp = module.kernel("clamp");
        relu = module.kernel("relu");
        reluGradient = module.kernel("relu_gradient");
        absolute = module.kernel("absolute");
        add = module.kernel("add");
        addSigned = module.kernel("add_signed");
        signedStep = module.kernel("signed_step");
    }

    @Override
    public void relu(DeviceBuffer x, long length) {
        relu.launch(Grid.over(length), x.require("x", length), length);
    }

    @Override
    public void relu(DeviceBuffer x, long length, DeviceBuffer y) {
        transfers.copy(x, length, y);
        relu(y, length);
    }

    @Override
    public void reluGradient(DeviceBuffer y, long length, DeviceBuffer gradient) {
        reluGradient.launch(Grid.over(length), y.require("y", length), gradient.require("gradient", length), length);
    }

    @Override
    public void absolute(DeviceBuffer x, long length, DeviceBuffer target) {
        absolute.launch(Grid.over(length), x.require("x", length), target.require("target", length), length);
    }

    @Override
    public void add(DeviceBuffer x, DeviceBuffer y, long length, DeviceBuffer target) {
        add.launch(Grid.over(length), x.require("x", length), y.require("y", length), target.require("target", length),
                length);
    }

    @Override
    public void addSigned(DeviceBuffer x, DeviceBuffer signs, long length, DeviceBuffer target) {
        addSigned.launch(Grid.over(length), x.require("x", length), signs.require("signs", length),
                target.require("target", length), length);
    }

    @Override
    public void signedStep(DeviceBuffer x, DeviceBuffer gradient, long length, float step,
                           DeviceBuffer lower, DeviceBuffer upper) {
        signedStep.launch(Grid.over(length), x.require("x", length), gradient.require("gradient", length),
                lower.require("lower", length), upper.require("upper", length), step, length);
    }

    @Override
    public void clamp(DeviceBuffer x, long length, float low, float high) {
        clamp.launch(Grid.over(length), x.require("x", length), low, high, length);
    }
}
