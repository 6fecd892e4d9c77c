package dev.bulwark.training;

import dev.bulwark.files.Sha256;

/**
 * Everything that decides what a training run computes, apart from the data. {@link Preset} holds the named ones.
 *
 * @param architecture the network's layers
 * @param passes       how the images are presented
 * @param optimisation how parameters start and move
 * @param objective    what is minimised
 * @param seed         keys the initial weights, the order of the images, their augmentation and the noise on them
 */
public record Recipe(Architecture architecture, Passes passes, Optimisation optimisation, Objective objective, long seed) {

    public Recipe {
        Checks.named("architecture", architecture);
        Checks.named("passes", passes);
        Checks.named("optimisation", optimisation);
        Checks.below(passes.epochs, "warm-up of the learning rate", optimisation.learningRate.warmUpEpochs());
        Checks.named("objective", objective);
    }

    /**
     * How the images are presented.
     *
     * @param epochs       passes over the training images
     * @param batch        images in one step; an epoch's last step takes what is left
     * @param augmentation how images are changed before every step
     */
    public record Passes(int epochs, int batch, Augmentation augmentation) {

        public Passes {
            Checks.atLeast(1, "epochs", epochs);
            Checks.atLeast(1, "batch", batch);
            Checks.named("augmentation", augmentation);
        }
    }

    /**
     * How parameters start and move.
     *
     * @param initialisation where training starts
     * @param optimiser      how a gradient becomes a step
     * @param learningRate   the step's length over the run
     * @param averaging      decay of the exponential average of the parameters that becomes the network; 0 takes the last
     *                       ones
     */
    public record Optimisation(Initialisation initialisation, Optimiser optimiser, LearningRate learningRate,
                               double averaging) {

        public Optimisation {
            Checks.named("initialisation", initialisation);
            Checks.named("optimiser", optimiser);
            Checks.named("learning rate", learningRate);
            Checks.inUnitInterval("averaging", averaging);
            Checks.below(1, "averaging", averaging);
        }
    }

    /** A recipe to be described by name; architecture, epochs and learning rate have no default. */
    public static Builder minimising(Objective objective) {
        return new Builder(objective);
    }

    /** This recipe with other values, by name. */
    public Builder but() {
        return new Builder(objective).architecture(architecture).epochs(passes.epochs).batch(passes.batch)
                .augmentation(passes.augmentation).initialisation(optimisation.initialisation)
                .optimiser(optimisation.optimiser).learningRate(optimisation.learningRate).averaging(optimisation.averaging)
                .seed(seed);
    }

    public Recipe withSeed(long other) {
        return but().seed(other).build();
    }

    /**
     * With another weight of the natural loss at the end of its change: more of it keeps more clean accuracy, and certifies
     * less.
     *
     * @throws IllegalArgumentException if the objective has no bounds, or the weight does not lie in [0, 1]
     */
    public Recipe withFinalKappa(double kappa) {
        if (!(objective instanceof Objective.IntervalBounds bounds)) {
            throw new IllegalArgumentException("a final kappa is for training with bounds, not for " + objective);
        }
        return but().objective(bounds.withFinalKappa(kappa)).build();
    }

    /**
     * The same recipe over {@code epochs} epochs: all of its schedules are drawn out or compressed.
     *
     * @throws IllegalArgumentException if there are too few epochs for the milestones of the learning rate
     */
    public Recipe stretched(int epochs) {
        double factor = (double) epochs / passes.epochs;
        return but().epochs(epochs).objective(objective.stretched(factor))
                .learningRate(optimisation.learningRate.stretched(factor)).build();
    }

    /** With another weight of the weights' L1 norm in the loss. */
    public Recipe withL1(double weight) {
        return but().optimiser(optimisation.optimiser.withL1(weight)).build();
    }

    /** Hexadecimal SHA-256 over every field: equal recipes, and only those, agree. */
    public String digest() {
        return Sha256.of(toString());
    }

    /** Collects a recipe's values by name. What is not named has the default that stands here. */
    public static final class Builder {

        private Objective objective;
        private Architecture architecture;
        private int epochs;
        private int batch = 128;
        private Augmentation augmentation = Augmentation.NONE;
        private Initialisation initialisation = Initialisation.KAIMING_UNIFORM;
        private Optimiser optimiser = Optimiser.adam();
        private LearningRate learningRate;
        private double averaging;
        private long seed;

        private Builder(Objective objective) {
            this.objective = objective;
        }

        public Builder objective(Objective other) {
            objective = other;
            return this;
        }

        public Builder architecture(Architecture other) {
            architecture = other;
            return this;
        }

        public Builder epochs(int count) {
            epochs = count;
            return this;
        }

        public Builder batch(int images) {
            batch = images;
            return this;
        }

        public Builder augmentation(Augmentation other) {
            augmentation = other;
            return this;
        }

        public Builder initialisation(Initialisation other) {
            initialisation = other;
            return this;
        }

        public Builder optimiser(Optimiser other) {
            optimiser = other;
            return this;
        }

        public Builder learningRate(LearningRate other) {
            learningRate = other;
            return this;
        }

        public Builder averaging(double decay) {
            averaging = decay;
            return this;
        }

        public Builder seed(long other) {
            seed = other;
            return this;
        }

        /** @throws IllegalArgumentException naming what is missing or out of its range */
        public Recipe build() {
            return new Recipe(architecture, new Passes(epochs, batch, augmentation),
                    new Optimisation(initialisation, optimiser, learningRate, averaging), objective, seed);
        }
    }
}
