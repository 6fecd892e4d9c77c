package dev.bulwark.device.cuda;

import dev.bulwark.device.DeviceBuffer;
import dev.bulwark.device.Optimisers;
import dev.bulwark.device.TrainingOperations.Adam;
import dev.bulwark.device.TrainingOperations.AdamState;
import dev.bulwark.device.TrainingOperations.Average;

/** Parameter updates: optimisers.cu. */
final class CudaOptimisers implements Optimisers {

    private final Kernel clipFactor;
    private final Kernel adam;
    private final Kernel adamAveraging;
    private final Kernel sgd;
    private final Kernel average;

    CudaOptimisers(KernelModule module) {
        clipFactor = module.kernel("clip_factor");
        adam = module.kernel("adam");
        adamAveraging = module.kernel("adam_averaging");
        sgd = module.kernel("sgd");
        average = module.kernel("average");
    }

    @Override
    public void clipFactor(DeviceBuffer sumOfSquares, float maxNorm, DeviceBuffer factor) {
        clipFactor.launch(Grid.blocks(1, 1, 1), sumOfSquares.require("sumOfSquares", 1), maxNorm,
                factor.require("factor", 1));
    }

    @Override
    public void adam(DeviceBuffer parameters, DeviceBuffer gradient, DeviceBuffer mean, DeviceBuffer square, long length,
                     float beta1, float beta2, float tiny, float weightDecay, DeviceBuffer step, DeviceBuffer factor) {
        adam.launch(Grid.over(length), parameters.require("parameters", length), gradient.require("gradient", length),
                mean.require("mean", length), square.require("square", length), length, beta1, beta2, tiny, weightDecay,
                step.require("step", 3), factor.require("factor", 1));
    }

    /** Adam and the average in one pass. */
    void adam(DeviceBuffer parameters, DeviceBuffer gradient, long length, Adam rates, AdamState state, Average average) {
        adamAveraging.launch(Grid.over(length), parameters.require("parameters", length),
                gradient.require("gradient", length), state.mean().require("mean", length),
                state.square().require("square", length), length, rates.beta1(), rates.beta2(), rates.tiny(),
                rates.weightDecay(), state.step().require("step", 3), state.factor().require("factor", 1), average.share(),
                average.parameters().require("average", length));
    }

    @Override
    public void sgd(DeviceBuffer parameters, DeviceBuffer gradient, DeviceBuffer velocity, long length, float momentum,
                    float weightDecay, DeviceBuffer step, DeviceBuffer factor) {
        sgd.launch(Grid.over(length), parameters.require("parameters", length), gradient.require("gradient", length),
                velocity.require("velocity", length), length, momentum, weightDecay, step.require("step", 1),
                factor.require("factor", 1));
    }

    @Override
    public void average(DeviceBuffer parameters, long length, float share, DeviceBuffer average) {
        this.average.launch(Grid.over(length), parameters.require("parameters", length), length, share,
                average.require("average", length));
    }
}
