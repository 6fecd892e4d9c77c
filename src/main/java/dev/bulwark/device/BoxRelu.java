package dev.bulwark.device;

import dev.bulwark.device.TrainingOperations.Hidden;

/** A hidden layer's ReLU on points and boxes in training, with its penalty, by a backend's separate operations. */
public final class BoxRelu {

    private final Elementwise elementwise;
    private final TrainingIntervals intervals;

    public BoxRelu(Backend backend) {
        elementwise = backend.elementwise();
        intervals = backend.trainingIntervals();
    }

    /** From what is before the ReLU, clean rows included, to what is behind it. */
    public void forward(Hidden hidden) {
        BoxRows before = hidden.before();
        BoxRows after = hidden.after();
        if (before.clean() > 0) {
            elementwise.relu(before.cleanPoints(), before.cleanElements(), after.cleanPoints());
        }
        if (before.hasBoxes()) {
            intervals.relu(before.centre(), before.radius(), before.boxElements(), after.centre(), after.radius());
        }
    }

    /** In place: from the gradient of what is behind the ReLU to that of what is before it. Adds the penalty to its loss. */
    public void backward(Hidden hidden, BoxRows gradient) {
        BoxRows before = hidden.before();
        BoxRows after = hidden.after();
        if (after.clean() > 0) {
            elementwise.reluGradient(after.cleanPoints(), after.cleanElements(), gradient.cleanPoints());
        }
        if (gradient.hasBoxes()) {
            intervals.reluGradient(before.centre(), before.radius(), before.boxElements(), gradient.centre(),
                    gradient.radius());
            hidden.penalty().ifPresent(penalty -> intervals.regulariser(before.centre(), before.radius(),
                    before.boxElements(), penalty.inputRadius(), penalty.tau(), penalty.weight(), gradient.centre(),
                    gradient.radius(), penalty.loss()));
        }
    }
}
