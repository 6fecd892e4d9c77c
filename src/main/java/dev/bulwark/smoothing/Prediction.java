package dev.bulwark.smoothing;

import dev.bulwark.stats.BinomialTest;

/** What PREDICT answers at one input (Cohen et al. 2019, section 3.2.1). */
public sealed interface Prediction {

    /** With probability at least 1 - alpha, this is g's class. */
    record Label(int label) implements Prediction {}

    /** The two leading classes have too similar counts. */
    record Abstain() implements Prediction {}

    /**
     * The leading class, unless its lead over the second may be a fair coin's: exact two-sided test at level alpha.
     *
     * @param counts votes for each class
     * @param alpha  probability that a label is wrong
     */
    static Prediction of(int[] counts, double alpha) {
        int top = Votes.top(counts);
        long first = counts[top];
        double p = BinomialTest.twoSided(first, first + Votes.runnerUpCount(counts));
        return p <= alpha ? new Label(top) : new Abstain();
    }
}
