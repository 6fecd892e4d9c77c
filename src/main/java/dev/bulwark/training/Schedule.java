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
     * @param rows         images in the batch
     * @param copies       noisy copies of each
     * @param epsilon      radius of the boxes
     * @param kappa        weight of the natural loss; 1 where the boxes are points
     * @param regulariser  weight of the regularisers, for all layers together
     * @param learningRate the step's length
     * @param correction1  {@code 1 - beta1^t}
     * @param correction2  {@code 1 - beta2^t}
     */
    record Step(int rows, int copies, double epsilon, double kappa, double regulariser, double learningRate,
                double correction1, double correction2) {

        /** Which rows the step's loss needs. */
        Rows needs() {
            boolean regularised = epsilon > 0 && regulariser > 0;
            return new Rows(rows, copies, kappa > 0, kappa < 1 || regularised, regularised);
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
        return new Step(rows, objective.copies(), epsilon,
                epsilon > 0 ? objective.kappaAt(now) : 1,
                objective.regulariserAt(now),
                recipe.optimisation().learningRate().at(now, recipe.passes().epochs()),
                1 - Math.pow(recipe.optimisation().optimiser().momentum(), t),
                1 - Math.pow(ParameterUpdate.BETA2, t));
    }
}
