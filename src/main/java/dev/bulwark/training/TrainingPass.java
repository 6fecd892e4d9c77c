package dev.bulwark.training;

import dev.bulwark.device.Affine;
import dev.bulwark.device.Backend;
import dev.bulwark.device.BoxRelu;
import dev.bulwark.device.BoxRows;
import dev.bulwark.device.DeviceMemory;
import dev.bulwark.device.IntervalLayer.Spread;
import dev.bulwark.device.IntervalLayer;
import dev.bulwark.device.TrainingOperations.Hidden;
import dev.bulwark.device.TrainingOperations.Penalty;
import dev.bulwark.plan.LinearOperator;
import dev.bulwark.plan.Plan;
import dev.bulwark.plan.Step;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;

/**
 * A batch's points and boxes through the steps of a plan, forwards, and gradients backwards.
 *
 * <p>A ReLU whose input has no other reader is done with the layer that makes it. One that lies between two dense layers
 * goes back with the one above, as devices fuse them.
 */
final class TrainingPass {

    private final Backend backend;
    private final Plan plan;
    private final BoxRelu relu;
    private final Spread spread;
    private final Signal[] values;
    private final ValueGradients gradients;
    private final List<Stage> stages = new ArrayList<>();

    /**
     * @param memory    owns all buffers
     * @param plan      the network; must outlive this object
     * @param gradient  of the same graph: its parameters become the gradients of the plan's
     * @param points    most points in a batch, which are at least its boxes
     * @param elided    whether radii of the output are those of logit differences
     * @param penalties makes one for each ReLU
     * @throws IllegalArgumentException if the last step is to be elided and is no dense layer
     */
    TrainingPass(DeviceMemory memory, Plan plan, Plan gradient, int points, boolean elided, Supplier<Penalty> penalties) {
        this.backend = plan.backend();
        this.plan = plan;
        this.relu = new BoxRelu(backend);
        this.spread = elided ? Spread.DIFFERENCES : Spread.OUTPUTS;
        if (elided && dense(plan.steps().get(plan.steps().size() - 1)).isEmpty()) {
            throw new IllegalArgumentException("only a dense layer at the end can be elided: train without elision");
        }
        int last = plan.values() - 1;
        this.values = new Signal[plan.values()];
        for (int value = 0; value < last; ++value) {
            values[value] = Signal.allocate(memory, points, plan.size(value), plan.size(value));
        }
        values[last] = Signal.allocate(memory, points, plan.classes(), spread.rows(plan.classes()));
        this.gradients = new ValueGradients(memory, plan, points, spread.rows(plan.classes()));
        for (int k = 0; k < plan.steps().size(); ++k) {
            stages.add(plan.steps().get(k).accept(new Maker(memory, gradient, k, penalties)));
        }
    }

    /** To be filled before {@link #forward}. */
    Signal input() {
        return values[0];
    }

    /** What {@link #forward} makes. */
    Signal logits() {
        return values[values.length - 1];
    }

    /** To be filled before {@link #backward}. */
    Signal logitGradient() {
        return gradients.of(values.length - 1);
    }

    /** Whose radii the logits have. */
    Spread spread() {
        return spread;
    }

    void forward(StepRows rows) {
        stages.forEach(stage -> stage.forward(rows));
    }

    /** Overwrites the gradients of all parameters, and adds the penalties to their loss where boxes are regularised. */
    void backward(StepRows rows) {
        gradients.begin();
        for (int k = stages.size() - 1; k >= 0; --k) {
            stages.get(k).backward(rows);
        }
    }

    // ---- what reads and makes a value ------------------------------------------------------------------------------

    private static Optional<Affine> dense(Step step) {
        return step instanceof Step.Linear linear ? linear.operator().dense() : Optional.empty();
    }

    private Optional<Step> makerOf(int value) {
        return plan.steps().stream().filter(step -> step.to() == value).findFirst();
    }

    /** The step that reads a value, if no other one does. */
    private Optional<Step> onlyReaderOf(int value) {
        List<Step> readers = plan.steps().stream()
                .filter(step -> Arrays.stream(step.reads()).anyMatch(read -> read == value)).toList();
        return readers.size() == 1 ? Optional.of(readers.get(0)) : Optional.empty();
    }

    /** Whether a layer makes what a ReLU reads, and nothing else reads that. */
    private boolean followsItsLayer(Step.Relu step) {
        return onlyReaderOf(step.from()).isPresent() && makerOf(step.from()).filter(Step.Linear.class::isInstance)
                .isPresent();
    }

    private boolean isBetweenDense(Step.Relu step) {
        return followsItsLayer(step) && makerOf(step.from()).flatMap(TrainingPass::dense).isPresent()
                && onlyReaderOf(step.to()).flatMap(TrainingPass::dense).isPresent();
    }

    // ---- stages ----------------------------------------------------------------------------------------------------

    /** A step in both directions. */
    private interface Stage {

        void forward(StepRows rows);

        /** From the gradient of the value that the step makes to those of the values that it reads. */
        void backward(StepRows rows);
    }

    /** Makes stages. */
    private final class Maker implements Step.Visitor<Stage> {

