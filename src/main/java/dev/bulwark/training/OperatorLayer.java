package dev.bulwark.training;

import dev.bulwark.device.Backend;
import dev.bulwark.device.BoxRows;
import dev.bulwark.device.TrainingIntervals;
import dev.bulwark.device.TrainingOperations.Hidden;
import dev.bulwark.plan.LinearOperator;

/**
 * Any linear operator, by its own applications and those of |W|. What is learned of it is {@link LearnedLayer}'s matter.
 */
class OperatorLayer implements Layer {

    private final TrainingIntervals intervals;
    private final LinearOperator operator;
    private final LinearOperator magnitudes;

    /** @param magnitudes the operator's {@link LinearOperator#magnitudes} */
    OperatorLayer(Backend backend, LinearOperator operator, LinearOperator magnitudes) {
        this.intervals = backend.trainingIntervals();
        this.operator = operator;
        this.magnitudes = magnitudes;
    }

    @Override
    public void forward(BoxRows x, BoxRows y) {
        operator.apply(x.points(), x.rows(), false, y.points());
        if (x.hasBoxes()) {
            forwardRadius(x, y);
        }
    }

    @Override
    public void forward(BoxRows x, Hidden hidden) {
        BoxRows before = hidden.before();
        BoxRows after = hidden.after();
        if (x.clean() > 0) { // which are not needed before the ReLU
            operator.apply(x.cleanPoints(), x.clean(), true, after.cleanPoints());
        }
        if (x.hasBoxes()) {
            operator.apply(x.centre(), x.boxes(), false, before.centre());
            forwardRadius(x, before);
            intervals.relu(before.centre(), before.radius(), before.boxElements(), after.centre(), after.radius());
        }
    }

    private void forwardRadius(BoxRows x, BoxRows y) {
        refreshMagnitudes();
        magnitudes.apply(x.radius(), x.boxes(), false, y.radius());
    }

    /** Takes |W| of W as it is now. */
    void refreshMagnitudes() {
        // Nothing changes W.
    }

    @Override
    public void parameterGradient(BoxRows x, BoxRows outputs) {
        // Nothing is learned.
    }

    @Override
    public void inputGradient(BoxRows outputs, BoxRows below) {
        operator.applyTransposed(outputs.points(), outputs.rows(), below.points());
        if (outputs.hasBoxes()) {
            magnitudes.applyTransposed(outputs.radius(), outputs.boxes(), below.radius());
        }
    }
}
