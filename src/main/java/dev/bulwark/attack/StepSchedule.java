package dev.bulwark.attack;

import java.util.Arrays;

/**
 * When and where auto-PGD halves its steps (Croce and Hein 2020, section 3): at checkpoints w_j = p_j N of N iterations, with
 * p_0 = 0, p_1 = 0.22 and p_(j+1) = p_j + max(p_j - p_(j-1) - 0.03, 0.06), a row halves its step and goes back to its best point
 * where at most three quarters of the steps since the last checkpoint raised its loss, or where neither its step nor its best
 * loss has changed since then.
 */
final class StepSchedule {

    private static final double FIRST = 0.22;
    private static final double SHORTENING = 0.03;
    private static final double LEAST = 0.06;
    private static final double RISING = 0.75;

    private final int iterations;
    private float[] lengths;
    private float[] bestBefore;
    private boolean[] halvedBefore;

    /** @param bestLosses {@code [rows]}, before the first step */
    StepSchedule(int iterations, float length, float[] bestLosses) {
        this.iterations = iterations;
        this.lengths = new float[bestLosses.length];
        Arrays.fill(lengths, length);
        this.bestBefore = bestLosses.clone();
        this.halvedBefore = new boolean[bestLosses.length];
        Arrays.fill(halvedBefore, true);
    }

    private static int part(double share, int iterations) {
        return Math.max(1, (int) (share * iterations));
    }

    /** Iterations up to the first checkpoint. */
    int firstInterval() {
        return part(FIRST, iterations);
    }

    /** Iterations to the next checkpoint behind one that ended an interval. */
    int after(int interval) {
        return Math.max(interval - part(SHORTENING, iterations), part(LEAST, iterations));
    }

    float[] lengths() {
        return lengths.clone();
    }

    /**
     * At a checkpoint.
     *
     * @param interval  steps since the last one
     * @param increases steps of these that raised each row's loss
     * @param best      each row's best loss so far
     * @return 1 for each row that halves its step, else 0
     */
    int[] adapt(int interval, int[] increases, float[] best) {
        int[] halved = new int[best.length];
        for (int n = 0; n < best.length; ++n) {
            boolean stuck = !halvedBefore[n] && bestBefore[n] >= best[n];
            halved[n] = increases[n] <= RISING * interval || stuck ? 1 : 0;
            halvedBefore[n] = halved[n] == 1;
            lengths[n] = halvedBefore[n] ? lengths[n] / 2 : lengths[n];
        }
        bestBefore = best.clone();
        return halved;
    }

    /** Goes on with some rows alone. */
    void keep(int[] rows) {
        float[] length = new float[rows.length];
        float[] best = new float[rows.length];
        boolean[] halved = new boolean[rows.length];
        for (int k = 0; k < rows.length; ++k) {
            length[k] = lengths[rows[k]];
            best[k] = bestBefore[rows[k]];
            halved[k] = halvedBefore[rows[k]];
        }
        lengths = length;
        bestBefore = best;
        halvedBefore = halved;
    }
}
