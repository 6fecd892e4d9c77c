package dev.bulwark.training;

/**
 * What training minimises:
 * {@code kappa CE(logits(x + sigma z), y) + (1 - kappa) CE(worst-case logits of the box x +- epsilon, y)}.
 *
 * <p>Epochs are real numbers that grow with every step, 0 at the first.
 */
public sealed interface Objective {

    /** Standard deviation of the Gaussian noise on the images of the natural loss; 0 for none. */
    double sigma();

    /** Noisy copies of each image in a step; 1 without noise. */
    default int copies() {
        return 1;
    }

    /** Weight lambda of the copies' disagreement, beside their cross-entropy; 0 for none. */
    default double consistency() {
        return 0;
    }

    /** Weight eta of the entropy of the copies' mean; 0 for none. */
    default double entropy() {
        return 0;
    }

    /** Radius of the box at {@code epoch}; 0 for none. */
    double epsilonAt(double epoch);

    /** Weight of the natural loss at {@code epoch}. */
    double kappaAt(double epoch);

    /** Weight of the regularisers at {@code epoch}; 0 for none. */
    double regulariserAt(double epoch);

    /** Whether worst cases are taken over logit differences, with the last layer elided. */
    boolean elided();

    /**
     * Cross-entropy on images with fresh Gaussian noise: the base classifier of randomized smoothing (Cohen et al. 2019,
     * section 3.3; Lecuyer et al. 2019). With several copies of each image, the network shall think the same of them: the
     * loss gains {@code lambda mean KL(F || F_i) + eta H(F)}, F_i the softmax at copy i and F the mean of them (Jeong and
     * Shin 2020, "Consistency regularization for certified robustness of smoothed classifiers").
     *
     * @param sigma       standard deviation, in input units
     * @param copies      noisy copies of each image in a step; the authors take 2
     * @param consistency weight lambda; the authors take 5 to 20
     * @param entropy     weight eta; the authors take 0.5
     */
    record GaussianAugmentation(double sigma, int copies, double consistency, double entropy) implements Objective {

        public GaussianAugmentation {
            Checks.positive("sigma", sigma);
            Checks.atLeast(1, "copies", copies);
            Checks.atLeast(0, "weight of consistency", consistency);
            Checks.atLeast(0, "weight of entropy", entropy);
            if (copies == 1 && (consistency > 0 || entropy > 0)) {
                throw new IllegalArgumentException("one copy has nothing to agree with: the weights of consistency and "
                        + "entropy must be 0, not " + consistency + " and " + entropy);
            }
        }

        /** One noisy copy of each image in a step. */
        public GaussianAugmentation(double sigma) {
            this(sigma, 1, 0, 0);
        }

        @Override
        public double epsilonAt(double epoch) {
            return 0;
        }

        @Override
        public double kappaAt(double epoch) {
            return 1;
        }

        @Override
        public double regulariserAt(double epoch) {
            return 0;
        }

        @Override
        public boolean elided() {
            return false;
        }
    }

    /**
     * Interval bound propagation (Gowal et al. 2019, section 3), with the regularisers of Shi et al. 2021 on request.
     *
     * @param epsilon        radius that is to be certified, in input units, L-infinity
     * @param trainingFactor radius trained for / epsilon; a little above 1 certifies more at epsilon
     * @param warmUpEpochs   epochs at radius 0
     * @param rampEpochs     length of the rise that follows
     * @param ramp           shape of the rise
     * @param kappaStart     weight of the natural loss up to {@code kappaFrom}
     * @param kappaEnd       weight of the natural loss from {@code kappaTo} on
     * @param kappaFrom      epoch at which the weight leaves its start, linearly
     * @param kappaTo        epoch at which it reaches its end
     * @param elided         whether the last layer is elided: worst-case logit differences instead of logits
     * @param regulariser    lambda0 of the regularisers, which fade as {@code 1 - radius/largest radius}; 0 for none
     */
    record IntervalBounds(double epsilon, double trainingFactor, double warmUpEpochs, double rampEpochs, Ramp ramp,
                          double kappaStart, double kappaEnd, double kappaFrom, double kappaTo,
                          boolean elided, double regulariser) implements Objective {

        public IntervalBounds {
            Checks.positive("epsilon", epsilon);
            Checks.positive("training factor", trainingFactor);
            Checks.atLeast(0, "warm-up epochs", warmUpEpochs);
            Checks.atLeast(0, "ramp epochs", rampEpochs);
            Checks.named("ramp", ramp);
            Checks.inUnitInterval("kappa at the start", kappaStart);
            Checks.inUnitInterval("kappa at the end", kappaEnd);
            Checks.atLeast(0, "first epoch of kappa's change", kappaFrom);
            Checks.atLeast(kappaFrom, "last epoch of kappa's change", kappaTo);
            Checks.atLeast(0, "regulariser", regulariser);
        }

        public IntervalBounds withFinalKappa(double other) {
            return new IntervalBounds(epsilon, trainingFactor, warmUpEpochs, rampEpochs, ramp, kappaStart, other, kappaFrom,
                    kappaTo, elided, regulariser);
        }

        @Override
        public double sigma() {
            return 0;
        }

        @Override
        public double epsilonAt(double epoch) {
            return epsilon * trainingFactor * ramp.at(epoch, warmUpEpochs, rampEpochs);
        }

        @Override
        public double kappaAt(double epoch) {
            return kappaStart + (kappaEnd - kappaStart) * Ramp.LINEAR.at(epoch, kappaFrom, kappaTo - kappaFrom);
        }

        @Override
        public double regulariserAt(double epoch) {
            return regulariser * (1 - ramp.at(epoch, warmUpEpochs, rampEpochs));
        }
    }
}