        private final DeviceMemory memory;
        private final Plan gradient;
        private final int number;
        private final Supplier<Penalty> penalties;

        Maker(DeviceMemory memory, Plan gradient, int number, Supplier<Penalty> penalties) {
            this.memory = memory;
            this.gradient = gradient;
            this.number = number;
            this.penalties = penalties;
        }

        @Override
        public Stage linear(Step.Linear step) {
            LinearOperator target = ((Step.Linear) gradient.steps().get(number)).operator();
            Optional<ReluStage> below = makerOf(step.from()).map(maker -> stages.get(plan.steps().indexOf(maker)))
                    .filter(ReluStage.class::isInstance).map(ReluStage.class::cast).filter(stage -> stage.betweenDense);
            return new LinearStage(number, step, layer(step, target), below);
        }

        private Layer layer(Step.Linear step, LinearOperator target) {
            boolean last = step.to() == values.length - 1;
            if (step.operator().dense().isPresent()) {
                return new DenseLayer(backend.trainingOperations(), IntervalLayer.allocate(memory,
                        step.operator().dense().get(), target.dense().orElseThrow(), last ? spread : Spread.OUTPUTS));
            }
            return step.operator().learned().<Layer>map(operator ->
                            LearnedLayer.of(backend, memory, operator, target.learned().orElseThrow()))
                    .orElseGet(() -> new OperatorLayer(backend, step.operator(), step.operator().magnitudes(memory)));
        }

        @Override
        public Stage relu(Step.Relu step) {
            ReluStage stage = new ReluStage(step, penalties.get(), followsItsLayer(step), isBetweenDense(step));
            if (stage.withLayer) {
                Step maker = makerOf(step.from()).orElseThrow();
                ((LinearStage) stages.get(plan.steps().indexOf(maker))).above = Optional.of(stage);
            }
            return stage;
        }

        @Override
        public Stage sum(Step.Sum step) {
            return new SumStage(step);
        }

        @Override
        public Stage activation(Step.Activation step) {
            throw untrained(step.function().words());
        }

        @Override
        public Stage maxPool(Step.MaxPool step) {
            throw untrained("maximum pooling");
        }

        private UnsupportedOperationException untrained(String what) {
            return new UnsupportedOperationException("the network has " + what + ", through which nothing is trained yet");
        }
    }

    private final class LinearStage implements Stage {

        private final int number;
        private final Step.Linear step;
        private final Layer layer;
        /** The ReLU below, where it goes back with this layer. */
        private final Optional<ReluStage> below;
        /** The ReLU behind, where it is done with this layer. */
        private Optional<ReluStage> above = Optional.empty();

        LinearStage(int number, Step.Linear step, Layer layer, Optional<ReluStage> below) {
            this.number = number;
            this.step = step;
            this.layer = layer;
            this.below = below;
        }

        @Override
        public void forward(StepRows rows) {
            BoxRows x = values[step.from()].rows(rows);
            if (above.isPresent()) {
                layer.forward(x, above.get().hidden(rows, above.get().betweenDense));
            } else {
                layer.forward(x, values[step.to()].rows(rows));
            }
        }

        @Override
        public void backward(StepRows rows) {
            BoxRows gradient = gradients.of(step.to()).rows(rows);
            if (below.isPresent()) {
                Step.Relu between = below.get().step;
                gradients.give(number, between.from(), rows, target ->
                        ((DenseLayer) layer).backward(below.get().hidden(rows, true), gradient, target));
                return;
            }
            layer.parameterGradient(values[step.from()].rows(rows), gradient);
            gradients.give(number, step.from(), rows, target -> layer.inputGradient(gradient, target));
        }
    }

    private final class ReluStage implements Stage {

        private final Step.Relu step;
        private final Penalty penalty;
        private final boolean withLayer;
        private final boolean betweenDense;

        ReluStage(Step.Relu step, Penalty penalty, boolean withLayer, boolean betweenDense) {
            this.step = step;
            this.penalty = penalty;
            this.withLayer = withLayer;
            this.betweenDense = betweenDense;
        }

        Hidden hidden(StepRows rows, boolean penalised) {
            return new Hidden(values[step.from()].rows(rows), values[step.to()].rows(rows),
                    penalised && rows.regularised() ? Optional.of(penalty) : Optional.empty());
        }

        @Override
        public void forward(StepRows rows) {
            if (!withLayer) {
                relu.forward(hidden(rows, false));
            }
        }

        @Override
        public void backward(StepRows rows) {
            if (!betweenDense) {
                relu.backward(hidden(rows, true), gradients.of(step.to()).rows(rows));
                gradients.pass(step.to(), step.from(), rows);
            }
        }
    }

    private final class SumStage implements Stage {

        private final Step.Sum step;

        SumStage(Step.Sum step) {
            this.step = step;
        }

        @Override
        public void forward(StepRows rows) {
            Signal to = values[step.to()];
            backend.elementwise().add(values[step.first()].all(rows), values[step.second()].all(rows), to.elements(rows),
                    to.all(rows));
        }

        @Override
        public void backward(StepRows rows) {
            gradients.pass(step.to(), step.second(), rows);
            gradients.pass(step.to(), step.first(), rows); // in place, where it can be
        }
    }
}
