package dev.bulwark.stats;

/** The exact binomial test of a fair coin: PREDICT's abstention rule (Cohen et al. 2019, section 3.2.1). */
public final class BinomialTest {

    private BinomialTest() {
    }

    /**
     * Two-sided p-value of {@code successes} under probability 1/2, never below the exact one: rounding can make
     * PREDICT abstain, not answer. The distribution is symmetric, so both tails weigh the same; counts in the middle give 1.
     *
     * @param successes in [0, trials]
     * @param trials    0 to 2^31 - 1
     */
    public static double twoSided(long successes, long trials) {
        if (trials < 0 || trials > BinomialTail.MAX_SAMPLES) {
            throw new IllegalArgumentException("trials must lie in [0, " + BinomialTail.MAX_SAMPLES + "]: " + trials);
        }
        if (successes < 0 || successes > trials) {
            throw new IllegalArgumentException("successes must lie in [0, trials]: " + successes + " of " + trials);
        }
        long larger = Math.max(successes, trials - successes);
        if (2 * larger <= trials + 1) {
            return 1;
        }
        if (larger == trials) {
            return Math.max(Math.scalb(1.0, (int) (1 - trials)), Double.MIN_VALUE);
        }
        double tail = Math.nextUp(StrictMath.exp(BinomialTail.of(larger, trials, 0.5).logUpper()));
        return Math.min(1, 2 * tail);
    }
}
