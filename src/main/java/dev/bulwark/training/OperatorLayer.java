package dev.bulwark.training;

import dev.bulwark.device.Backend;
import dev.bulwark.device.BoxRows;
import dev.bulwark.device.DeviceMemory;
import dev.bulwark.device.TrainingIntervals;
import dev.bulwark.device.TrainingOperations.Hidden;
import dev.bulwark.plan.LinearOperator;

/** Any linear operator, by its own applications and those of |W|, which has the same layout. */
final class OperatorLayer implements Layer {

    private final Backend backend;
    private final TrainingIntervals intervals;
    private final LinearOperator operator;
    private final LinearOperator gradient;
    private final LinearOperator magnitudes;
    private final LinearOperator magnitudesGradient;
    private final long weights;

    /**
     * @param memory   owns |W| and its gradient
     * @param gradient where the gradients of W and b go
     */
    OperatorLayer(Backend backend, DeviceMemory memory, LinearOperator operator, LinearOperator gradient) {
        this.backend = backend;
        this.intervals = backend.trainingIntervals();
        this.operator = operator;
        this.gradient = gradient;
        this.weights = operator.weight().length();
        this.magnitudes = operator.withWeight(memory, new float[Math.toIntExact(weights)]);
        this.magnitudesGradient = operator.withWeight(memory, new float[Math.toIntExact(weights)]);
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
        backend.elementwise().absolute(operator.weight(), weights, magnitudes.weight());
        magnitudes.apply(x.radius(), x.boxes(), false, y.radius());
    }

    @Override
    public void parameterGradient(BoxRows x, BoxRows outputs) {
        operator.parameterGradient(x.points(), outputs.points(), x.rows(), gradient);
        if (x.hasBoxes()) {
            magnitudes.parameterGradient(x.radius(), outputs.radius(), x.boxes(), magnitudesGradient);
            backend.elementwise().addSigned(magnitudesGradient.weight(), operator.weight(), weights, gradient.weight());
        }
    }

    @Override
    public void inputGradient(BoxRows outputs, BoxRows below) {
        operator.applyTransposed(outputs.points(), outputs.rows(), below.points());
        if (outputs.hasBoxes()) {
            magnitudes.applyTransposed(outputs.radius(), outputs.boxes(), below.radius());
        }
    }
}
