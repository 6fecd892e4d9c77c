package dev.bulwark.training;

import dev.bulwark.device.Backend;
import dev.bulwark.device.BoxRows;
import dev.bulwark.device.DeviceMemory;
import dev.bulwark.plan.LearnedOperator;

/** A linear operator whose parameters are trained; |W| has the layout of W. */
final class LearnedLayer extends OperatorLayer {

    private final Backend backend;
    private final LearnedOperator operator;
    private final LearnedOperator gradient;
    private final LearnedOperator magnitudes;
    private final LearnedOperator magnitudesGradient;

    private LearnedLayer(Backend backend, DeviceMemory memory, LearnedOperator operator, LearnedOperator gradient,
                         LearnedOperator magnitudes) {
        super(backend, operator, magnitudes);
        this.backend = backend;
        this.operator = operator;
        this.gradient = gradient;
        this.magnitudes = magnitudes;
        this.magnitudesGradient = operator.magnitudes(memory);
    }

    /**
     * @param memory   owns |W| and its gradient
     * @param gradient where the gradients of W and b go
     */
    static LearnedLayer of(Backend backend, DeviceMemory memory, LearnedOperator operator, LearnedOperator gradient) {
        return new LearnedLayer(backend, memory, operator, gradient, operator.magnitudes(memory));
    }

    @Override
    void refreshMagnitudes() {
        backend.elementwise().absolute(operator.weight(), operator.weight().length(), magnitudes.weight());
    }

    @Override
    public void parameterGradient(BoxRows x, BoxRows outputs) {
        operator.parameterGradient(x.points(), outputs.points(), x.rows(), gradient);
        if (x.hasBoxes()) {
            magnitudes.parameterGradient(x.radius(), outputs.radius(), x.boxes(), magnitudesGradient);
            backend.elementwise().addSigned(magnitudesGradient.weight(), operator.weight(), operator.weight().length(),
                    gradient.weight());
        }
    }
}
