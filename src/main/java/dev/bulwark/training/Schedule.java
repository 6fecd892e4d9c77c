package dev.bulwark.training;

/** A recipe's values at each step of the run, counted from 0 through all epochs. */
final class Schedule {

    private static final double ADAM_BETA2 = ParameterUpdate.BETA2;

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
     * @param epsilon      radius of the boxes
     * @param kappa        weight of the natural loss; 1 where the boxes are points
     * @param regulariser  weight of the regularisers, for all layers together
     * @param learningRate the step's length
     * @param correction1  {@code 1 - beta1^t}
     * @param correction2  {@code 1 - beta2^t}
     */
    record Step(int rows, double epsilon, double kappa, double regulariser, double learningRate,
                double correction1, double correction2) {

        /** Which rows the step's loss needs. */
        Rows needs() {
            boolean box = epsilon > 0 && (kappa < 1 || regulariser > 0);
            return new Rows(rows, kappa > 0, box);
        }
    }

    /** An epoch's last step takes what is left. */
    int stepsPerEpoch() {
        return (images + recipe.batch() - 1) / recipe.batch();
    }

    /** Images in step {@code step} of an epoch. */
    int rows(int step) {
        return Math.min(recipe.batch(), images - step * recipe.batch());
    }

    Step at(int epoch, int step) {
        double now = epoch + (double) step / stepsPerEpoch();
        Objective objective = recipe.objective();
        double epsilon = objective.epsilonAt(now);
        double t = (double) epoch * stepsPerEpoch() + step + 1;
        return new Step(rows(step), epsilon,
                epsilon > 0 ? objective.kappaAt(now) : 1,
                objective.regulariserAt(now),
                recipe.learningRate().at(now, recipe.epochs()),
                1 - Math.pow(recipe.optimiser().momentum(), t),
                1 - Math.pow(ADAM_BETA2, t));
    }
}
