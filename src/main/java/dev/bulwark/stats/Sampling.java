package dev.bulwark.stats;

/** How it is decided when to stop drawing samples, and the lower confidence bound that is valid for it. */
public enum Sampling {

    /** After a number of samples that is fixed beforehand: the bound of Clopper and Pearson. */
    FIXED {
        @Override
        public double lower(long count, long samples, double alpha) {
            return BinomialBound.lower(count, samples, alpha);
        }
    },

    /** When the samples so far say enough, by whatever rule: a bound that is valid at every number of samples. */
    SEQUENTIAL {
        @Override
        public double lower(long count, long samples, double alpha) {
            return SequentialBound.lower(count, samples, alpha);
        }
    };

    /**
     * With probability at least 1 - alpha, no more than the success probability.
     *
     * @param count   successes
     * @param samples trials when sampling stopped
     * @param alpha   probability that the bound is false
     */
    public abstract double lower(long count, long samples, double alpha);
}
