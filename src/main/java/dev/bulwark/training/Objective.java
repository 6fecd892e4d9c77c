package dev.bulwark.training;

/**
 * What training minimises:
 * {@code kappa CE(logits(x + sigma z), y) + (1 - kappa) CE(worst-case logits of the box x +- epsilon, y)}. An
 * {@link Adversary} moves one of the two.
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

    /** The same over a run of {@code factor} times the length. */
    default Objective stretched(double factor) {
        return this;
    }

    /** The attack on the network in training. */
    default Adversary adversary() {
        return Adversary.none();
    }

    /**
     * Cross-entropy on images with fresh Gaussian noise: the base classifier of randomized smoothing (Cohen et al. 2019,
     * section 3.3; Lecuyer et al. 2019). With several copies of each image, the network is to answer alike for them: the
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
     * @param epsilon     radius that is to be certified, in input units, L-infinity
     * @param rise        the radius trained for, over the run
     * @param kappa       the weight of the natural loss, over the run
     * @param elided      whether the last layer is elided: worst-case logit differences instead of logits
     * @param regulariser lambda0 of the regularisers, which fade as {@code 1 - radius/largest radius}; 0 for none
     * @param adversary   the attack on the network in training
     */
    record IntervalBounds(double epsilon, Rise rise, Kappa kappa, boolean elided, double regulariser, Adversary adversary)
            implements Objective {

        public IntervalBounds {
            Checks.positive("epsilon", epsilon);
            Checks.named("rise of the radius", rise);
            Checks.named("kappa", kappa);
            Checks.atLeast(0, "regulariser", regulariser);
            Checks.named("adversary", adversary);
        }

        /**
         * How the radius trained for rises from 0.
         *
         * @param factor       its end / epsilon; a little above 1 certifies more at epsilon
         * @param warmUpEpochs epochs at radius 0
         * @param epochs       length of the rise that follows
         * @param ramp         shape of the rise
         */
        public record Rise(double factor, double warmUpEpochs, double epochs, Ramp ramp) {

            public Rise {
                Checks.positive("training factor", factor);
                Checks.atLeast(0, "warm-up epochs", warmUpEpochs);
                Checks.atLeast(0, "ramp epochs", epochs);
                Checks.named("ramp", ramp);
            }

            /** The share of the way that is done at {@code epoch}, 0 to 1. */
            double at(double epoch) {
                return ramp.at(epoch, warmUpEpochs, epochs);
            }
        }

        /**
         * How the weight of the natural loss goes from one value to another, linearly.
         *
         * @param start weight up to {@code from}
         * @param end   weight from {@code to} on
         * @param from  epoch at which the weight leaves its start
         * @param to    epoch at which it reaches its end
         */
        public record Kappa(double start, double end, double from, double to) {

            public Kappa {
                Checks.inUnitInterval("kappa at the start", start);
                Checks.inUnitInterval("kappa at the end", end);
                Checks.atLeast(0, "first epoch of kappa's change", from);
                Checks.atLeast(from, "last epoch of kappa's change", to);
            }

            double at(double epoch) {
                return start + (end - start) * Ramp.LINEAR.at(epoch, from, to - from);
            }
        }

        /** The worst case at epsilon alone, from the first step on, with the last layer elided and no regularisers. */
        public static IntervalBounds of(double epsilon) {
            return new IntervalBounds(epsilon, new Rise(1, 0, 0, Ramp.LINEAR), new Kappa(0, 0, 0, 0), true, 0,
                    Adversary.none());
        }

        /** With a radius that rises, while the natural loss gives way to the worst case's: kappa goes from 1 to 0. */
        public IntervalBounds rising(Rise other) {
            double start = other.warmUpEpochs;
            return new IntervalBounds(epsilon, other, new Kappa(1, 0, start, start + other.epochs), elided, regulariser,
                    adversary);
        }

        public IntervalBounds withKappa(Kappa other) {
            return new IntervalBounds(epsilon, rise, other, elided, regulariser, adversary);
        }

        public IntervalBounds withFinalKappa(double other) {
            return withKappa(new Kappa(kappa.start, other, kappa.from, kappa.to));
        }

        /** With worst-case logits, each on its own. */
        public IntervalBounds withoutElision() {
            return new IntervalBounds(epsilon, rise, kappa, false, regulariser, adversary);
        }

        public IntervalBounds withRegulariser(double lambda) {
            return new IntervalBounds(epsilon, rise, kappa, elided, lambda, adversary);
        }

        public IntervalBounds withAdversary(Adversary other) {
            return new IntervalBounds(epsilon, rise, kappa, elided, regulariser, other);
        }

        /** With another radius to train for at the end of the rise, over the one to certify. */
        public IntervalBounds withFactor(double other) {
            return new IntervalBounds(epsilon, new Rise(other, rise.warmUpEpochs, rise.epochs, rise.ramp), kappa, elided,
                    regulariser, adversary);
        }

        @Override
        public IntervalBounds stretched(double by) {
            return new IntervalBounds(epsilon, new Rise(rise.factor, by * rise.warmUpEpochs, by * rise.epochs, rise.ramp),
                    new Kappa(kappa.start, kappa.end, by * kappa.from, by * kappa.to), elided, regulariser, adversary);
        }

        @Override
        public double sigma() {
            return 0;
        }

        @Override
        public double epsilonAt(double epoch) {
            return epsilon * rise.factor * rise.at(epoch);
        }

        @Override
        public double kappaAt(double epoch) {
            return kappa.at(epoch);
        }

        @Override
        public double regulariserAt(double epoch) {
            return regulariser * (1 - rise.at(epoch));
        }
    }
}
