package dev.bulwark.training;

import java.util.List;
import java.util.stream.IntStream;

/** A recipe's values at each step of the run, counted from 0 through all epochs. */
final class Schedule {

    private final Recipe recipe;
    private final int images;

    Schedule(Recipe recipe, int images) {
        this.recipe = recipe;
        this.images = images;
    }

    /**
     * What one step reads.
     *
     * @param rows        images in the batch
     * @param copies      noisy copies of each
     * @param settings    radius of the boxes, weight of the natural loss (1 where the boxes are points), the step's length
     * @param regulariser weight of the regularisers, for all layers together
     * @param moments     Adam's corrections
     */
    record Step(int rows, int copies, Progress.Settings settings, double regulariser, Moments moments) {

        /**
         * What Adam's moments are divided by, since they start at 0.
         *
         * @param first  {@code 1 - beta1^t}
         * @param second {@code 1 - beta2^t}
         */
        record Moments(double first, double second) {}

        /** Which rows the step's loss needs. */
        StepRows needs() {
            double kappa = settings.kappa();
            boolean regularised = settings.epsilon() > 0 && regulariser > 0;
            return new StepRows(rows, copies, kappa > 0, kappa < 1 || regularised, regularised);
        }
    }

    /** An epoch's last step takes what is left. */
    int stepsPerEpoch() {
        return (images + recipe.passes().batch() - 1) / recipe.passes().batch();
    }

    /** All steps of {@code epoch}, counted from 0. */
    List<Step> epoch(int epoch) {
        return IntStream.range(0, stepsPerEpoch()).mapToObj(step -> at(epoch, step)).toList();
    }

    private Step at(int epoch, int step) {
        int rows = Math.min(recipe.passes().batch(), images - step * recipe.passes().batch());
        double now = epoch + (double) step / stepsPerEpoch();
        Objective objective = recipe.objective();
        double epsilon = objective.epsilonAt(now);
        double t = (double) epoch * stepsPerEpoch() + step + 1;
        Progress.Settings settings = new Progress.Settings(epsilon, epsilon > 0 ? objective.kappaAt(now) : 1,
                recipe.optimisation().learningRate().at(now, recipe.passes().epochs()));
        return new Step(rows, objective.copies(), settings, objective.regulariserAt(now), new Step.Moments(
                1 - Math.pow(recipe.optimisation().optimiser().momentum(), t), 1 - Math.pow(ParameterUpdate.BETA2, t)));
    }
}
