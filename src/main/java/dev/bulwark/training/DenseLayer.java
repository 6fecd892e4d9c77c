package dev.bulwark.training;

import dev.bulwark.device.BoxRows;
import dev.bulwark.device.IntervalLayer;
import dev.bulwark.device.TrainingOperations.Hidden;
import dev.bulwark.device.TrainingOperations;

/** A dense layer, by the operations that devices fuse; the last one may be elided. */
record DenseLayer(TrainingOperations operations, IntervalLayer layer) implements Layer {

    @Override
    public void forward(BoxRows x, BoxRows y) {
        operations.forward(layer, x, y);
    }

    @Override
    public void forward(BoxRows x, Hidden hidden) {
        operations.forward(layer, x, hidden);
    }

    @Override
    public void parameterGradient(BoxRows x, BoxRows gradient) {
        operations.parameterGradient(layer, x, gradient);
    }

    @Override
    public void inputGradient(BoxRows gradient, BoxRows below) {
        operations.inputGradient(layer, gradient, below);
    }

    /** The whole way back, and on through the ReLU below, which a dense layer's {@link #forward} went through. */
    void backward(Hidden below, BoxRows gradient, BoxRows gradientBelow) {
        operations.backward(layer, below, gradient, gradientBelow);
    }
}
